//! Which job goes on which printer now, and why the others do not.
//!
//! [`matching`], [`guards`] and [`reasons`] are pure: a snapshot in, candidates or reasons out. [`task`] is the
//! small loop that performs what they allow. Nothing starts anywhere else.

pub mod guards;
pub mod matching;
pub mod reasons;
pub mod summary;
pub mod task;
#[cfg(test)]
mod tests;

pub use reasons::Reason;
pub use task::Scheduler;
