//! The model checker: two agents and a hub over a network that loses, doubles and reorders, with crashes,
//! restored databases and persons, all through the transition functions of `protocol`.
//!
//! With every rule on, the properties hold; with any single rule off, one of them breaks. `SOAK=1` widens the
//! bounds. The model has no clock, two agents and one order; it proves rules, not the code that calls them.
#![expect(clippy::indexing_slicing, reason = "agents and jobs are small fixed indices")]
#![expect(clippy::print_stdout, reason = "the size of the explored space is the result")]

#[path = "model/agent.rs"]
mod agent;
#[path = "model/hub.rs"]
mod hub;
#[path = "model/properties.rs"]
mod properties;
#[path = "model/rules.rs"]
mod rules;
#[path = "model/state.rs"]
mod state;
#[path = "model/step.rs"]
mod step;

use properties::{CLEAR_BED, CLEAR_MEANS_CLEAR, ONCE, ONE_REPLACEMENT};
use protocol::{assignment::Right, attempt::Owner};
use rules::{Ends, Rule, Scenario};
use stateright::{Checker, HasDiscoveries, Model};

/// States generated per run before it is cut off, in the small and in the large bound.
const STATES_MAX: [usize; 2] = [300_000, 4_000_000];

/// States generated while a counterexample is looked for: several times what the longest search takes.
const BREAK_STATES_MAX: usize = 1_000_000;

fn states_max() -> usize {
    STATES_MAX[usize::from(std::env::var_os("SOAK").is_some())]
}

fn holds(name: &str, with: Scenario) {
    let with_ends = with.ends != Ends::Never;
    let checked = with
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyFailures)
        .target_state_count(states_max())
        .spawn_bfs()
        .join();
    println!(
        "{name}: holds; {} unique states, depth {}{}",
        checked.unique_state_count(),
        checked.max_depth(),
        if checked.is_done() && checked.state_count() < states_max() { ", exhaustive" } else { ", cut off" },
    );
    checked.assert_no_discovery(ONCE);
    checked.assert_no_discovery(ONE_REPLACEMENT);
    checked.assert_no_discovery(CLEAR_MEANS_CLEAR);
    checked.assert_no_discovery(CLEAR_BED);
    if with_ends {
        checked.assert_any_discovery(properties::CAN_BE_GOOD);
    }
}

fn breaks(name: &str, rule: Rule, property: &'static str, with: Scenario) {
    let with = Scenario { off: Some(rule), ..with };
    let checked = with
        .checker()
        .finish_when(HasDiscoveries::AllOf([property].into()))
        .target_state_count(BREAK_STATES_MAX)
        .spawn_bfs()
        .join();
    let path = checked.discovery(property);
    let steps = path.map(|path| path.into_actions());
    println!(
        "{name}: {rule:?} off: {:?} steps; {} unique states, depth {}",
        steps.as_ref().map(Vec::len),
        checked.unique_state_count(),
        checked.max_depth(),
    );
    assert!(steps.is_some(), "{name}: without {rule:?} nothing breaks: {property}");
}

#[test]
fn prints_that_end_are_made_once_on_clear_beds() {
    let calm = Scenario::calm(Right::Pinned, Owner::Stream);
    holds("scrap, one hand-out", Scenario { scrap: true, epochs_max: 1, ..calm });
    for owner in [Owner::Stream, Owner::Printer] {
        let with = Scenario { crashes: 1, epochs_max: 1, ..Scenario::calm(Right::Pinned, owner) };
        holds(&format!("crash, {owner:?}"), with);
    }
    holds("crash and scrap", Scenario { crashes: 1, scrap: true, epochs_max: 1, ..calm });
}

