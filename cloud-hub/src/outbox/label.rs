//! Buys and gives back labels. The reference makes the call safe to repeat; a doubtful one is looked up first.

use protocol::ids::Sha256;

use super::task::Call;
use crate::sendcloud::{Client, Label, SendcloudError};
use crate::store::{BoughtLabel, LabelIntent, Outcome};

/// One label, bought once.
pub(super) async fn buy(call: &Call<'_>, client: &Client, intent: &LabelIntent) -> Outcome {
    let Some(from) = &call.hub.config.shipping.from else {
        return Outcome::Dead { reason: "No sender address is set, so no label can be bought: fill in [shipping] from_… in the settings.".into() };
    };
    if call.taken.may_have_worked {
        match client.find(&intent.reference).await {
            Ok(Some(label)) => return bought(call, label).await,
            Ok(None) => {}
            Err(SendcloudError::Announcement { what, .. }) => return announcement_failed(&what),
            // Still nobody knows: never bought on a guess.
            Err(error) => return call.unknown(&error.words()),
        }
    }
    match client.announce(intent, &call.hub.config.shipping, from).await {
        Ok(label) => bought(call, label).await,
        Err(error) => failed(call, &error),
    }
}

async fn bought(call: &Call<'_>, label: Label) -> Outcome {
    let bytes = label.pdf.len();
    let sha256 = Sha256::of(&label.pdf);
    // The bytes are on disk before any row names them.
    if let Err(error) = call.hub.blobs.put(sha256, label.pdf).await {
        tracing::error!(error = %error, "cannot store a label: {error}");
        return call.unknown("The label could not be stored: the disk is full or not writable.");
    }
    let name = format!("label {}.pdf", label.tracking_number);
    if let Err(error) = call.hub.store.put_blob(sha256, u64::try_from(bytes).unwrap_or(0), name).await {
        tracing::error!(error = %error, "cannot note a label: {error}");
        return call.unknown("The label could not be noted.");
    }
    Outcome::Bought(BoughtLabel {
        service_id: label.service_id,
        parcel: label.parcel,
        tracking_number: label.tracking_number,
        tracking_url: label.tracking_url,
        carrier: None,
        label: sha256,
        is_test: label.is_test,
        // A test label moves nothing: the customer must not be told that something comes.
        notify: call.hub.config.shipping.notify_customer && !label.is_test,
    })
}

/// Gives a label back.
pub(super) async fn cancel(call: &Call<'_>, client: &Client, service_id: &str) -> Outcome {
    match client.cancel(service_id).await {
        Ok(()) => Outcome::LabelCancelled,
        Err(error) => failed(call, &error),
    }
}

fn announcement_failed(what: &str) -> Outcome {
    Outcome::Dead {
        reason: format!(
            "The carrier did not take the parcel: {what} Drop this try to buy a label under a new reference."
        ),
    }
}

fn failed(call: &Call<'_>, error: &SendcloudError) -> Outcome {
    tracing::warn!(error = %error, "a call to Sendcloud failed: {error}");
    match error {
        SendcloudError::NotSent { .. } | SendcloudError::Throttled { .. } => call.not_done(&error.words()),
        SendcloudError::NoAnswer { .. } => call.unknown(&error.words()),
        SendcloudError::Denied { .. } | SendcloudError::Refused { .. } => call.refused(&error.words()),
        SendcloudError::Announcement { what, .. } => announcement_failed(what),
    }
}
