//! Following attempts by what the printer answers: evidence, refusals, foreign prints, and the times after which evidence has
//! ended. What an answer proves is decided in `status`; nothing is sent here.
use std::mem;
use std::time::Duration;

use firmware_profiles::HttpKind;
use protocol::attempt::{Event, Lost, NotStarted, Task};
use protocol::ids::AttemptNo;
use tokio::time::Instant;

use super::call::Polled;
use super::status::{self, Past, State, Status};
use super::task::{Actor, progress};
use crate::printer::mqtt::evidence::{Known, Says};
use crate::printer::types::{Connection, Held, HeldAs, PROGRESS_EVERY, What};

/// Numbers of ended tasks that are remembered.
const ENDED_MAX: usize = 200;
/// How often the history is asked for attempts that nobody knows the end of.
const PAST_EVERY: Duration = Duration::from_secs(30);

/// An attempt whose start call has been made, or may have been.
#[derive(Debug)]
pub(super) struct Following {
    pub(super) attempt: AttemptNo,
    pub(super) task_id: String,
    pub(super) known: Known,
    /// The printer refused our start, and when it said so.
    pub(super) refused: Option<(String, Instant)>,
    /// Without confirmation by then it is Unknown.
    confirm_by: Option<Instant>,
    seen_at: Instant,
    /// The newest answer showed it.
    is_shown: bool,
    last: Option<Event>,
    told_at: Option<Instant>,
}

impl Following {
    /// An attempt of an earlier life of the agent: the printer is asked, and its answer decides.
    pub(super) fn held(held: &Held, start_wait: Duration) -> Self {
        let mut it = Self::sent(held.attempt, &held.task_id, start_wait);
        (it.known, it.confirm_by) = match held.was {
            HeldAs::Starting => (Known::Sent, it.confirm_by),
            HeldAs::Running => (Known::Seen, None),
            HeldAs::Unknown => (Known::Lost, None),
        };
        it
    }

    /// An attempt whose start call is on its way.
    pub(super) fn sent(attempt: AttemptNo, task_id: &str, start_wait: Duration) -> Self {
        let now = Instant::now();
        Self {
            attempt,
            task_id: task_id.to_owned(),
            known: Known::Sent,
            refused: None,
            confirm_by: Some(now + start_wait),
            seen_at: now,
            is_shown: false,
            last: None,
            told_at: None,
        }
    }
}

impl Actor {
    /// Whether the printer's history is to be asked for with the next question.
    pub(super) fn wants_past(&mut self, now: Instant) -> bool {
        let old = self.past_at.is_none_or(|at| now.saturating_duration_since(at) >= PAST_EVERY);
        let wanted = match self.printer.dialect.kind {
            HttpKind::PrusaLink => false,
            HttpKind::Moonraker => {
                mem::take(&mut self.past_next) || (old && self.following.iter().any(|it| !it.is_shown))
            }
        };
        self.past_next = false;
        if wanted {
            self.past_at = Some(now);
        }
        wanted
    }

    /// Reads an answer: attempts, foreign prints, requests that waited for it.
    pub(super) fn heard(&mut self, polled: Polled, asked_at: Instant) {
        let now = Instant::now();
        let gap =
            self.heard_at.is_none_or(|at| now.saturating_duration_since(at) > self.printer.dialect.fresh_max);
        self.heard_at = Some(now);
        self.view.connection = Connection::Up;
        self.view.firmware = Some(self.printer.dialect.title.clone());
        let Polled { status, past } = polled;
        self.status = Some(status.clone());
        self.tell_faults(&status);
        for reply in self.open_replies.drain(..) {
            drop(reply.send(Ok(())));
        }
        for mut it in mem::take(&mut self.following) {
            let says = self.judge(&it, &status, past.as_deref(), asked_at, gap);
            it.is_shown = status::is_task(&status.name, &it.task_id) && status.state.is_at_work();
            match says {
                Says::Nothing => self.following.push(it),
                Says::Goes(event) => {
                    self.goes(&mut it, event, now);
                    self.tell_progress(&mut it, &status, now);
                    self.following.push(it);
                }
                Says::Ends(event @ Event::NotStarted(_)) => {
                    let why = it.refused.as_ref().map_or("", |(why, _)| why.as_str()).to_owned();
                    self.evidence(it.attempt, event, &format!("the printer refused the start: {why}"));
                }
                Says::Ends(event) => {
                    self.evidence(it.attempt, event, "the printer ended our task");
                    self.remember(it.task_id);
                }
            }
        }
        self.look_for_foreign(&status);
        self.contact = true;
        self.settle();
    }

