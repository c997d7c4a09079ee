//! A signed nonce becomes a short-lived token: no clock is needed on the agent.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use ed25519_dalek::Signature;
use protocol::ids::AgentId;
use protocol::units::WallMs;
use protocol::wire::v1::{Nonce, Proof, TokenGrant, TokenRequest, token_message};

use super::{enrol, read};
use crate::hub::Hub;
use crate::sources;
use crate::web::auth::token_hash;
use crate::web::problem::Problem;

/// How long a nonce is good, milliseconds.
const NONCE_MS: i64 = 60_000;
/// How long a token is good, seconds.
const TOKEN_S: u32 = 3_600;

pub(super) async fn token(State(hub): State<Arc<Hub>>, body: Bytes) -> Result<Response, Problem> {
    let request: TokenRequest = read(&body)?;
    let Some(key) = hub.store.agent_key(request.agent).await? else {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "unknown-agent",
            "This agent is unknown or revoked: enrol it again.",
        ));
    };
    let now = hub.clock.wall();
    let Some(proof) = request.proof else {
        let nonce = hex::encode(sources::random::<16>());
        hub.store.put_nonce(request.agent, nonce.clone(), WallMs(now.0 + NONCE_MS)).await?;
        return Ok((StatusCode::UNAUTHORIZED, Json(Nonce { nonce })).into_response());
    };
    // The nonce is used up whatever the signature says.
    let is_fresh = hub.store.take_nonce(request.agent, proof.nonce.clone()).await?;
    if !is_fresh || !is_signed(&key, request.agent, &proof) {
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "bad-proof",
            "The nonce is used or too old, or its signature does not match.",
        ));
    }
    let access_token = sources::token();
    let expires = WallMs(now.0 + i64::from(TOKEN_S) * 1000);
    hub.store.put_token(request.agent, token_hash(&access_token), expires).await?;
    Ok(Json(TokenGrant { access_token, expires_in_s: TOKEN_S }).into_response())
}

fn is_signed(key: &str, agent: AgentId, proof: &Proof) -> bool {
    let mut bytes = [0; 64];
    let Some(key) = enrol::public_key(key) else { return false };
    if hex::decode_to_slice(&proof.signature, &mut bytes).is_err() {
        return false;
    }
    key.verify_strict(&token_message(agent, &proof.nonce), &Signature::from_bytes(&bytes)).is_ok()
}
