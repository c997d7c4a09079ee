//! The loop of one streamed printer. It owns the port and never waits anywhere but in its one `select!`: an emergency
//! stop is on the wire with the next turn.
//!
//! Invariants: an attempt is begun at most once in the life of this task; the last line of a job leaves only after its
//! mark is durable; after evidence of a job has ended, no further line of it is sent. Reports are never dropped: while
//! the ledger does not take them, no job line is sent.
use std::collections::{BTreeSet, VecDeque};
use std::future::pending;
use std::time::Duration;

use protocol::attempt::Lost;
use protocol::ids::AttemptNo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::SerialPrinter;
use super::ack::{Mono, Tag};
use super::classify::{classify, firmware_name};
use super::job::{Job, Next, Phase};
use super::line::Splitter;
use super::port::{self, Port};
use super::preflight::{AHEAD_LINES, Checked, Unfit};
use super::session::{Session, Stage};
use crate::printer::emergency::Stop;
use crate::printer::task::Ends;
use crate::printer::types::{Connection, Doing, PortPolicy, PrinterView, Report, StartOrder, What};
use crate::printer::{Answer, Request, StartAnswer};

/// Bytes handed to the port and not yet taken by it; more is not prepared.
const OUT_BYTES_MAX: usize = 1024;
/// Attempts remembered as begun; the oldest is forgotten (the ledger never orders one twice).
pub(super) const BEGUN_MAX: usize = 10_000;
/// Reports that may wait here while the ledger is slow; beyond it no job line is sent.
const REPORTS_WAITING_MAX: usize = 64;
/// Waits between attempts to open a port.
pub(super) const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(10);
/// After an emergency stop the firmware says that it halted; a job is Unknown when it does not within this time.
pub(super) const HALT_WAIT: Duration = Duration::from_secs(3);
/// How often a board without automatic reports is asked, and every board for foreign prints.
const ASK_EVERY: Duration = Duration::from_secs(3);
/// A board that does not answer is asked again after this long (without opening the port anew).
pub(super) const STUCK_RETRY: Duration = Duration::from_secs(5);
/// Longest sleep of the loop.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// Sleep when something is overdue that waits for something else.
const OVERDUE_WAIT: Duration = Duration::from_millis(20);
/// Temperatures, progress and the age of what was heard are shown at most this often.
const SHOW_EVERY: Duration = Duration::from_millis(400);

/// A start order whose file is being read.
pub(super) struct Checking {
    pub(super) order: Box<StartOrder>,
    pub(super) reply: StartAnswer,
    pub(super) work: JoinHandle<Result<Checked, Unfit>>,
}

/// An open port and what is in hand for it.
pub(super) struct Link {
    pub(super) port: Port,
    pub(super) session: Session,
    pub(super) splitter: Splitter,
    pub(super) out: Vec<u8>,
}

pub(super) struct Actor {
    pub(super) printer: SerialPrinter,
    pub(super) ends: Ends,
    pub(super) began: Instant,
    pub(super) link: Option<Link>,
    pub(super) open_at: Option<Mono>,
    pub(super) retry: Duration,
    pub(super) job: Option<Job>,
    pub(super) checking: Option<Checking>,
    pub(super) begun: BTreeSet<AttemptNo>,
    pub(super) waiting: VecDeque<Report>,
    pub(super) view: PrinterView,
    pub(super) foreign: bool,
    /// The firmware is not the profile's; why nothing is started on it.
    pub(super) wrong_firmware: Option<String>,
    pub(super) person_until: Option<Mono>,
    pub(super) ask_at: Mono,
    pub(super) stuck_until: Option<Mono>,
    pub(super) halt_by: Option<Mono>,
    pub(super) stops: Vec<Stop>,
    pub(super) open_replies: Vec<Answer>,
}

/// What a turn of the loop was about.
enum Turn {
    Shutdown,
    Stop(Stop),
    Read(std::io::Result<usize>),
    Written(std::io::Result<usize>),
    Request(Request),
    Line(Option<String>),
    Durable(bool),
    Checked(Result<Checked, Unfit>),
    Time,
}

