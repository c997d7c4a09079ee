//! Tells the shop that an order was sent, exactly once, although Shopify has no key for it:
//! look → adopt what carries our tracking number, else commit what will be sent, then send; on doubt look again.

use super::task::Call;
use crate::shopify::{Client, Sending, ShopifyError};
use crate::store::{Effect, FulfillIntent, Outcome};

/// One fulfilment, made once.
pub(super) async fn fulfill(call: &Call<'_>, client: &Client, intent: &FulfillIntent) -> Outcome {
    let open = match client.sending(&intent.shop_order_id, &intent.tracking_number).await {
        Ok(Sending::Done(gid)) => return Outcome::Fulfilled(gid),
        Ok(Sending::Open(lines)) => lines,
        Ok(Sending::Closed(why)) => return Outcome::Dead { reason: why },
        Err(error) => return looked_in_vain(call, &error),
    };
    // After a doubtful call: what was to be sent must still be open as a whole, else a person looks.
    let is_whole =
        intent.lines.iter().all(|l| open.iter().any(|o| o.line == l.line && o.quantity >= l.quantity));
    if call.taken.may_have_worked && !intent.lines.is_empty() && !is_whole {
        return Outcome::Dead {
            reason: "A part of this order was sent meanwhile, and not with our number: look in the shop what is left.".into(),
        };
    }
    let lines = if intent.lines.is_empty() || !is_whole { open } else { intent.lines.clone() };
    let intent = FulfillIntent { lines, ..intent.clone() };
    if let Err(error) =
        call.hub.store.set_intent(call.taken.id.clone(), Effect::Fulfill(intent.clone())).await
    {
        tracing::error!(error = %error, "cannot note a fulfilment: {error}");
        return call.not_done("The intent could not be stored.");
    }
    match client.send(&intent).await {
        Ok(gid) => Outcome::Fulfilled(gid),
        Err(error) => {
            tracing::warn!(error = %error, "a fulfilment failed: {error}");
            match &error {
                ShopifyError::NotSent { .. } | ShopifyError::Throttled { .. } => {
                    call.not_done(&error.words())
                }
                ShopifyError::NoAnswer { .. } => call.unknown(&error.words()),
                ShopifyError::Denied { .. } | ShopifyError::Refused { .. } => call.refused(&error.words()),
            }
        }
    }
}

/// Reading failed: nothing was changed by it, but what was in doubt stays in doubt.
fn looked_in_vain(call: &Call<'_>, error: &ShopifyError) -> Outcome {
    match (error.may_pass(), call.taken.may_have_worked) {
        (true, true) => call.unknown(&error.words()),
        (true, false) => call.not_done(&error.words()),
        (false, _) => call.refused(&error.words()),
    }
}