#[test]
fn starts_are_made_once_whatever_forgets() {
    for right in [Right::Pinned, Right::Pooled] {
        let brief = Scenario { ends: Ends::Never, epochs_max: 1, ..Scenario::calm(right, Owner::Stream) };
        let runs = [
            ("crash, three hand-outs", Scenario { crashes: 2, epochs_max: 3, ..brief }),
            ("hub restored", Scenario { hub_restores: 1, crashes: 1, ..brief }),
            ("agent restored", Scenario { agent_restores: 1, epochs_max: 2, ..brief }),
            ("both restored", Scenario { agent_restores: 1, hub_restores: 1, ..brief }),
            ("hub restored, ends", Scenario { hub_restores: 1, ends: Ends::AtOnce, ..brief }),
            ("agent restored, ends", Scenario { agent_restores: 1, ends: Ends::AtOnce, ..brief }),
            ("scrap", Scenario { scrap: true, ends: Ends::AtOnce, ..brief }),
            (
                "scrap, agent restored",
                Scenario { scrap: true, agent_restores: 1, ends: Ends::AtOnce, ..brief },
            ),
            ("hub restored from before it met them", Scenario { hub_restores: 1, met: false, ..brief }),
            (
                "both restored from before they met",
                Scenario { hub_restores: 1, agent_restores: 1, met: false, ..brief },
            ),
            ("forced", Scenario { forces: 1, epochs_max: 3, ..brief }),
            ("given back", Scenario { give_backs: 1, epochs_max: 3, ..brief }),
            ("given back, hub restored", Scenario { give_backs: 1, hub_restores: 1, ..brief }),
            (
                "given back, agent restored",
                Scenario { give_backs: 1, agent_restores: 1, epochs_max: 2, ..brief },
            ),
        ];
        for (name, with) in runs {
            holds(&format!("{name}, {right:?}"), with);
        }
    }
}

#[test]
fn no_single_rule_can_be_left_out() {
    let brief = |right| Scenario { ends: Ends::Never, epochs_max: 1, ..Scenario::calm(right, Owner::Stream) };
    let (pinned, pooled) = (brief(Right::Pinned), brief(Right::Pooled));
    let crash = Scenario { crashes: 1, ..pinned };
    let hub_old = Scenario { hub_restores: 1, ..pinned };
    let agent_old = Scenario { agent_restores: 1, ..pinned };
    let scrap = Scenario { scrap: true, ends: Ends::AtOnce, ..pinned };
    breaks("D", Rule::ClaimsNeverExpire, ONCE, Scenario { epochs_max: 2, ..pooled });
    breaks("E", Rule::ClaimsNeverExpire, ONCE, Scenario { epochs_max: 2, ..pinned });
    breaks("F", Rule::IntentIsDurable, ONCE, crash);
    breaks("G", Rule::InterruptedWaits, ONCE, crash);
    breaks("H", Rule::HubQuarantine, ONCE, hub_old);
    breaks("L", Rule::AdoptsAnyEpoch, ONCE, hub_old);
    breaks("J", Rule::RestoredAgentWaits, ONCE, agent_old);
    breaks("K", Rule::OldGrantsRefused, ONCE, Scenario { hub_restores: 1, ..pooled });
    breaks("I", Rule::ClaimBoundToLife, ONCE, Scenario { agent_restores: 1, ..pooled });
    breaks("B3", Rule::BothForgotWaits, ONCE, Scenario { agent_restores: 1, ..hub_old });
    breaks("bed", Rule::BedInIntent, CLEAR_BED, scrap);
    breaks("page", Rule::ConfirmationNamesCause, CLEAR_MEANS_CLEAR, scrap);
    breaks("both", Rule::ReplacementAtAgentOnly, ONE_REPLACEMENT, scrap);
    breaks("pinned", Rule::AdoptsPreparedPinned, ONCE, hub_old);
    let given_back = Scenario { give_backs: 1, epochs_max: 2, ..agent_old };
    breaks("give back", Rule::FormerClaimNotGivenBack, ONCE, given_back);
    breaks("closed", Rule::AdoptsClosed, ONCE, Scenario { ends: Ends::AtOnce, ..hub_old });
    breaks("late", Rule::LateResyncRefused, ONCE, Scenario { agent_restores: 1, ..hub_old });
    breaks("former", Rule::FormerClaimStaysHeld, ONCE, Scenario { epochs_max: 2, ..agent_old });
}
