//! The small loop: prepares what will be printed, claims what is ready, starts what every guard allows, stops what the
//! hub wants stopped. It decides nothing that `guards` and `matching` have not decided.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use firmware_profiles::Profile;
use protocol::{
    assignment::{Assignment as State, Right},
    attempt::{Attempt, Event, Lost},
    ids::{AttemptNo, JobId, PrinterId, Sha256},
    wire::v1::{Desired, Kind, Summary},
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    Reason,
    guards::{self, Room},
    matching::{self, Candidate},
    summary,
};
use crate::{
    config::Limits,
    files,
    floor::{Floor, Station},
    ledger::{
        LedgerError,
        intent::{Intent, StartPermit},
        view::{AssignmentRow, PrinterRow, Snapshot},
    },
    pipeline::{Class, Pipeline, Request},
    printer::{PrinterError, StartOrder},
    tasks,
};

/// How often everything is looked at without news.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// News within this time are taken together.
const SETTLE: Duration = Duration::from_millis(20);
/// Wait before a failed preparation is tried again; doubles up to [`RETRY_LARGEST`].
const RETRY_FIRST: Duration = Duration::from_secs(10);
/// Longest such wait.
const RETRY_LARGEST: Duration = Duration::from_secs(600);
/// Printer classes for which one job is prepared at most.
const CLASSES_MAX: usize = 4;

/// The scheduler.
#[derive(Debug)]
pub struct Scheduler {
    floor: Floor,
    pipeline: Pipeline,
    limits: Limits,
    data_dir: std::path::PathBuf,
    summary: watch::Sender<Summary>,
    /// When a class may be asked of the pipeline again, and after how many failures.
    asked: BTreeMap<Class, (Instant, u32)>,
    /// Attempts whose cancel was asked of their printer.
    cancelling: BTreeSet<AttemptNo>,
}

/// A printer that nobody has said anything of.
static NOTHING_SAID: PrinterRow = PrinterRow {
    material: None,
    color: None,
    confirmed_profile: None,
    out_of_service: None,
    may_open_port: true,
};

impl Scheduler {
    /// A scheduler for a floor.
    #[must_use]
    pub fn new(
        floor: Floor,
        pipeline: Pipeline,
        limits: Limits,
        data_dir: std::path::PathBuf,
        summary: watch::Sender<Summary>,
    ) -> Self {
        Self {
            floor,
            pipeline,
            limits,
            data_dir,
            summary,
            asked: BTreeMap::new(),
            cancelling: BTreeSet::new(),
        }
    }

    /// Runs until `stop`. A start that was begun is finished first.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut changes = self.floor.ledger.changes();
        while !stop.is_cancelled() {
            if let Err(error) = self.look().await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the scheduler could not look at the floor: nothing is started");
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    tokio::time::sleep(SETTLE).await;
                    changes.mark_unchanged();
                }
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn look(&mut self) -> Result<(), LedgerError> {
        let snapshot = self.floor.ledger.snapshot().await?;
        self.summary.send_replace(summary::of(&self.floor, &snapshot));
        self.prepare(&snapshot);
        self.slice_only(&snapshot).await?;
        self.stop_unwanted(&snapshot);
        self.claim(&snapshot).await?;
        self.start().await
    }

    /// Asks the pipeline for G-code: first one class for every open job, spread over the classes by their printers,
    /// so that no printer waits for another one's files; then the other classes.
    fn prepare(&mut self, snapshot: &Snapshot) {
        let floor = self.floor.clone();
        self.asked.retain(|(job, ..), _| snapshot.assignment(*job).is_some());
        let mut load: BTreeMap<String, usize> = BTreeMap::new();
        let mut is_first_done_for_all = true;
        let mut later = Vec::new();
        for job in snapshot.open.iter().filter(|j| wants_gcode(j) && j.body.kind == Kind::Print) {
            let classes = classes_for(&floor, snapshot, job);
            let made = classes.iter().find(|s| matching::artifact_for(snapshot, job, &s.profile).is_some());
            let first = made.or_else(|| classes.iter().min_by_key(|s| load_of(&floor, &load, s)));
            let Some(first) = first else { continue };
            *load.entry(first.profile.id.to_string()).or_default() += 1;
            is_first_done_for_all &= made.is_some();
            if made.is_none() {
                self.ask(job, &first.profile);
            }
            later.extend(classes.iter().filter(|s| s.profile.id != first.profile.id).map(|s| (job, *s)));
        }
        for (job, station) in later.into_iter().filter(|_| is_first_done_for_all) {
            if matching::artifact_for(snapshot, job, &station.profile).is_none() {
                self.ask(job, &station.profile);
            }
        }
    }

