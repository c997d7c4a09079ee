//! One log line per transition: noted inside a transaction, written to the log after its commit. Each carries a field
//! `milestone` with a fixed name, the event's own where there is one.
//!
//! Invariant: the log tells only what is on disk. Never here: SQL, or a decision.

use std::cell::RefCell;

use protocol::ids::JobId;

/// A transition that was noted by a write.
#[derive(Debug)]
pub(super) struct Milestone {
    name: &'static str,
    job: Option<JobId>,
    text: String,
}

thread_local! {
    /// What the write on this thread has noted: the writer thread runs one write at a time.
    static NOTED: RefCell<Vec<Milestone>> = const { RefCell::new(Vec::new()) };
}

/// Notes a transition of the write that runs on this thread. `name` is fixed: logs are searched by it.
pub(super) fn note(name: &'static str, job: Option<JobId>, text: String) {
    NOTED.with_borrow_mut(|noted| noted.push(Milestone { name, job, text }));
}

/// Runs one write and gives what it noted with its result.
pub(super) fn during<T>(work: impl FnOnce() -> T) -> (T, Vec<Milestone>) {
    // A write that stopped on a broken assertion may have left its notes here.
    NOTED.take();
    let result = work();
    (result, NOTED.take())
}

/// Writes the lines of a write that is committed.
pub(super) fn log(noted: Vec<Milestone>) {
    for Milestone { name, job, text } in noted {
        let job = job.map(tracing::field::display);
        tracing::info!(milestone = name, job.id = job, "{text}");
    }
}
