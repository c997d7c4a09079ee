//! The loop: log in, poll, store what came, poll again. One request in flight; an abandoned one is dropped.

use std::{sync::Arc, time::Duration};

use firmware_profiles::{Control, Library};
use protocol::{
    assignment::Assignment as State,
    units::{HubIncarnation, Seq, WallMs},
    wire::{
        PROTO,
        v1::{Artifact, ClockReading, Kind, Summary, SyncRequest},
    },
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Backoff, HubClient, Identity, SyncError, resync};
use crate::{
    blobs::{self, BlobStore},
    clock::Clock,
    files,
    ledger::Ledger,
};

/// Longest wait asked of the hub, milliseconds.
const WAIT_MS: u32 = 50_000;
/// Bytes of events per request before the hub has said what it takes.
const BATCH_BYTES: usize = 500_000;
/// How long a change settles before it interrupts a waiting poll: a start makes several events.
const SETTLE: Duration = Duration::from_millis(50);

/// How the hub link is, for pages and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkState {
    /// What it is.
    pub link: Link,
    /// Since when.
    pub since: WallMs,
}

/// The hub link in words of the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// No hub in the settings.
    Alone,
    /// A hub, and no enrolment yet.
    NotEnrolled,
    /// Answers.
    Connected,
    /// Does not answer; work goes on.
    Offline,
    /// Answers and refuses; the text says why.
    Refused(String),
}

/// Everything that the loop needs.
#[derive(Debug)]
pub struct SyncTask {
    /// The ledger.
    pub ledger: Ledger,
    /// The hub.
    pub client: HubClient,
    /// The agent's key.
    pub identity: Identity,
    /// Clocks.
    pub clock: Clock,
    /// Printer models.
    pub library: Arc<Library>,
    /// The files.
    pub blobs: BlobStore,
    /// Where free room is measured.
    pub data_dir: std::path::PathBuf,
    /// The present, from the scheduler.
    pub summary: watch::Receiver<Summary>,
    /// Where the link's state is shown.
    pub link: watch::Sender<LinkState>,
}

impl SyncTask {
    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut backoff = Backoff::default();
        loop {
            let wait = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                done = self.one_round() => match done {
                    Ok(after) => {
                        backoff.reset();
                        after
                    }
                    Err(error) => self.failed(&error, &mut backoff),
                },
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// One round: a token if needed, then a poll. Says how long to wait before the next.
    async fn one_round(&mut self) -> Result<Duration, SyncError> {
        let state = self.ledger.sync_state().await?;
        let Some(agent) = state.agent else {
            self.show(Link::NotEnrolled);
            let mut changes = self.ledger.changes();
            changes.mark_unchanged();
            // Enrolment is a write of the ledger; the time-out only bounds a missed one.
            drop(tokio::time::timeout(Duration::from_secs(60), changes.changed()).await);
            return Ok(Duration::ZERO);
        };
        if !self.client.is_logged_in() {
            self.client.log_in(&self.identity, agent).await?;
        }
        // What was made before the first hub was met was never told as events.
        let is_first = state.hub_seen == HubIncarnation::default();
        if state.is_quarantined || (is_first && !self.ledger.held().await?.is_empty()) {
            return self.compare_notes().await;
        }
        let Some(reply) = self.poll(state.acked_seq).await? else {
            return Ok(Duration::ZERO); // Interrupted by news of our own: ask again with them.
        };
        self.show(Link::Connected);
        let after = Duration::from_millis(reply.next.after_ms.into());
        for rejected in &reply.rejected {
            tracing::warn!(event.seq = %rejected.seq, "the hub took event {} without effect: {}", rejected.seq, rejected.why);
        }
        let stored = self.ledger.store_reply(reply).await?;
        if stored.must_resync {
            return self.compare_notes().await;
        }
        self.fetch_a_blob().await?;
        self.send_a_slice().await?;
        Ok(after)
    }

    /// Fetches one file that an open job needs and that is not here: one a round, so that events are never held up for
    /// more than one file. What came is kept when the link breaks.
    async fn fetch_a_blob(&self) -> Result<(), SyncError> {
        let snapshot = self.ledger.snapshot().await?;
        let missing = snapshot.open.iter().find_map(|job| match &job.body.artifact {
            Artifact::Blob { sha256, .. } if !self.blobs.has(*sha256) => Some(*sha256),
            Artifact::Blob { .. } | Artifact::Grid { .. } => None,
        });
        let Some(sha256) = missing else { return Ok(()) };
        let (url, bytes) = self.client.ticket(sha256).await?;
        let (http, token) = self.client.for_files();
        if let Err(error) = blobs::download(&self.blobs, http, (url, token), sha256, bytes).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(blob = %sha256, error, "a file of a job is not here yet; it is fetched again");
        }
        Ok(())
    }

