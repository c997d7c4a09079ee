//! What must always hold, and what must be possible.

use protocol::{job::JobState, units::HubIncarnation};
use stateright::Property;

use super::rules::{Ends, Scenario};
use super::state::{AGENTS, JOBS, MAIN, REPLACEMENT, SECOND_REPLACEMENT, State};

/// I1.
pub(crate) const ONCE: &str = "a job is physically started at most once unless a person accepted the risk";
/// Scrap is replaced once.
pub(crate) const ONE_REPLACEMENT: &str = "scrap is replaced at most once";
/// The bed rule.
pub(crate) const CLEAR_BED: &str = "nothing starts on a bed that is not clear";
/// What the ledger calls clear is clear.
pub(crate) const CLEAR_MEANS_CLEAR: &str = "a bed that the ledger calls clear is empty";
/// The model is not empty.
pub(crate) const CAN_BE_GOOD: &str = "a print can start, be signed off, and the hub hears of it";

/// The properties of a run; a run with a rule off looks only for what goes wrong.
pub(crate) fn all(with: &Scenario) -> Vec<Property<Scenario>> {
    let mut all = vec![
        Property::always(ONCE, |_, s: &State| {
            (0..JOBS).all(|j| s.truth.starts[j] <= 1 + s.truth.accepted[j])
        }),
        Property::always(ONE_REPLACEMENT, |_, s: &State| {
            let replaced = [REPLACEMENT, SECOND_REPLACEMENT].map(|j| s.truth.starts[j]);
            // Each print of the main job that is scrap is replaced: a forced second one too.
            replaced.iter().sum::<u8>() <= 1 + s.truth.accepted.iter().sum::<u8>()
        }),
        Property::always(CLEAR_MEANS_CLEAR, |_, s: &State| {
            (0..AGENTS).all(|a| !(s.truth.plastic[a] && s.agents[a].ledger.bed.is_clear()))
        }),
        Property::always(CLEAR_BED, |_, s: &State| !s.truth.crashed_into_plastic),
    ];
    if with.off.is_none() && with.ends != Ends::Never {
        all.push(Property::sometimes(CAN_BE_GOOD, |_, s: &State| {
            s.hub.life == HubIncarnation::new(1)
                && s.hub.jobs[MAIN].is_some_and(|j| j.state == JobState::Good)
        }));
    }
    all
}