/// Runs until shutdown.
pub(super) async fn run(printer: SerialPrinter, ends: Ends) {
    let closed = printer.policy == PortPolicy::StayClosed;
    let mut actor = Actor {
        view: PrinterView::unseen(if closed {
            "the agent stopped in mid-print: opening the port would reset the board. Look at the printer, then open it"
        } else {
            "not connected yet"
        }),
        open_at: (!closed).then_some(Mono::ZERO),
        printer,
        ends,
        began: Instant::now(),
        link: None,
        retry: RETRY_FIRST,
        job: None,
        checking: None,
        begun: BTreeSet::new(),
        waiting: VecDeque::new(),
        foreign: false,
        wrong_firmware: None,
        person_until: None,
        ask_at: Mono::ZERO,
        stuck_until: None,
        halt_by: None,
        stops: Vec::new(),
        open_replies: Vec::new(),
    };
    let mut buffer = vec![0; 4096];
    loop {
        actor.pump();
        actor.publish();
        let turn = actor.turn(&mut buffer).await;
        if matches!(turn, Turn::Shutdown) {
            return;
        }
        actor.take(turn, &buffer);
    }
}

impl Actor {
    pub(super) fn now(&self) -> Mono {
        self.began.elapsed()
    }

    /// Waits for the next thing. Every branch may be dropped without loss: reads and writes of the port are, channel
    /// receives are, and the file check and the mark are held by reference.
    async fn turn(&mut self, buffer: &mut [u8]) -> Turn {
        let sleep = self.began + self.deadline();
        let wants_lines =
            self.job.as_ref().is_some_and(|job| !job.source_ended && job.ahead.len() < AHEAD_LINES);
        let has_reports = !self.waiting.is_empty();
        let (mut reader, mut writer, mut out) = (None, None, &[][..]);
        if let Some(link) = &mut self.link {
            (reader, writer, out) = (Some(&mut link.port.reader), Some(&mut link.port.writer), &link.out[..]);
        }
        let (mut lines, mut durable) = (None, None);
        if let Some(job) = &mut self.job {
            lines = Some(&mut job.lines);
            if let Phase::MarkAsked { durable: waiting } = &mut job.phase {
                durable = Some(waiting);
            }
        }
        let work = self.checking.as_mut().map(|checking| &mut checking.work);
        tokio::select! {
            biased;
            () = self.ends.shutdown.cancelled() => Turn::Shutdown,
            Some(stop) = self.ends.stops.recv() => Turn::Stop(stop),
            got = async { match &mut reader { Some(reader) => reader.read(buffer).await, None => pending().await } } => {
                Turn::Read(got)
            }
            done = async { match &mut writer { Some(writer) => writer.write(out).await, None => pending().await } },
                if !out.is_empty() => Turn::Written(done),
            Some(request) = self.ends.requests.recv() => Turn::Request(request),
            Ok(permit) = self.ends.reports.reserve(), if has_reports => {
                if let Some(report) = self.waiting.pop_front() {
                    permit.send(report);
                }
                Turn::Time
            }
            marked = async { match durable { Some(durable) => durable.await, None => pending().await } } => {
                Turn::Durable(marked.is_ok())
            }
            done = async { match work { Some(work) => work.await, None => pending().await } } => {
                Turn::Checked(done.unwrap_or_else(|error| Err(Unfit::Read(std::io::Error::other(error)))))
            }
            line = async { match &mut lines { Some(lines) => lines.recv().await, None => pending().await } },
                if wants_lines => Turn::Line(line),
            () = tokio::time::sleep_until(sleep) => Turn::Time,
        }
    }

    /// When something is due at the latest, since the task began.
    fn deadline(&self) -> Mono {
        let now = self.now();
        let session = self.link.as_ref().and_then(|link| link.session.deadline());
        let due = [session, self.open_at, self.stuck_until, self.halt_by, self.person_until]
            .into_iter()
            .flatten()
            .min();
        let due = due.map_or(now + IDLE_MAX, |due| due.min(now + IDLE_MAX));
        if due > now { due } else { now + OVERDUE_WAIT }
    }

