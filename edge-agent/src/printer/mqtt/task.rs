//! The loop of one printer that owns its jobs: connection, reports, deadlines. It never blocks: uploads and connecting
//! are tasks of their own, an emergency stop is handed to the connection with the next turn.
use std::collections::{BTreeSet, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use protocol::ids::AttemptNo;
use rustls::ClientConfig;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::MqttPrinter;
use super::bambu::{Merged, Status};
use super::conduct::{Step, Uploading, Waiting};
use super::follow::Following;
use super::link::{Link, Linked};
use super::tls::{self, Met};
use super::upload::UploadError;
use crate::printer::emergency::Stop;
use crate::printer::task::Ends;
use crate::printer::types::{Connection, PrinterView, Report, What};
use crate::printer::{Answer, Request};
use crate::tasks;

/// Waits between attempts to connect.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// Longest sleep of the loop.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// Attempts that are followed at once. One runs; others are Unknown and may still be explained.
pub(super) const FOLLOWED_MAX: usize = 32;
/// Numbers of ended tasks that are remembered.
pub(super) const ENDED_MAX: usize = 200;

/// A printer's task.
pub(super) struct Actor {
    pub(super) printer: MqttPrinter,
    pub(super) ends: Ends,
    pub(super) config: Arc<ClientConfig>,
    pub(super) met: Met,
    pub(super) link: Option<Link>,
    connecting: Option<JoinHandle<Result<Link, String>>>,
    connect_at: Instant,
    retry: Duration,
    connects_n: u64,
    forced_at: Option<Instant>,
    /// When the connection came up, for the silence watchdog.
    pub(super) up_at: Option<Instant>,
    pub(super) heard_at: Option<Instant>,
    pub(super) full_asked_at: Option<Instant>,
    pub(super) merged: Merged,
    pub(super) status: Option<Status>,
    /// A report was read since the task began.
    pub(super) contact: bool,
    pub(super) foreign: Option<String>,
    pub(super) sequence: u64,
    pub(super) begun: BTreeSet<AttemptNo>,
    pub(super) uploading: Option<Uploading>,
    pub(super) looking: Option<JoinHandle<Vec<String>>>,
    pub(super) following: Vec<Following>,
    pub(super) ended: VecDeque<String>,
    pub(super) waiting_for: Vec<Waiting>,
    pub(super) stops: Vec<Stop>,
    pub(super) open_replies: Vec<Answer>,
    pub(super) reports: VecDeque<Report>,
    pub(super) view: PrinterView,
}

enum Turn {
    Shutdown,
    Stop(Stop),
    Request(Request),
    Linked(Option<Linked>),
    Connected(Result<Link, String>),
    Uploaded(Result<(), UploadError>),
    Marked(bool),
    Looked(Vec<String>),
    Time,
}

/// Runs until shutdown.
pub(super) async fn run(printer: MqttPrinter, ends: Ends) {
    let (config, met) = match tls::settings(&printer.trust, &printer.serial) {
        Ok(settings) => settings,
        Err(error) => return refuse_all(ends, &error.to_string()).await,
    };
    let now = Instant::now();
    let held = printer.held.iter().map(|held| Following::held(held, printer.dialect.start_wait));
    let mut actor = Actor {
        following: held.collect(),
        begun: printer.held.iter().map(|held| held.attempt).collect(),
        ended: printer.ended.iter().cloned().collect(),
        view: PrinterView::unseen("not connected yet"),
        printer,
        ends,
        config,
        met,
        link: None,
        connecting: None,
        connect_at: now,
        retry: RETRY_FIRST,
        connects_n: 0,
        forced_at: None,
        up_at: None,
        heard_at: None,
        full_asked_at: None,
        merged: Merged::default(),
        status: None,
        contact: false,
        foreign: None,
        sequence: 0,
        uploading: None,
        looking: None,
        waiting_for: Vec::new(),
        stops: Vec::new(),
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

/// Without TLS there is no printer; everything is refused with the reason.
pub(crate) async fn refuse_all(mut ends: Ends, why: &str) {
    tracing::error!(printer = %ends.id, why, "printer not usable");
    ends.view.send_replace(PrinterView::unseen(why));
    loop {
        tokio::select! {
            biased;
            () = ends.shutdown.cancelled() => return,
            Some(stop) = ends.stops.recv() => drop(stop.send(Err(why.to_owned()))),
            Some(request) = ends.requests.recv() => super::conduct::refuse(request, why),
        }
    }
}

impl Actor {
    /// Waits for the next thing. Every branch may be dropped without loss: channels are, and connecting and uploading
    /// are tasks that are only looked at.
    async fn turn(&mut self) -> Turn {
        let sleep = self.deadline();
        let has_reports = !self.reports.is_empty();
        let events = self.link.as_mut().map(|link| &mut link.events);
        let connecting = self.connecting.as_mut();
        let looking = self.looking.as_mut();
        let (mut upload, mut mark) = (None, None);
        match self.uploading.as_mut().map(|uploading| &mut uploading.step) {
            Some(Step::File(work)) => upload = Some(work),
            Some(Step::Mark(durable)) => mark = Some(durable),
            None => {}
        }
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
            linked = async { match events { Some(events) => events.recv().await, None => pending().await } } => {
                Turn::Linked(linked)
            }
            done = async { match connecting { Some(task) => task.await, None => pending().await } } => {
                Turn::Connected(done.unwrap_or_else(|error| Err(error.to_string())))
            }
            done = async { match upload { Some(task) => task.await, None => pending().await } } => {
                let lost = |error| Err(UploadError::Read(std::io::Error::other(error)));
                Turn::Uploaded(done.unwrap_or_else(lost))
            }
            marked = async { match mark { Some(mark) => mark.await, None => pending().await } } => {
                Turn::Marked(marked.is_ok())
            }
            done = async { match looking { Some(task) => task.await, None => pending().await } } => {
                Turn::Looked(done.unwrap_or_default())
            }
            () = tokio::time::sleep_until(sleep) => Turn::Time,
        }
    }

    fn deadline(&self) -> Instant {
        let now = Instant::now();
        let connect = (self.link.is_none() && self.connecting.is_none()).then_some(self.connect_at);
        let due = connect.into_iter().chain(self.following.iter().filter_map(Following::deadline)).min();
        due.map_or(now + IDLE_MAX, |due| due.min(now + IDLE_MAX)).max(now + Duration::from_millis(10))
    }

    fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Shutdown | Turn::Time => {}
            Turn::Stop(stop) => self.emergency(stop),
            Turn::Request(request) => self.request(request),
            Turn::Connected(connected) => {
                self.connecting = None;
                match connected {
                    Ok(link) => self.link = Some(link),
                    Err(why) => self.down(&why),
                }
            }
            Turn::Looked(missing) => self.looked(missing),
            Turn::Uploaded(done) => self.uploaded(done),
            Turn::Marked(durable) => self.marked(durable),
            Turn::Linked(Some(Linked::Up)) => self.up(),
            Turn::Linked(Some(Linked::Message(payload))) => self.message(&payload),
            Turn::Linked(Some(Linked::Left)) => {
                for stop in self.stops.drain(..) {
                    drop(stop.send(Ok(()))); // The person who asked may have gone.
                }
            }
            Turn::Linked(Some(Linked::Down(why))) => self.down(&why),
            Turn::Linked(None) => self.down("the connection to the printer ended"),
        }
    }

    fn up(&mut self) {
        let now = Instant::now();
        (self.up_at, self.heard_at, self.retry) = (Some(now), None, RETRY_FIRST);
        self.merged = Merged::default();
        self.view.leaf = self.met.leaf();
        self.ask_for_everything(now);
    }

    /// The connection is over. Running jobs go on; what is not heard for long becomes Unknown in time.
    pub(super) fn down(&mut self, why: &str) {
        tracing::debug!(printer = %self.ends.id, why, "not connected");
        self.link = None;
        (self.up_at, self.status) = (None, None);
        self.view.connection = Connection::Closed { why: why.to_owned() };
        self.connect_at = Instant::now() + self.retry;
        self.retry = (self.retry * 2).min(RETRY_MAX);
        for stop in self.stops.drain(..) {
            drop(stop.send(Err(why.to_owned())));
        }
        for reply in self.open_replies.drain(..) {
            drop(reply.send(Err(why.to_owned())));
        }
    }

    /// A person wants the connection made now.
    pub(super) fn connect_now(&mut self) {
        self.retry = RETRY_FIRST;
        self.connect_at = Instant::now();
    }

    fn pump(&mut self) {
        let now = Instant::now();
        if self.link.is_none() && self.connecting.is_none() && now >= self.connect_at {
            self.connects_n += 1;
            // Client ids must be unique at the printer's broker; a new one leaves the old session without heirs.
            let client_id = format!("agent-{}-{}-{}", self.ends.id, std::process::id(), self.connects_n);
            let (printer, config) = (self.printer.clone(), Arc::clone(&self.config));
            self.connecting =
                Some(tasks::spawn(async move { Link::connect(&printer, config, client_id).await }));
        }
        self.watch_silence(now);
        self.watch_attempts(now);
    }

    /// Half-dead connections: TCP lives and nothing is reported.
    fn watch_silence(&mut self, now: Instant) {
        let Some(up_at) = self.up_at else { return };
        let silent = now.saturating_duration_since(self.heard_at.unwrap_or(up_at));
        if silent < self.printer.dialect.silence_max {
            return;
        }
        let cooled = self
            .forced_at
            .is_none_or(|at| now.saturating_duration_since(at) >= self.printer.dialect.reconnect_cooldown);
        if cooled {
            self.forced_at = Some(now);
            let why = if self.contact {
                "it stopped reporting"
            } else {
                "it reports nothing: is the serial number right?"
            };
            self.down(&format!("connected to the printer, but {why}"));
        }
    }

    /// Queues a report; none is ever dropped.
    pub(super) fn report(&mut self, what: What) {
        self.reports.push_back(Report { printer: self.ends.id.clone(), what });
    }
}
