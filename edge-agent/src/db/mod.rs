//! SQLite: connections, pragmas checked at open, one writer thread with group commit. No domain words here.

mod keep;
mod open;
#[cfg(test)]
mod tests;
mod writer;

pub use keep::{KeepError, Salvaged, check, copy, salvage};
pub use open::{OpenError, open, open_reader};
pub use writer::{WriteError, Writer};
