//! Who may start what, and what each side does after it lost its memory (sync rules I2, I5, I6, I9, I10).
//!
//! Pure: the agent's ledger and the hub's store call these inside their transactions. Incarnations are
//! compared here and nowhere else.

pub mod accept;
pub mod cursor;
pub mod quarantine;
pub mod right;