    fn take(&mut self, turn: Turn, buffer: &[u8]) {
        match turn {
            Turn::Shutdown | Turn::Time => {}
            Turn::Stop(stop) => self.emergency(stop),
            Turn::Read(Ok(n)) if n > 0 => self.received(buffer.get(..n).unwrap_or_default()),
            Turn::Read(Ok(_)) => self.gone("the serial port is gone: unplugged or switched off"),
            Turn::Read(Err(error)) | Turn::Written(Err(error)) => {
                self.gone(&format!("the serial port failed: {error}"))
            }
            Turn::Written(Ok(n)) => self.written(n),
            Turn::Request(request) => self.request(request),
            Turn::Durable(durable) => self.marked(durable),
            Turn::Checked(checked) => self.checked(checked),
            Turn::Line(line) => {
                if let Some(job) = &mut self.job {
                    match line {
                        Some(line) => job.ahead.push_back(line),
                        None => job.source_ended = true,
                    }
                }
            }
        }
    }

    fn written(&mut self, n: usize) {
        let Some(link) = &mut self.link else { return };
        link.out.drain(..n.min(link.out.len()));
        if link.out.is_empty() {
            for stop in self.stops.drain(..) {
                drop(stop.send(Ok(()))); // The person who asked may have gone.
            }
        }
    }

    /// Bytes from the board: lines, their meaning, what they bring about.
    fn received(&mut self, bytes: &[u8]) {
        let now = self.now();
        let Some(link) = &mut self.link else { return };
        let mut replies = Vec::new();
        let firmware = &self.printer.firmware;
        link.splitter.push(bytes, |line| replies.push((classify(line, firmware), line.to_owned())));
        for (reply, text) in replies {
            tracing::trace!(printer = %self.ends.id, "< {text}");
            if let Some(name) = firmware_name(&text) {
                self.named(name);
            }
            self.notice(&reply);
            let mut happened = Vec::new();
            if let Some(link) = &mut self.link {
                link.session.on_reply(&reply, now, |what| happened.push(what));
            }
            for what in happened {
                self.happened(what);
            }
        }
    }

    /// Opens, sends what is due, and lets time-outs take effect.
    fn pump(&mut self) {
        let now = self.now();
        if self.link.is_none() && self.open_at.is_some_and(|at| now >= at) {
            self.open();
        }
        if self.halt_by.is_some_and(|by| now >= by) {
            self.halt_by = None;
            self.lose(Lost::Link, "the emergency stop was sent and the printer did not say that it halted");
        }
        if self.person_until.is_some_and(|until| now >= until) {
            self.person_done();
        }
        if self.stuck_until.is_some_and(|until| now >= until) {
            self.stuck_until = None;
            if let Some(link) = &mut self.link {
                link.session.ask_again(now);
            }
        }
        self.ask(now);
        self.conduct();
        while let Some(link) = &mut self.link {
            if link.out.len() >= OUT_BYTES_MAX {
                break;
            }
            match link.session.due(now) {
                Some(bytes) => link.out.extend(bytes),
                None if self.job_line(now) => {}
                None => break,
            }
        }
        if let Some(stuck) = self.link.as_mut().and_then(|link| link.session.check()) {
            self.happened(stuck);
        }
        if self.waiting.len() < REPORTS_WAITING_MAX
            && let Some(what) = self.job.as_mut().and_then(|job| job.progress_due(now))
        {
            self.report(what);
        }
    }

