//! Following attempts by what the printer reports: evidence, refusals, foreign prints, and the times after which evidence
//! has ended. What a status proves is decided in `evidence`; nothing is sent here but questions.
use std::mem;
use std::time::Duration;

use protocol::attempt::{Event, Lost, NotStarted, Task};
use protocol::ids::AttemptNo;
use tokio::time::Instant;

use super::bambu::{Message, State, Status};
use super::conduct::Waiting;
use super::evidence::{self, Known, Says};
use super::task::{Actor, ENDED_MAX};
use super::view::progress;
use crate::printer::types::{Connection, Held, HeldAs, PROGRESS_EVERY, What};

/// A full report that does not come is asked for again after this long.
const FULL_REPORT_RETRY: Duration = Duration::from_secs(10);

/// An attempt whose start command has left, or may have.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) attempt: AttemptNo,
    pub(super) task_id: String,
    pub(super) known: Known,
    /// The number of its start command, when this task sent it.
    pub(super) sequence: Option<u64>,
    /// Without confirmation by then it is Unknown.
    pub(super) confirm_by: Option<Instant>,
    pub(super) seen_at: Instant,
    pub(super) last: Option<Event>,
    pub(super) told_at: Option<Instant>,
}

impl Following {
    /// An attempt of an earlier life of the agent: the printer is asked, and its answer decides.
    pub(super) fn held(held: &Held, start_wait: Duration) -> Self {
        let now = Instant::now();
        let (known, confirm_by) = match held.was {
            HeldAs::Starting => (Known::Sent, Some(now + start_wait)),
            HeldAs::Running => (Known::Seen, None),
            HeldAs::Unknown => (Known::Lost, None),
        };
        Self {
            attempt: held.attempt,
            task_id: held.task_id.clone(),
            known,
            sequence: None,
            confirm_by,
            seen_at: now,
            last: None,
            told_at: None,
        }
    }

    /// Whether the file of an earlier life's start must be looked for: it may never have arrived.
    pub(super) fn wants_file(&self) -> Option<String> {
        (self.known == Known::Sent && self.sequence.is_none()).then(|| self.task_id.clone())
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.confirm_by
    }
}

impl Actor {
    pub(super) fn message(&mut self, payload: &[u8]) {
        match self.merged.take(payload) {
            Message::Status => {
                let now = Instant::now();
                (self.heard_at, self.view.heard) = (Some(now), Some(now));
                self.status = self.merged.status();
                if self.status.is_some() {
                    self.up_with_status();
                }
            }
            Message::Answer { command, sequence, refused } => self.answer(&command, &sequence, refused),
            Message::Other => {}
            Message::Bad => tracing::debug!(printer = %self.ends.id, "a report that is no valid JSON"),
        }
    }

    /// A refusal of our start command is the one proof that it did not start; success proves nothing.
    fn answer(&mut self, command: &str, sequence: &str, refused: Option<String>) {
        let Some(reason) = refused else { return };
        let why = if reason.contains("verify") {
            "the printer refuses unsigned commands: switch on LAN mode with Developer Mode".to_owned()
        } else {
            format!("the printer refuses: {reason}")
        };
        self.view.message = Some(why.clone());
        let is_it = |number: u64| number.to_string() == sequence;
        if command == "project_file" {
            let found = self
                .following
                .iter()
                .position(|it| it.sequence.is_some_and(is_it) && it.known == Known::Sent);
            if let Some(at) = found {
                let it = self.following.remove(at);
                self.evidence(it.attempt, Event::NotStarted(NotStarted::PrinterSaidNo), &why);
            }
        }
        let (done, rest) = mem::take(&mut self.waiting_for).into_iter().partition(|it| is_it(it.sequence));
        self.waiting_for = rest;
        let done: Vec<Waiting> = done;
        for waiting in done {
            drop(waiting.reply.send(Err(why.clone())));
        }
    }

    pub(super) fn evidence(&mut self, attempt: AttemptNo, event: Event, why: &str) {
        let mut evidence = why.to_owned();
        if let Some(status) = &self.status {
            evidence.push_str(&format!(
                "; it says {} for {:?} (task {}), {} %, layer {} of {}",
                status.state.word(),
                status.name,
                status.task_id,
                status.percent,
                status.layer.0,
                status.layer.1
            ));
        }
        self.report(What::Evidence { attempt, event, evidence });
    }

