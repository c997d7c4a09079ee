//! The loop of one printer that is asked over HTTP. It never waits anywhere but in its one `select!`: every request is a
//! task of its own whose result comes back by a channel, so an emergency stop leaves with the next turn.
use std::collections::{BTreeSet, VecDeque};
use std::future::pending;
use std::time::Duration;

use protocol::ids::AttemptNo;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::HttpPrinter;
use super::call::{Api, CallError, Polled};
use super::conduct::{Starting, Step, Waiting};
use super::follow::Following;
use super::status::{State, Status};
use super::upload::UploadError;
use crate::printer::emergency::Stop;
use crate::printer::mqtt::evidence::Known;
use crate::printer::task::Ends;
use crate::printer::types::{Connection, Doing, PrinterView, Progress, Report, What};
use crate::printer::{Answer, Request};
use crate::tasks;

/// Results of requests that may wait for the loop.
const DONE_MAX: usize = 64;
/// Longest sleep of the loop.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// Unanswered questions in a row until the printer is shown as not connected.
const MISSED_MAX: u32 = 2;
/// Attempts that are followed at once. One runs; others are Unknown and may still be explained.
pub(super) const FOLLOWED_MAX: usize = 32;

/// What a request came to.
#[derive(Debug)]
pub(super) enum Done {
    Polled { asked_at: Instant, result: Result<Polled, CallError> },
    Uploaded { attempt: AttemptNo, result: Result<(), UploadError> },
    Started { attempt: AttemptNo, result: Result<(), CallError> },
    Commanded { number: u64, result: Result<(), CallError> },
}

/// A printer's task.
#[expect(clippy::struct_excessive_bools, reason = "what is known and wanted, each independent of the others")]
pub(super) struct Actor {
    pub(super) printer: HttpPrinter,
    pub(super) ends: Ends,
    pub(super) api: Api,
    pub(super) done: mpsc::Sender<Done>,
    came: mpsc::Receiver<Done>,
    is_asking: bool,
    pub(super) ask_at: Instant,
    missed: u32,
    pub(super) past_at: Option<Instant>,
    pub(super) past_next: bool,
    pub(super) heard_at: Option<Instant>,
    pub(super) status: Option<Status>,
    /// An answer was read since the task began.
    pub(super) contact: bool,
    pub(super) foreign: Option<String>,
    pub(super) numbers: u64,
    pub(super) begun: BTreeSet<AttemptNo>,
    pub(super) starting: Option<Starting>,
    pub(super) following: Vec<Following>,
    pub(super) ended: VecDeque<String>,
    pub(super) waiting_for: Vec<Waiting>,
    pub(super) open_replies: Vec<Answer>,
    pub(super) reports: VecDeque<Report>,
    pub(super) view: PrinterView,
}

enum Turn {
    Shutdown,
    Stop(Stop),
    Request(Request),
    Done(Done),
    Marked(bool),
    Time,
}

/// Runs until shutdown.
pub(super) async fn run(printer: HttpPrinter, ends: Ends) {
    let api = match Api::new(&printer) {
        Ok(api) => api,
        Err(error) => return crate::printer::mqtt::refuse_all(ends, &error.to_string()).await,
    };
    let (done, came) = mpsc::channel(DONE_MAX);
    let now = Instant::now();
    let held = printer.held.iter().map(|held| Following::held(held, printer.dialect.start_wait));
    let mut actor = Actor {
        following: held.collect(),
        begun: printer.held.iter().map(|held| held.attempt).collect(),
        ended: printer.ended.iter().cloned().collect(),
        view: PrinterView::unseen("not connected yet"),
        printer,
        ends,
        api,
        done,
        came,
        is_asking: false,
        ask_at: now,
        missed: 0,
        past_at: None,
        past_next: true,
        heard_at: None,
        status: None,
        contact: false,
        foreign: None,
        numbers: 0,
        starting: None,
        waiting_for: Vec::new(),
        open_replies: Vec::new(),
        reports: VecDeque::new(),
    };
    loop {
        actor.pump();
        actor.show();
        let turn = actor.turn().await;
        if matches!(turn, Turn::Shutdown) {
            return;
        }
        actor.take(turn);
    }
}