    /// What an answer says of an attempt, history included.
    fn judge(
        &mut self,
        it: &Following,
        status: &Status,
        past: Option<&[Past]>,
        asked_at: Instant,
        gap: bool,
    ) -> Says {
        let says = status::read(status, &it.task_id, it.known, it.is_shown && !gap);
        let unclear = matches!(
            says,
            Says::Nothing
                | Says::Goes(
                    Event::EvidenceLost(_) | Event::SeenRunning(Task::Other) | Event::SeenPaused(Task::Other)
                )
        );
        if !unclear || status::is_task(&status.name, &it.task_id) {
            return says;
        }
        let Some(past) = past else {
            if says != Says::Nothing && self.printer.dialect.kind == HttpKind::Moonraker {
                self.past_next = true; // Its history may know; it is asked before anything is said.
                return Says::Nothing;
            }
            return self.refused(it, status, asked_at).unwrap_or(says);
        };
        match status::read_past(past, &it.task_id) {
            Says::Nothing => self.refused(it, status, asked_at).unwrap_or(says),
            ended @ (Says::Goes(_) | Says::Ends(_)) => ended,
        }
    }

    /// It said no, and asked afterwards it neither runs our file nor did: nothing was started.
    fn refused(&self, it: &Following, status: &Status, asked_at: Instant) -> Option<Says> {
        let said_before = it.refused.as_ref().is_some_and(|(_, at)| *at <= asked_at);
        let proven = it.known == Known::Sent && said_before && !status.state.is_at_work();
        proven.then_some(Says::Ends(Event::NotStarted(NotStarted::PrinterSaidNo)))
    }

    fn tell_faults(&mut self, status: &Status) {
        match &status.state {
            State::Faulty(why) => self.view.message = Some(format!("out of order: {why}")),
            State::NeedsPerson => self.view.message = Some("the printer waits for a person".to_owned()),
            State::Printing | State::Idle => self.view.message = None,
            State::Preparing
            | State::Paused
            | State::Finished
            | State::Cancelled
            | State::Failed
            | State::Other(_) => {}
        }
    }

    pub(super) fn evidence(&mut self, attempt: AttemptNo, event: Event, why: &str) {
        let mut evidence = why.to_owned();
        if let Some(status) = &self.status {
            let (word, name) = (status.state.word(), &status.name);
            evidence.push_str(&format!("; it is {word} with {name:?}, {} ‰", status.permille));
        }
        self.report(What::Evidence { attempt, event, evidence });
    }

    fn goes(&mut self, it: &mut Following, event: Event, now: Instant) {
        it.seen_at = now;
        let lost = matches!(
            event,
            Event::EvidenceLost(_) | Event::SeenRunning(Task::Other) | Event::SeenPaused(Task::Other)
        );
        (it.known, it.confirm_by) = (if lost { Known::Lost } else { Known::Seen }, None);
        if it.last.replace(event) != Some(event) {
            let gone = "the printer shows our task no more, and no end of it";
            self.evidence(it.attempt, event, if lost { gone } else { "by the printer's answer" });
        }
    }

    fn tell_progress(&mut self, it: &mut Following, status: &Status, now: Instant) {
        let due = it.told_at.is_none_or(|at| now.saturating_duration_since(at) >= PROGRESS_EVERY);
        if due && it.known == Known::Seen {
            it.told_at = Some(now);
            self.report(What::Progress { attempt: it.attempt, progress: progress(status) });
        }
    }

    fn remember(&mut self, task_id: String) {
        self.ended.push_back(task_id);
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
        }
    }

    fn look_for_foreign(&mut self, status: &Status) {
        // Right after a start the state may change before the name does.
        if self.following.iter().any(|it| it.known == Known::Sent) || self.starting.is_some() {
            return;
        }
        let ours = self.following.iter().map(|it| it.task_id.as_str());
        let ended = self.ended.iter().map(String::as_str);
        if !status::is_foreign(status, ours, ended, !self.contact) {
            if status.state.takes_start() {
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
    }

    /// Starts that are not confirmed in time, and jobs that are out of sight for too long.
    pub(super) fn watch_attempts(&mut self, now: Instant) {
        let silent_for = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let lost_after = self.printer.dialect.lost_after;
        for mut it in mem::take(&mut self.following) {
            let silent = silent_for(self.heard_at).is_none_or(|silent| silent >= lost_after);
            let lost = match it.known {
                Known::Sent if it.confirm_by.is_some_and(|by| now >= by) => Some((
                    Lost::StartNotConfirmed,
                    "the start was asked for once and the printer has not shown the job; it is not asked for again",
                )),
                Known::Seen if silent && now.saturating_duration_since(it.seen_at) >= lost_after => {
                    Some((Lost::Link, "the printer has not answered for too long"))
                }
                Known::Sent | Known::Seen | Known::Lost => None,
            };
            if let Some((lost, why)) = lost {
                (it.known, it.confirm_by, it.last) = (Known::Lost, None, None);
                self.evidence(it.attempt, Event::EvidenceLost(lost), why);
            }
            self.following.push(it);
        }
    }
}