    /// Sends the G-code of one job that wants nothing else; only then is the job done and reported. One a round, as above.
    async fn send_a_slice(&self) -> Result<(), SyncError> {
        let snapshot = self.ledger.snapshot().await?;
        let made = snapshot.open.iter().filter(|j| j.body.kind == Kind::SliceOnly && j.state == State::Ready);
        let made = made.into_iter().find_map(|j| Some((j, snapshot.artifact_of(j.job())?)));
        let Some((job, (class, sha256))) = made else { return Ok(()) };
        let ending = match self.library.profile(class).map(|p| &p.control) {
            Some(Control::PrinterOwned(_)) => "gcode.3mf",
            Some(Control::Streamed(_) | Control::PrinterOwnedHttp(_)) | None => "gcode",
        };
        let url = self.client.upload_address(sha256, &format!("{}.{ending}", job.label))?;
        let (http, token) = self.client.for_files();
        match blobs::upload(&self.blobs, http, (url, token), sha256).await {
            Ok(()) => self.ledger.slice_delivered(job.job(), sha256).await?,
            Err(blobs::UploadError::Blob(error)) => {
                tracing::warn!(job.id = %job.job(), %error, "G-code cannot be sent and is made again");
                self.ledger.artifact_lost(job.job(), sha256).await?;
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(job.id = %job.job(), blob = %sha256, error, "G-code is not at the hub yet; the rest is sent again");
            }
        }
        Ok(())
    }

    async fn compare_notes(&self) -> Result<Duration, SyncError> {
        let request = resync::request(&self.ledger).await?;
        let reply = self.client.resync(&request).await?;
        tracing::info!(
            rows_n = request.ledger.len(),
            quarantined = reply.quarantined,
            "compared notes with the hub"
        );
        let wait = if reply.quarantined { Duration::from_secs(10) } else { Duration::ZERO };
        if reply.quarantined {
            self.show(Link::Refused("The owner must release this agent on the hub first.".into()));
        }
        self.ledger.resynced(reply).await?;
        Ok(wait)
    }

    /// Sends what is pending and waits for news; `None` when our own news interrupted the wait.
    async fn poll(&mut self, acked: Seq) -> Result<Option<protocol::wire::v1::SyncReply>, SyncError> {
        let mut changes = self.ledger.changes();
        changes.mark_unchanged();
        let request = self.request(acked).await?;
        let is_waiting = request.events.is_empty();
        tokio::select! {
            reply = self.client.sync(&request) => reply.map(Some),
            () = news(&self.ledger, &mut changes, acked), if is_waiting => Ok(None),
        }
    }

    async fn request(&self, acked: Seq) -> Result<SyncRequest, SyncError> {
        let (events, backlog_events) = self.ledger.pending_events(acked, BATCH_BYTES).await?;
        let state = self.ledger.sync_state().await?;
        let stamp = self.ledger.stamp();
        // Until the hub has answered once, nobody waits: else the pages would call a hub offline that only has no news.
        let may_wait = events.is_empty() && self.link.borrow().link == Link::Connected;
        Ok(SyncRequest {
            proto: PROTO,
            agent_incarnation: self.ledger.incarnation(),
            boot_id: stamp.boot,
            hub_incarnation_seen: state.hub_seen,
            down_cursor: state.cursor,
            wait_ms: if may_wait { WAIT_MS } else { 0 },
            events,
            clock: ClockReading { wall_ms: stamp.wall, mono_ms: stamp.mono, synced: stamp.synced },
            free_bytes: files::free_bytes(&self.data_dir).unwrap_or(0),
            backlog_events,
            summary: self.summary.borrow().clone(),
        })
    }

    fn failed(&mut self, error: &SyncError, backoff: &mut Backoff) -> Duration {
        match error {
            SyncError::TokenExpired => {
                self.client.forget_token();
                return backoff.next_wait();
            }
            SyncError::Wait { wait_s } => return Duration::from_secs(*wait_s),
            SyncError::Refused { detail, .. } => self.show(Link::Refused(detail.clone())),
            SyncError::Link { .. }
            | SyncError::Answer(_)
            | SyncError::Key(_)
            | SyncError::NotAKey(_)
            | SyncError::Random(_)
            | SyncError::Client(_)
            | SyncError::Ledger(_) => self.show(Link::Offline),
        }
        tracing::debug!(error = error as &dyn std::error::Error, "no sync this time");
        backoff.next_wait()
    }

    fn show(&self, link: Link) {
        let now = self.clock.wall();
        let changed = self.link.send_if_modified(|shown| {
            let is_new = shown.link != link;
            if is_new {
                *shown = LinkState { link: link.clone(), since: now };
            }
            is_new
        });
        if changed {
            tracing::info!(hub.link = ?link, "the hub link is now {link:?}");
        }
    }
}

/// Waits until the ledger holds events that the hub has not got.
async fn news(ledger: &Ledger, changes: &mut watch::Receiver<u64>, acked: Seq) {
    loop {
        if changes.changed().await.is_err() {
            return std::future::pending().await;
        }
        tokio::time::sleep(SETTLE).await;
        if ledger.sync_state().await.is_ok_and(|s| s.last_seq > acked) {
            return;
        }
    }
}
