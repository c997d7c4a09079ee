//! Kills agent and hub right behind a transition that their logs tell of, and starts them again.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use crate::{
    agent::Agent,
    hub::Hub,
    log::Log,
    seed::Seed,
    transitions::{Coverage, STARTING, Transition, Victim},
};

/// A kill falls within this time after the transition's line, ms.
const WITHIN_MS: u64 = 20;
/// A kill of a process that comes up falls within this time after its start, ms.
const STARTING_WITHIN_MS: u64 = 250;
/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// How long a wanted transition is waited for before any other will do.
const WANTED_WAIT_MAX: Duration = Duration::from_millis(1_000);
/// Transitions that only kills which want them fall behind: else nothing would ever be sliced on a slow machine.
const PREPARATION: [&str; 3] = ["MeshMade", "Sliced", "Audited"];
/// How long any transition is waited for. Nothing is killed without one: a kill that falls again and again into a wait
/// of the product would make it wait for ever.
const ANY_WAIT_MAX: Duration = Duration::from_secs(240);

/// Who kills, and what was cut so far.
#[derive(Debug)]
pub struct Killer {
    seed: Seed,
    /// How often each transition was cut.
    pub coverage: Coverage,
    /// Kills so far.
    pub kills_n: u32,
    agent_log: Log,
    hub_log: Log,
}

impl Killer {
    /// A killer of these two.
    #[must_use]
    pub fn new(seed: Seed, agent: &Agent, hub: &Hub) -> Self {
        let (agent_log, hub_log) = (Log::of(agent.log()), Log::of(hub.log()));
        Self { seed, coverage: Coverage::default(), kills_n: 0, agent_log, hub_log }
    }

    /// One kill at a transition that was cut less than `enough` times, if one comes soon; then everything runs again.
    ///
    /// # Errors
    /// A process does not come up.
    pub async fn kill_once(&mut self, agent: &mut Agent, hub: &mut Hub, enough: u32) -> anyhow::Result<()> {
        let wanted = self.coverage.wanted(&mut self.seed, enough);
        let (victim, reached) = self.wait_for(&wanted).await?;
        tokio::time::sleep(Duration::from_millis(self.seed.below(WITHIN_MS + 1))).await;
        match victim {
            Victim::Agent => agent.kill()?,
            Victim::Hub => hub.kill()?,
        }
        self.kills_n += 1;
        let meanwhile = self.log(victim).milestones()?;
        let cut: BTreeSet<String> = reached.into_iter().chain(meanwhile).collect();
        cut.iter().for_each(|name| self.coverage.hit(victim, name));
        // Sometimes the other one dies as well, so that both recover from one another's half.
        if self.seed.below(10) == 0 {
            match victim {
                Victim::Agent => hub.kill()?,
                Victim::Hub => agent.kill()?,
            }
            self.kills_n += 1;
        }
        self.cut_the_start(victim, agent, hub, enough).await?;
        if !hub.is_started() {
            hub.start().await?;
        }
        if !agent.is_started() {
            agent.start().await?;
        }
        Ok(())
    }

    /// Sometimes the process does not survive its recovery either.
    async fn cut_the_start(
        &mut self,
        victim: Victim,
        agent: &mut Agent,
        hub: &mut Hub,
        enough: u32,
    ) -> anyhow::Result<()> {
        if self.seed.below(8) != 0 && !self.coverage.lacks_starts(victim, enough) {
            return Ok(());
        }
        let within = Duration::from_millis(self.seed.below(STARTING_WITHIN_MS));
        match victim {
            Victim::Agent => agent.start_and_kill(within).await?,
            Victim::Hub => hub.start_and_kill(within).await?,
        }
        self.kills_n += 1;
        self.coverage.hit(victim, STARTING);
        Ok(())
    }

    /// Waits for one of `wanted`, then for anything at all. Gives whose it is and the names that came with it.
    async fn wait_for(&mut self, wanted: &[Transition]) -> anyhow::Result<(Victim, Vec<String>)> {
        let begun = Instant::now();
        let mut whose = [Victim::Agent, Victim::Hub];
        if self.seed.below(2) == 0 {
            whose.reverse();
        }
        for victim in whose {
            self.log(victim).milestones()?; // What came before is over.
        }
        while begun.elapsed() < ANY_WAIT_MAX {
            let any_will_do = begun.elapsed() > WANTED_WAIT_MAX;
            for victim in whose {
                let came = self.log(victim).milestones()?;
                let is_wanted = |name: &String| wanted.contains(&(victim, name.as_str()));
                let will_do = |name: &String| any_will_do && !PREPARATION.contains(&name.as_str());
                let first = came.iter().position(|name| will_do(name) || is_wanted(name));
                if let Some(first) = first {
                    return Ok((victim, came.into_iter().skip(first).collect()));
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        anyhow::bail!("nothing happened for {} s", ANY_WAIT_MAX.as_secs())
    }

    fn log(&mut self, victim: Victim) -> &mut Log {
        match victim {
            Victim::Agent => &mut self.agent_log,
            Victim::Hub => &mut self.hub_log,
        }
    }
}
