//! A one-time code and a key made on the device become an agent.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use ed25519_dalek::VerifyingKey;
use protocol::ids::Sha256;
use protocol::wire::v1::{EnrolReply, EnrolRequest};

use super::read;
use crate::hub::Hub;
use crate::store::Enrolled;
use crate::web::problem::Problem;

/// How a code is stored: without dashes and case, hashed.
#[must_use]
pub(crate) fn code_hash(code: &str) -> String {
    let plain: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    Sha256::of(plain.as_bytes()).to_string()
}

/// The key of a text of 64 hexadecimal digits.
pub(super) fn public_key(text: &str) -> Option<VerifyingKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak())
}

pub(super) async fn enrol(State(hub): State<Arc<Hub>>, body: Bytes) -> Result<Json<EnrolReply>, Problem> {
    let request: EnrolRequest = read(&body)?;
    if public_key(&request.public_key).is_none() {
        let problem = Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-key",
            "The public key is not an Ed25519 key of 64 hexadecimal digits.",
        );
        return Err(problem.field("/public_key", "64 hexadecimal digits"));
    }
    let now = hub.clock.wall();
    // Codes are guessed from anywhere: one budget for all anonymous tries.
    if !hub.guesses.may_try("enrol", now) {
        return Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-tries",
            "Too many wrong codes: wait 15 minutes.",
        )
        .retry_after(900));
    }
    match hub.store.enrol(code_hash(&request.code), request.public_key.to_ascii_lowercase()).await? {
        Enrolled::As(agent) => {
            tracing::info!(agent.id = %agent, "agent {agent} enrolled");
            Ok(Json(EnrolReply { agent, hub_incarnation: hub.store.hub_incarnation().await? }))
        }
        Enrolled::BadCode => {
            hub.guesses.failed("enrol", now);
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                "bad-code",
                "This code is unknown, used, or older than 15 minutes: make a new one on the farm page.",
            ))
        }
    }
}