    /// Hands one line of the job to the port, if one may go now.
    fn job_line(&mut self, now: Mono) -> bool {
        let (Some(link), Some(job)) = (&mut self.link, &mut self.job) else { return false };
        let free = link.session.stage == Stage::Ready && !link.session.is_busy();
        if !free || self.waiting.len() >= REPORTS_WAITING_MAX {
            return false;
        }
        match job.next() {
            Next::Nothing => false,
            Next::Mark => {
                let (sender, durable) = oneshot::channel();
                job.phase = Phase::MarkAsked { durable };
                let attempt = job.order.attempt;
                self.report(What::LastLineNext { attempt, durable: sender });
                false
            }
            Next::Short => {
                self.lose(Lost::Contradiction, "the G-code file ended before its last line");
                false
            }
            Next::Line => {
                let Some((text, index)) = job.peek() else { return false };
                if !link.session.wire.has_room(text, now) {
                    return false;
                }
                let bytes = link.session.wire.send(text, Tag::Job(index), now);
                link.out.extend(bytes);
                if index == 0 {
                    let attempt = job.order.attempt;
                    tracing::info!(milestone = "FirstLineSent", attempt.no = %attempt, "the first line of attempt {attempt} goes out");
                }
                job.sent();
                true
            }
        }
    }

    /// Questions in between: temperatures where the firmware does not report them, prints that are not ours.
    fn ask(&mut self, now: Mono) {
        if now < self.ask_at {
            return;
        }
        self.ask_at = now + ASK_EVERY;
        let Some(link) = &mut self.link else { return };
        if !link.session.reports_temperatures() {
            link.session.poll("M105");
        }
        if link.session.capabilities.has_card && self.job.is_none() {
            link.session.poll("M27");
        }
    }

    pub(super) fn open(&mut self) {
        let now = self.now();
        self.open_at = None;
        match port::open(&self.printer.port, self.printer.baud) {
            Ok(port) => {
                self.wrong_firmware = None;
                let session = Session::new(&self.printer.firmware, now);
                self.link = Some(Link { port, session, splitter: Splitter::default(), out: Vec::new() });
                self.view.connection = Connection::Opening;
            }
            Err(error) => {
                let why = error.to_string();
                tracing::debug!(printer = %self.ends.id, %error, "port not opened");
                for reply in self.open_replies.drain(..) {
                    drop(reply.send(Err(why.clone())));
                }
                self.view.connection = Connection::Closed { why };
                self.open_at = Some(now + self.retry);
                self.retry = (self.retry * 2).min(RETRY_MAX);
            }
        }
    }

    /// Queues a report; none is ever dropped.
    pub(super) fn report(&mut self, what: What) {
        self.waiting.push_back(Report { printer: self.ends.id.clone(), what });
    }

    /// Shows the state: at once when it changed, else now and then.
    fn publish(&mut self) {
        let now = Instant::now();
        let view = &mut self.view;
        if let Some(link) = &self.link {
            view.connection = match &link.session.stage {
                Stage::Booting { .. } | Stage::Handshake | Stage::SettingUp => Connection::Opening,
                Stage::Ready => Connection::Up,
                Stage::Halted => Connection::Halted { why: view.message.clone().unwrap_or_default() },
                Stage::Stuck(_) => Connection::Silent,
            };
        }
        view.attempt = self.job.as_ref().map(|job| job.order.attempt);
        view.job_name = self.job.as_ref().map(|job| job.order.file_name.clone());
        view.doing = match (&self.job, &view.connection) {
            _ if self.person_until.is_some() => Doing::NeedsPerson,
            (Some(job), _) => job.doing(),
            (None, _) if self.checking.is_some() => Doing::Preparing,
            (None, _) if self.foreign => Doing::Foreign,
            (None, Connection::Up) => Doing::Idle,
            (None, Connection::Halted { .. }) => Doing::Faulty,
            (None, Connection::Closed { .. } | Connection::Opening | Connection::Silent) => Doing::Unknown,
        };
        view.progress = self.job.as_ref().map(Job::progress).unwrap_or_default();
        self.ends.view.send_if_modified(|shown| {
            let mut same = shown.clone();
            (same.heard, same.progress, same.temperatures) = (view.heard, view.progress, view.temperatures);
            let old = shown.heard.is_none_or(|heard| now.saturating_duration_since(heard) >= SHOW_EVERY);
            let changed = same != *view || (old && *shown != *view);
            if changed {
                shown.clone_from(view);
            }
            changed
        });
    }
}