    /// Jobs that want G-code and no print: made for the model that they name, whether such a printer stands here or not.
    async fn slice_only(&mut self, snapshot: &Snapshot) -> Result<(), LedgerError> {
        for job in snapshot.open.iter().filter(|j| wants_gcode(j) && j.body.kind == Kind::SliceOnly) {
            let library = Arc::clone(&self.floor.library);
            let (models, material) = (&job.body.wants.profiles, matching::material_of(job));
            let profile = models.iter().find_map(|p| library.profile(p));
            let (Some(profile), Some(_known)) = (profile, library.material(material)) else {
                let why =
                    format!("This agent has no model {} or no material {material}.", models.join(" or "));
                self.floor.ledger.stage_failed(job.job(), why, true).await?;
                continue;
            };
            if matching::artifact_for(snapshot, job, profile).is_none() {
                self.ask(job, &Arc::new(profile.clone()));
            }
        }
        Ok(())
    }

    /// Asks once; again after a failure, at growing intervals.
    fn ask(&mut self, job: &AssignmentRow, profile: &Arc<Profile>) {
        let now = Instant::now();
        let Some(material) = self.floor.library.material(matching::material_of(job)) else { return };
        let request = Request {
            job: job.job(),
            artifact: job.body.artifact.clone(),
            profile: Arc::clone(profile),
            material: Arc::new(material.clone()),
        };
        let class = request.class();
        let (not_before, tries) = self.asked.get(&class).copied().unwrap_or((now, 0));
        if now >= not_before && self.pipeline.request(request) {
            let wait = RETRY_FIRST.saturating_mul(1 << tries.min(10)).min(RETRY_LARGEST);
            self.asked.insert(class, (now + wait, tries.saturating_add(1)));
        }
    }

    /// Cancels running prints that the hub wants stopped: the wish stays, so a lost answer is asked again.
    fn stop_unwanted(&mut self, snapshot: &Snapshot) {
        self.cancelling.retain(|no| snapshot.attempts.iter().any(|a| a.no == *no && !a.state.is_terminal()));
        for attempt in
            snapshot.attempts.iter().filter(|a| matches!(a.state, Attempt::Printing | Attempt::Paused))
        {
            let wanted = snapshot.assignment(attempt.job).map(|j| j.body.desired);
            let Ok(station) = self.floor.station(&attempt.printer) else { continue };
            if wanted == Some(Desired::Cancel) && self.cancelling.insert(attempt.no) {
                let handle = station.handle.clone();
                let no = attempt.no;
                drop(tasks::spawn(async move {
                    if let Err(error) = handle.cancel().await {
                        tracing::warn!(attempt.no = %no, %error, "attempt {no} could not be cancelled as the hub wants");
                    }
                }));
            }
        }
    }

    async fn claim(&self, snapshot: &Snapshot) -> Result<(), LedgerError> {
        for job in &snapshot.open {
            let is_pinned = Right::from(job.body.right) == Right::Pinned;
            let is_print = job.body.kind == Kind::Print;
            if job.state == State::Ready && is_pinned && is_print && !snapshot.agent.is_quarantined {
                self.floor.ledger.claim(job.job()).await?;
            }
        }
        Ok(())
    }