impl Actor {
    /// Waits for the next thing. Every branch may be dropped without loss: all of them are channels.
    async fn turn(&mut self) -> Turn {
        let has_reports = !self.reports.is_empty();
        let sleep =
            self.ask_at.min(Instant::now() + IDLE_MAX).max(Instant::now() + Duration::from_millis(10));
        let mark = match self.starting.as_mut().map(|starting| &mut starting.step) {
            Some(Step::Mark(mark)) => Some(mark),
            Some(Step::File(_)) | None => None,
        };
        tokio::select! {
            biased;
            () = self.ends.shutdown.cancelled() => Turn::Shutdown,
            Some(stop) = self.ends.stops.recv() => Turn::Stop(stop),
            Some(request) = self.ends.requests.recv() => Turn::Request(request),
            Ok(permit) = self.ends.reports.reserve(), if has_reports => {
                if let Some(report) = self.reports.pop_front() {
                    permit.send(report);
                }
                Turn::Time
            }
            Some(done) = self.came.recv() => Turn::Done(done),
            marked = async { match mark { Some(mark) => mark.await, None => pending().await } } => {
                Turn::Marked(marked.is_ok())
            }
            () = tokio::time::sleep_until(sleep) => Turn::Time,
        }
    }

    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Shutdown | Turn::Time => {}
            Turn::Stop(stop) => self.emergency(stop),
            Turn::Request(request) => self.request(request),
            Turn::Marked(durable) => self.marked(durable),
            Turn::Done(Done::Polled { asked_at, result }) => {
                self.is_asking = false;
                self.ask_at =
                    if self.past_next { Instant::now() } else { asked_at + self.printer.dialect.poll_every };
                match result {
                    Ok(polled) => {
                        self.missed = 0;
                        self.heard(polled, asked_at);
                    }
                    Err(error) => self.missed(&error),
                }
            }
            Turn::Done(Done::Uploaded { attempt, result }) => self.uploaded(attempt, result),
            Turn::Done(Done::Started { attempt, result }) => self.started(attempt, result),
            Turn::Done(Done::Commanded { number, result }) => self.commanded(number, result),
        }
    }

    /// A question had no answer. A running job goes on; what is not heard of for long becomes Unknown in time.
    fn missed(&mut self, error: &CallError) {
        self.missed += 1;
        tracing::debug!(printer = %self.ends.id, %error, "no answer");
        if self.missed < MISSED_MAX && *error != CallError::Access {
            return;
        }
        self.status = None;
        self.view.connection = Connection::Closed { why: error.to_string() };
        for reply in self.open_replies.drain(..) {
            drop(reply.send(Err(error.to_string())));
        }
    }

    fn pump(&mut self) {
        let now = Instant::now();
        self.watch_attempts(now);
        if self.is_asking || now < self.ask_at {
            return;
        }
        self.is_asking = true;
        let past = self.wants_past(now);
        self.spawn(move |api| async move { Done::Polled { asked_at: now, result: api.poll(past).await } });
    }

    /// Does a request beside the loop; its result comes back to it.
    pub(super) fn spawn<F>(&self, work: impl FnOnce(Api) -> F + Send + 'static)
    where
        F: Future<Output = Done> + Send,
    {
        let (api, done) = (self.api.clone(), self.done.clone());
        drop(tasks::spawn(async move {
            let result = work(api).await;
            drop(done.send(result).await); // Without a loop nobody wants to know.
        }));
    }

    /// Queues a report; none is ever dropped.
    pub(super) fn report(&mut self, what: What) {
        self.reports.push_back(Report { printer: self.ends.id.clone(), what });
    }

    /// The attempt that runs, as far as known.
    pub(super) fn active(&self) -> Option<&Following> {
        self.following.iter().find(|it| it.known != Known::Lost)
    }

    fn show(&mut self) {
        let active = self.active().map(|it| (it.attempt, it.known));
        self.view.attempt = match (&self.starting, active) {
            (Some(starting), _) => Some(starting.order.attempt),
            (None, active) => active.map(|(attempt, _)| attempt),
        };
        self.view.doing = self.doing(active.map(|(_, known)| known));
        if let Some(status) = &self.status {
            self.view.job_name = (!status.name.is_empty()).then(|| status.name.clone());
            self.view.progress = if active.is_some() { progress(status) } else { Progress::default() };
            self.view.temperatures = status.temperatures;
        }
        self.view.heard = self.heard_at;
        let view = &self.view;
        self.ends.view.send_if_modified(|shown| {
            let changed = *shown != *view;
            if changed {
                shown.clone_from(view);
            }
            changed
        });
    }

    fn doing(&self, active: Option<Known>) -> Doing {
        if self.starting.is_some() {
            return Doing::Preparing;
        }
        let Some(status) = &self.status else { return Doing::Unknown };
        let busy = |ours: Doing| match active {
            Some(Known::Seen) => ours,
            Some(Known::Sent) => Doing::Preparing,
            Some(Known::Lost) | None => Doing::Foreign,
        };
        match (&status.state, active) {
            (State::Preparing, _) => busy(Doing::Preparing),
            (State::Printing, _) => busy(Doing::Printing),
            (State::Paused, _) => busy(Doing::Paused),
            (State::NeedsPerson, _) => Doing::NeedsPerson,
            (State::Idle | State::Finished | State::Cancelled | State::Failed, Some(_)) => Doing::Preparing,
            (State::Idle | State::Finished | State::Cancelled | State::Failed, None) => Doing::Idle,
            (State::Faulty(_), _) => Doing::Faulty,
            (State::Other(_), _) => Doing::Unknown,
        }
    }
}

/// How far the printer says it is.
pub(super) fn progress(status: &Status) -> Progress {
    Progress {
        acked_line: 0,
        done: protocol::units::Permille::of(status.permille, 1000),
        z_um: 0,
        remaining: status.remaining,
    }
}
