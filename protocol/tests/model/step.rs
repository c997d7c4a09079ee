//! The model itself: which steps are possible, and what they do.

use stateright::{Model, Property};

use super::rules::{Ends, Rule, Scenario};
use super::state::{AGENTS, JOBS, Msg, State};
use super::{agent, hub, hub::Sender, properties};

/// One step of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    HandOut(usize, usize),
    Deliver(Msg),
    Send(usize),
    SendClaim(usize, usize),
    ClaimPinned(usize, usize),
    Intend(usize, usize),
    FirstByte(usize),
    NeverOpened(usize),
    Evidence(usize, usize),
    Decide(usize, usize),
    SignOff(usize, usize, bool),
    EmptyBed(usize),
    Confirm(usize),
    GiveBack(usize, usize),
    Force(usize),
    Crash(usize),
    BackUpAgent(usize),
    RestoreAgent(usize),
    BackUpHub,
    RestoreHub,
    /// Only where claims expire.
    Expire,
}

impl Model for Scenario {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::first(self.met)]
    }

    fn actions(&self, s: &State, out: &mut Vec<Action>) {
        for a in 0..AGENTS {
            out.extend(hub::HANDED_OUT.map(|job| Action::HandOut(a, job)));
            out.extend([Action::Send(a), Action::FirstByte(a)]);
            if self.ends == Ends::StepByStep {
                out.push(Action::NeverOpened(a));
            }
            for job in (0..JOBS).filter(|job| s.agents[a].ledger.rows[*job].is_some()) {
                out.extend([Action::SendClaim(a, job), Action::ClaimPinned(a, job), Action::Intend(a, job)]);
                if self.ends == Ends::StepByStep {
                    out.push(Action::Decide(a, job));
                }
                if self.ends != Ends::Never {
                    out.extend([Action::Evidence(a, job), Action::SignOff(a, job, true)]);
                }
                if self.scrap {
                    out.push(Action::SignOff(a, job, false));
                }
                if s.spent.give_backs < self.give_backs {
                    out.push(Action::GiveBack(a, job));
                }
            }
            if self.scrap || self.agent_restores > 0 {
                out.extend([Action::EmptyBed(a), Action::Confirm(a)]);
            }
        }
        self.faults(s, out);
        out.extend(s.net.iter().cloned().map(Action::Deliver));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut s = last.clone();
        self.step(&mut s, action)?;
        (s != *last).then_some(s)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}

impl Scenario {
    fn faults(&self, s: &State, out: &mut Vec<Action>) {
        for a in 0..self.faulty {
            if s.spent.crashes < self.crashes {
                out.push(Action::Crash(a));
            }
            if s.spent.agent_restores < self.agent_restores {
                out.push(if s.agents[a].backup.is_some() {
                    Action::RestoreAgent(a)
                } else {
                    Action::BackUpAgent(a)
                });
            }
        }
        if s.spent.hub_restores < self.hub_restores {
            out.push(if s.hub_backup.is_some() { Action::RestoreHub } else { Action::BackUpHub });
        }
        if s.spent.forces < self.forces {
            out.extend((0..JOBS).map(Action::Force));
        }
        if !self.keeps(Rule::ClaimsNeverExpire) {
            out.push(Action::Expire);
        }
    }

    fn step(&self, s: &mut State, action: Action) -> Option<()> {
        match action {
            Action::HandOut(a, job) => hub::hand_out(s, self, a, job),
            Action::Deliver(msg) => self.deliver(s, &msg),
            Action::Send(a) => agent::send(s, a),
            Action::SendClaim(a, job) => agent::send_claim(s, a, job),
            Action::ClaimPinned(a, job) => agent::claim_pinned(s, a, job),
            Action::Intend(a, job) => agent::intend(s, self, a, job),
            Action::FirstByte(a) => agent::first_byte(s, a),
            Action::NeverOpened(a) => agent::never_opened(s, self, a),
            Action::Evidence(a, job) => agent::evidence(s, self, a, job),
            Action::Decide(a, job) => agent::decide(s, self, a, job),
            Action::SignOff(a, job, is_good) => agent::sign_off(s, self, a, job, is_good),
            Action::EmptyBed(a) => agent::empty_bed(s, a),
            Action::Confirm(a) => agent::confirm(s, self, a),
            Action::GiveBack(a, job) => agent::give_back(s, self, a, job),
            Action::Force(job) => hub::force(s, job),
            Action::Crash(a) => agent::crash(s, self, a),
            Action::BackUpAgent(a) => {
                s.agents[a].backup = Some(Box::new(s.agents[a].ledger.clone()));
                Some(())
            }
            Action::RestoreAgent(a) => agent::restore(s, self, a),
            Action::BackUpHub => {
                s.hub_backup = Some(Box::new(s.hub.clone()));
                Some(())
            }
            Action::RestoreHub => hub::restore(s, self),
            Action::Expire => hub::expire(s),
        }
    }

    fn deliver(&self, s: &mut State, msg: &Msg) -> Option<()> {
        match msg {
            Msg::Sync { a, life, hub_seen, log } => {
                hub::sync(s, self, Sender { a: *a, life: *life, hub_seen: *hub_seen }, log);
            }
            Msg::Resync { a, life, hub_seen, last_seq, holds } => {
                let from = Sender { a: *a, life: *life, hub_seen: *hub_seen };
                hub::resync(s, self, from, *last_seq, holds);
            }
            Msg::Claim { a, life, hub_seen, job, epoch } => {
                hub::claim(s, self, Sender { a: *a, life: *life, hub_seen: *hub_seen }, *job, *epoch);
            }
            Msg::HandOut { .. } | Msg::Granted { .. } | Msg::Resynced { .. } => {
                return agent::hear(s, self, msg);
            }
        }
        Some(())
    }
}
