//! Takes due rows, calls, and leaves them: one loop per service, so that a dead service delays only itself.

use std::sync::Arc;
use std::time::Duration;

use protocol::units::WallMs;
use tokio_util::sync::CancellationToken;

use super::breaker::Breaker;
use super::{backoff, fulfill, label};
use crate::hub::Hub;
use crate::shopify::connection;
use crate::store::{Effect, Outcome, Taken};

/// How often a loop looks without being woken.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Services with a loop of their own.
pub const SERVICES: [&str; 2] = ["sendcloud", "shopify"];

/// One call in hand.
pub(super) struct Call<'a> {
    pub(super) hub: &'a Hub,
    pub(super) taken: &'a Taken,
}

impl Call<'_> {
    fn silence(&self) -> WallMs {
        backoff::after_silence(self.hub.clock.wall(), self.taken.waiting_since, self.hub.config.outbox)
    }
    pub(super) fn unknown(&self, note: &str) -> Outcome {
        Outcome::Unknown { due: self.silence(), note: note.to_owned() }
    }
    /// Certainly not done by this call; what was in doubt before stays in doubt.
    pub(super) fn not_done(&self, note: &str) -> Outcome {
        if self.taken.may_have_worked {
            return self.unknown(note);
        }
        Outcome::NotDone { due: self.silence(), note: note.to_owned() }
    }
    pub(super) fn refused(&self, note: &str) -> Outcome {
        Outcome::Refused {
            due: backoff::after_refusal(self.hub.clock.wall(), self.taken.tries_n),
            note: note.to_owned(),
        }
    }
}

/// Works through the rows of `service` until asked to stop. A call in progress is finished first.
pub async fn run(hub: Arc<Hub>, service: &'static str, stop: CancellationToken) {
    let mut breaker = Breaker::default();
    loop {
        let woken = hub.outbox_wake.notified();
        let now = hub.clock.wall();
        if breaker.closed_until(now).is_none() {
            // A loop over due rows ends when none is due, or the breaker opens.
            while !stop.is_cancelled() && one(&hub, service, &mut breaker).await {
                if breaker.is_open() {
                    break;
                }
            }
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = woken => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Takes and performs one row; false when none is due.
async fn one(hub: &Arc<Hub>, service: &'static str, breaker: &mut Breaker) -> bool {
    let owner = format!("outbox {service}");
    let taken = match hub.store.take_effect(service, owner, hub.boot.clone()).await {
        Ok(Some(taken)) => taken,
        Ok(None) => return false,
        Err(error) => {
            tracing::error!(error = %error, "the outbox of {service} cannot be read: {error}");
            return false;
        }
    };
    let call = Call { hub, taken: &taken };
    let outcome = perform(&call).await;
    match &outcome {
        Outcome::NotDone { due, .. } | Outcome::Unknown { due, .. } => breaker.silent(*due),
        Outcome::Bought(_)
        | Outcome::Fulfilled(_)
        | Outcome::LabelCancelled
        | Outcome::Refused { .. }
        | Outcome::Dead { .. } => breaker.answered(),
    }
    if let Err(error) = hub.store.finish_effect(taken.id.clone(), outcome).await {
        // The row stays in flight: looked up at the next start, never called again blindly.
        tracing::error!(error = %error, outbox.id = taken.id, "the result of a call cannot be stored: {error}");
    }
    hub.outbox_wake.notify_waiters();
    true
}

async fn perform(call: &Call<'_>) -> Outcome {
    match &call.taken.effect {
        Effect::Label(intent) => match &call.hub.sendcloud {
            Some(client) => label::buy(call, client, intent).await,
            None => call.not_done("No label service is connected: fill in [sendcloud] in the settings."),
        },
        Effect::CancelLabel { service_id, .. } => match &call.hub.sendcloud {
            Some(client) => label::cancel(call, client, service_id).await,
            None => call.not_done("No label service is connected."),
        },
        Effect::Fulfill(intent) => match connection::client(call.hub, intent.shop).await {
            Ok(client) => fulfill::fulfill(call, &client, intent).await,
            // Nothing was called: it waits until the shop is connected again, however long that takes.
            Err(error) => call.not_done(&error.words()),
        },
    }
}
