//! The long poll, claims and resyncs. An answer that nobody waits for any more changes nothing: everything in it is in
//! the database, and the next poll brings it again.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use protocol::ids::AgentId;
use protocol::job::ClaimAnswer;
use protocol::wire::v1::{Claim, ClaimReply, Down, ResyncReply, ResyncRequest, SyncReply, SyncRequest};
use protocol::wire::{PROTO, WAIT_MS_MAX};

use super::read;
use crate::hub::Hub;
use crate::web::auth::Speaker;
use crate::web::problem::Problem;

/// A waiting poll looks by itself this often: a lost ring costs at most this.
const LOOK_EVERY: Duration = Duration::from_secs(15);

fn supported(proto: u16) -> Result<(), Problem> {
    if proto == PROTO {
        return Ok(());
    }
    let text =
        format!("This hub speaks version {PROTO} of the messages, not {proto}: update the older side.");
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "other-version", text))
}

pub(super) async fn sync(
    State(hub): State<Arc<Hub>>,
    Extension(Speaker(agent)): Extension<Speaker>,
    body: Bytes,
) -> Result<Json<SyncReply>, Problem> {
    let mut request: SyncRequest = read(&body)?;
    supported(request.proto)?;
    let wait = Duration::from_millis(request.wait_ms.min(WAIT_MS_MAX).into());
    let deadline = tokio::time::Instant::now() + wait;
    let bell = hub.bells.of(agent);
    loop {
        // Listening before looking: a ring in between is not missed.
        let rung = bell.notified();
        let reply = once(&hub, agent, &request).await?;
        let has_news = !request.events.is_empty() || !is_empty(&reply.down);
        if has_news || tokio::time::Instant::now() >= deadline {
            return Ok(Json(reply));
        }
        request.events.clear();
        // Greeted once: what else this request brings comes from the same life.
        request.hub_incarnation_seen = reply.hub_incarnation;
        let until = deadline.min(tokio::time::Instant::now() + LOOK_EVERY);
        tokio::select! {
            () = rung => {}
            () = tokio::time::sleep_until(until) => {}
            () = hub.stopping.cancelled() => return Ok(Json(reply)),
        }
    }
}

async fn once(hub: &Hub, agent: AgentId, request: &SyncRequest) -> Result<SyncReply, Problem> {
    let synced = hub.store.sync(agent, request.clone()).await?;
    hub.bells.ring(&synced.ring);
    if synced.outbox_has_work {
        hub.outbox_wake.notify_waiters();
    }
    Ok(synced.reply)
}

fn is_empty(down: &Down) -> bool {
    match down {
        Down::Delta(delta) => delta.upserts.is_empty() && delta.removed.is_empty(),
        Down::MustResync { .. } => false,
    }
}

pub(super) async fn claim(
    State(hub): State<Arc<Hub>>,
    Extension(Speaker(agent)): Extension<Speaker>,
    body: Bytes,
) -> Result<Json<ClaimReply>, Problem> {
    let claim: Claim = read(&body)?;
    let refused = |why: &str| ClaimReply::Refused { why: why.to_owned() };
    Ok(Json(match hub.store.claim(agent, claim).await? {
        Some(ClaimAnswer::Granted(job)) => ClaimReply::Granted { epoch: job.last_epoch },
        Some(ClaimAnswer::Stale { current }) => {
            refused(&format!("it was handed out again: epoch {current} is current"))
        }
        Some(ClaimAnswer::Taken) => refused("another agent, or another life of this one, holds it"),
        Some(ClaimAnswer::Over) => refused("it is over"),
        None => refused("this hub does not know the job as yours"),
    }))
}

pub(super) async fn resync(
    State(hub): State<Arc<Hub>>,
    Extension(Speaker(agent)): Extension<Speaker>,
    body: Bytes,
) -> Result<Json<ResyncReply>, Problem> {
    let request: ResyncRequest = read(&body)?;
    supported(request.proto)?;
    let reply = hub.store.resync(agent, request).await?;
    tracing::warn!(agent.id = %agent, "agent {agent} compared everything it holds with this hub");
    hub.outbox_wake.notify_waiters();
    hub.inbox_wake.notify_one();
    Ok(Json(reply))
}
