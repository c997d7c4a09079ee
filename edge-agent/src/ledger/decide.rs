//! A person decides an Unknown: recorded with name and reason, applied by the transition function.

use protocol::{
    attempt::{Answer, Attempt, Event},
    bed::{Cause, Confirmation, ConfirmedBy},
    ids::AttemptNo,
    units::StateVersion,
    wire::v1::EventKind,
};

use super::{Ledger, LedgerError, bed as beds, journal, outcome, printers, view};

/// A person's answer to "did it start?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which attempt.
    pub attempt: AttemptNo,
    /// What they saw.
    pub answer: Answer,
    /// Why they are sure, in their words; may be empty.
    pub reason: String,
    /// Who.
    pub by: String,
    /// The version of the printer's state that the page showed.
    pub seen: StateVersion,
}

impl Ledger {
    /// Applies a decision. "It did not start" also says that the bed is clear: the same tap.
    ///
    /// # Errors
    /// [`LedgerError::Stale`] when evidence or another person was faster; [`LedgerError::Attempt`] for an answer
    /// that this kind of printer does not have.
    pub async fn decide(&self, it: Decision) -> Result<Attempt, LedgerError> {
        self.write(move |c, now| {
            let mut row = view::attempt(c, it.attempt)?;
            let version = view::bed(c, &row.printer)?.map(|b| b.version).unwrap_or_default();
            if !matches!(row.state, Attempt::Unknown { .. }) {
                let now = format!("the print is {} now", row.state.word());
                return Err(LedgerError::Stale { now, version });
            }
            let words = format!("{} said {:?}: {}", it.by, it.answer, it.reason);
            journal::note(c, now, it.attempt, &words)?;
            let (on, answer) = (outcome::on(&row), format!("{:?}", it.answer));
            let decided = EventKind::Decided { on, answer, by: it.by.clone(), reason: it.reason.clone() };
            outcome::tell(c, now, &row, &decided)?;
            outcome::apply(c, now, &mut row, Event::Decided(it.answer), &words)?;
            if it.answer == Answer::DidNotStart {
                // The bed was freed as "nothing started"; here a person looked, which is what the page must show.
                let saw = Cause::Attempt(it.attempt);
                let bed = view::bed(c, &row.printer)?.map(|b| b.bed);
                if bed == Some(protocol::bed::Bed::Occupied(saw)) {
                    let confirmation = Confirmation { saw, by: ConfirmedBy::Person };
                    beds::clear(c, now, &row.printer, confirmation, None, &it.by)?;
                }
            }
            printers::a_person_looked(c, &row.printer)?;
            Ok(row.state)
        })
        .await
    }
}
