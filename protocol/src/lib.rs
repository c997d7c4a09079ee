//! Shared vocabulary of the agent and the hub: ids, state machines, wire messages, grid specification.
//!
//! Sans-IO: this crate never opens a file or socket, never reads a clock, and never makes an id or a
//! random number of its own; all of that comes in as arguments. The same transition functions run in the
//! agent, in the hub and in the model checker.
//!
//! Reading order: [`ids`] and [`units`], then the machines [`attempt`], [`bed`], [`assignment`], [`job`],
//! [`order`], then [`sync`] (who may do what after crashes and restores) and [`wire`] (what is sent).
//!
//! Invariants, and the file that keeps each:
//! * I1 a job is physically started at most once unless a person accepted the risk: `attempt/transition.rs`, `assignment/transition.rs`
//! * I2 a start needs a claim of the current epoch, bound to agent and incarnation: `sync/right.rs`
//! * I3 only queued or reserved jobs go to someone else without the agent's word: `job/transition.rs`
//! * I4 an event of a stale epoch never changes a job: `job/transition.rs`
//! * I5 events are acknowledged in order, each once: `sync/cursor.rs`
//! * I6 a sequence number is never used twice within an incarnation: `sync/cursor.rs`
//! * I7 an answer to an abandoned request is dropped: request and response carry no other state
//! * I8 critical events are never dropped; a gap is itself an event: `wire/v1/event.rs`
//! * I9 after a hub restore nothing is handed out until every agent has resynced: `sync/quarantine.rs`
//! * I10 an agent whose incarnation a restored hub does not know waits for a person: `sync/quarantine.rs`

pub mod assignment;
pub mod attempt;
pub mod bed;
pub mod grid;
pub mod ids;
pub mod job;
pub mod order;
pub mod sync;

#[cfg(test)]
mod tests_support;
pub mod units;
pub mod wire;
