//! One log line per transition: noted inside a transaction, written to the log after its commit. Each carries a field
//! `milestone` with a fixed name; those of an order also its correlation id.
//!
//! Invariant: the log tells only what is on disk. Never here: SQL, or a decision.

use std::cell::RefCell;

/// A transition that was noted by a write.
#[derive(Debug)]
pub(super) struct Milestone {
    name: String,
    about: About,
}

/// What a transition is about; these become the fields of its line.
#[derive(Debug, Default)]
pub(super) struct About {
    pub(super) order: Option<String>,
    pub(super) job: Option<String>,
    pub(super) correlation: Option<String>,
    pub(super) event: Option<&'static str>,
    pub(super) text: String,
}

thread_local! {
    /// What the write on this thread has noted: the writer thread runs one write at a time.
    static NOTED: RefCell<Vec<Milestone>> = const { RefCell::new(Vec::new()) };
}

/// Notes a transition of the write that runs on this thread. Names are fixed: logs are searched by them.
pub(super) fn note(name: &str, about: About) {
    NOTED.with_borrow_mut(|noted| noted.push(Milestone { name: name.to_owned(), about }));
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
    for Milestone { name, about } in noted {
        let About { order, job, correlation, event, text } = about;
        tracing::info!(
            milestone = name,
            order.id = order,
            job.id = job,
            correlation,
            event.kind = event,
            "{text}"
        );
    }
}