    /// Reads the status: attempts, foreign prints, requests that waited for it.
    fn up_with_status(&mut self) {
        let Some(status) = self.status.clone() else { return };
        for reply in self.open_replies.drain(..) {
            drop(reply.send(Ok(())));
        }
        self.view.connection = Connection::Up;
        let now = Instant::now();
        let cancelled = self.printer.dialect.cancelled.clone();
        for mut it in mem::take(&mut self.following) {
            match evidence::read(&status, &it.task_id, it.known, &cancelled) {
                Says::Nothing => self.following.push(it),
                Says::Goes(event) => {
                    self.goes(&mut it, event, now);
                    self.tell_progress(&mut it, &status, now);
                    self.following.push(it);
                }
                Says::Ends(event) => {
                    let error =
                        status.error.as_deref().map_or(String::new(), |error| format!(" with error {error}"));
                    self.evidence(it.attempt, event, &format!("the printer ended our task{error}"));
                    self.remember(it.task_id);
                }
            }
        }
        self.forget_older();
        self.look_for_foreign(&status);
        if !mem::replace(&mut self.contact, true)
            && matches!(status.state, State::Idle | State::Finish | State::Failed)
        {
            self.look_for_files();
        }
        self.settle();
    }

    fn goes(&mut self, it: &mut Following, event: Event, now: Instant) {
        it.seen_at = now;
        // Another task where ours was: how ours ended is not known, and it is not the one that runs.
        let lost = matches!(
            event,
            Event::EvidenceLost(_) | Event::SeenRunning(Task::Other) | Event::SeenPaused(Task::Other)
        );
        (it.known, it.confirm_by) = (if lost { Known::Lost } else { Known::Seen }, None);
        if it.last.replace(event) != Some(event) {
            let gone = "the printer shows our task no more, and no end of it";
            self.evidence(it.attempt, event, if lost { gone } else { "by the printer's report" });
        }
    }

    /// A printer shows its newest task only: while one of ours is seen, nothing more is heard of older ones.
    fn forget_older(&mut self) {
        let Some(newest) = self.following.iter().rposition(|it| it.known == Known::Seen) else { return };
        let (older, rest): (Vec<_>, Vec<_>) = mem::take(&mut self.following)
            .into_iter()
            .enumerate()
            .partition(|(at, it)| *at < newest && it.known == Known::Lost);
        self.following = rest.into_iter().map(|(_, it)| it).collect();
        for (_, it) in older {
            self.remember(it.task_id);
        }
    }

    fn tell_progress(&mut self, it: &mut Following, status: &Status, now: Instant) {
        if it.told_at.is_some_and(|at| now.saturating_duration_since(at) < PROGRESS_EVERY)
            || it.known != Known::Seen
        {
            return;
        }
        it.told_at = Some(now);
        self.report(What::Progress { attempt: it.attempt, progress: progress(status) });
    }

    fn remember(&mut self, task_id: String) {
        self.ended.push_back(task_id);
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
        }
    }

    fn look_for_foreign(&mut self, status: &Status) {
        // Right after a start the state may change in one report and the ids in the next.
        if self.following.iter().any(|it| it.known == Known::Sent) {
            return;
        }
        let mut ours =
            self.following.iter().map(|it| it.task_id.as_str()).chain(self.ended.iter().map(String::as_str));
        if !evidence::foreign(status, &mut ours, !self.contact) {
            if matches!(status.state, State::Idle | State::Finish | State::Failed) {
                self.foreign = None;
            }
            return;
        }
        let name =
            if status.name.is_empty() { "a job without a name".to_owned() } else { status.name.clone() };
        if self.foreign.as_ref() != Some(&name) {
            self.foreign = Some(name.clone());
            self.report(What::ForeignPrint { name });
        }
        if matches!(status.state, State::Finish | State::Failed) {
            self.foreign = None; // Told once; the printer itself is free.
        }
    }

    /// Starts that are not confirmed in time, and jobs that are out of sight for too long.
    pub(super) fn watch_attempts(&mut self, now: Instant) {
        for mut it in mem::take(&mut self.following) {
            let unseen = now.saturating_duration_since(it.seen_at);
            let silent = self
                .heard_at
                .is_none_or(|at| now.saturating_duration_since(at) >= self.printer.dialect.lost_after);
            let lost = match it.known {
                Known::Sent if it.confirm_by.is_some_and(|by| now >= by) => Some((
                    Lost::StartNotConfirmed,
                    "the start command was sent once and the printer has not shown the job; it is not sent again",
                )),
                Known::Seen if silent && unseen >= self.printer.dialect.lost_after => {
                    Some((Lost::Link, "the printer has not reported for too long"))
                }
                Known::Sent | Known::Seen | Known::Lost => None,
            };
            if let Some((lost, why)) = lost {
                (it.known, it.confirm_by, it.last) = (Known::Lost, None, None);
                self.evidence(it.attempt, Event::EvidenceLost(lost), why);
            }
            self.following.push(it);
        }
        // Deltas only: what was missed is asked for now and then, and soon while nothing whole was heard.
        let every = match self.status {
            Some(_) => self.printer.dialect.full_report_every,
            None => FULL_REPORT_RETRY,
        };
        let asked = self.full_asked_at.is_none_or(|at| now.saturating_duration_since(at) >= every);
        if asked && self.up_at.is_some() {
            self.ask_for_everything(now);
        }
    }
}