    /// Starts at most one job per printer per look; each start reads the ledger anew.
    async fn start(&self) -> Result<(), LedgerError> {
        for station in self.floor.stations.iter() {
            let snapshot = self.floor.ledger.snapshot().await?;
            if snapshot.live_on(&station.settings.id).is_some() {
                continue;
            }
            let Some((job, artifact, guards)) = self.choose(&snapshot, station) else { continue };
            match self.floor.blobs.verify(artifact) {
                Ok(_path) => {}
                Err(error) => {
                    tracing::warn!(job.id = %job, %error, "the G-code of job {job} cannot be used and is made again");
                    self.floor.ledger.artifact_lost(job, artifact).await?;
                    continue;
                }
            }
            let intent =
                Intent { job, printer: station.settings.id.clone(), owner: station.owner, artifact, guards };
            match self.floor.ledger.write_intent(intent).await {
                Ok(permit) => self.order(station, &permit, &snapshot),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(job.id = %job, error, "the ledger refused to start job {job}");
                }
            }
        }
        Ok(())
    }

    /// First fit: the first job in the order of the queue that every guard allows here.
    fn choose(
        &self,
        snapshot: &Snapshot,
        station: &Station,
    ) -> Option<(JobId, Sha256, crate::ledger::intent::Guards)> {
        let now = station.now();
        let room = self.room();
        snapshot.open.iter().filter(|j| j.state == State::Claimed).find_map(|job| {
            let (artifact, guards) =
                guards::check(snapshot, job, candidate(snapshot, station), &now, room).ok()?;
            Some((job.job(), artifact, guards))
        })
    }

    fn room(&self) -> Room {
        let free = files::free_bytes(&self.data_dir).unwrap_or(0);
        Room { disk_has_room: free >= self.limits.free_bytes_min }
    }

    /// Hands a permit to the printer's task and writes down a refusal that proves that nothing left.
    fn order(&self, station: &Station, permit: &StartPermit, snapshot: &Snapshot) {
        let intent = permit.intent();
        let attempt = permit.attempt();
        let label = snapshot.assignment(intent.job).map_or_else(String::new, |j| j.label.clone());
        let order = StartOrder {
            attempt,
            job: intent.job,
            task_id: permit.task_id().to_owned(),
            gcode: self.floor.blobs.path_of(intent.artifact),
            file_name: file_name(&label, intent.job, station),
            sha256: intent.artifact,
            estimated: Duration::ZERO,
        };
        tracing::info!(attempt.no = %attempt, job.id = %intent.job, printer.id = %intent.printer, "attempt {attempt} starts {label} on {}", intent.printer);
        let (handle, ledger) = (station.handle.clone(), self.floor.ledger.clone());
        drop(tasks::spawn(async move {
            let (event, evidence) = match handle.start(order).await {
                Ok(()) => return,
                Err(PrinterError::NotStarted { refused, .. }) => {
                    (Event::NotStarted(refused.proof), refused.why)
                }
                Err(PrinterError::Stopped { .. }) => {
                    (Event::EvidenceLost(Lost::Link), "the printer's task ended while it started".to_owned())
                }
                Err(
                    error @ (PrinterError::Busy { .. }
                    | PrinterError::Silent { .. }
                    | PrinterError::NotNow { .. }),
                ) => (Event::EvidenceLost(Lost::StartNotConfirmed), error.to_string()),
            };
            if let Err(error) = ledger.apply(attempt, event, evidence).await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(attempt.no = %attempt, error, "what became of attempt {attempt} could not be written");
            }
        }));
    }

    /// Every printer's reasons against a job now: what the queue page and `why` show.
    #[must_use]
    pub fn why(
        floor: &Floor,
        snapshot: &Snapshot,
        job: &AssignmentRow,
        room: Room,
    ) -> Vec<(PrinterId, Vec<Reason>)> {
        let of = |station: &Station| {
            let checked = guards::check(snapshot, job, candidate(snapshot, station), &station.now(), room);
            (station.settings.id.clone(), checked.err().unwrap_or_default())
        };
        floor.stations.iter().map(of).collect()
    }
}

/// One printer of each class that could print the job with what is loaded; else of the first class at all.
fn classes_for<'a>(floor: &'a Floor, snapshot: &Snapshot, job: &AssignmentRow) -> Vec<&'a Station> {
    let mut classes: Vec<&Station> = Vec::new();
    let mut second_best = None;
    for station in floor.stations.iter() {
        if classes.iter().any(|s| s.profile.id == station.profile.id) {
            continue;
        }
        match matching::fits(job, candidate(snapshot, station)) {
            Ok(()) => classes.push(station),
            Err(against) if against.iter().all(is_about_material) => {
                second_best = second_best.or(Some(station))
            }
            Err(_never) => {}
        }
    }
    if classes.is_empty() {
        classes.extend(second_best);
    }
    classes.truncate(CLASSES_MAX);
    classes
}

/// Jobs per printer of a class, in thousandths, so that classes with more printers get more.
fn load_of(floor: &Floor, load: &BTreeMap<String, usize>, station: &Station) -> usize {
    let printers_n = floor.stations.iter().filter(|s| s.profile.id == station.profile.id).count();
    load.get(station.profile.id.as_str()).copied().unwrap_or(0) * 1000 / printers_n.max(1)
}

fn candidate<'a>(snapshot: &'a Snapshot, station: &'a Station) -> Candidate<'a> {
    Candidate {
        id: &station.settings.id,
        profile: &station.profile,
        tags: &station.settings.tags,
        said: snapshot.printers.get(&station.settings.id).unwrap_or(&NOTHING_SAID),
    }
}

fn wants_gcode(job: &AssignmentRow) -> bool {
    let is_open = matches!(job.state, State::Seen | State::Staging | State::Ready | State::Claimed);
    let is_wanted = !matches!(job.body.desired, Desired::Withdraw | Desired::Cancel);
    is_open && is_wanted && job.body.kind != Kind::PrintLabel
}

const fn is_about_material(reason: &Reason) -> bool {
    matches!(reason, Reason::NothingLoaded | Reason::WrongMaterial { .. } | Reason::WrongColor { .. })
}

/// What the printer's display shows: label and short id, in letters that every firmware takes.
fn file_name(label: &str, job: JobId, station: &Station) -> String {
    let plain: String =
        label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(24).collect();
    let ending = match station.owner {
        protocol::attempt::Owner::Stream => "gcode",
        protocol::attempt::Owner::Printer => "gcode.3mf",
    };
    format!("{}-{}.{ending}", plain.trim_matches('-'), job.short())
}
