//! Enrolment with a one-time code, and tokens by a signed nonce: no clock is needed on the agent.

use serde::{Deserialize, Serialize};

use crate::{ids::AgentId, units::HubIncarnation};

/// `POST /agent/v1/enrol`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The one-time code, as typed: case and dashes do not matter.
    pub code: String,
    /// The agent's Ed25519 public key, 64 hexadecimal digits. The private key never leaves the device.
    pub public_key: String,
    /// The site's name, for the owner's page.
    pub site: String,
}
impl std::fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolRequest").field("code", &"***").field("site", &self.site).finish_non_exhaustive()
    }
}

/// The answer to a valid code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    /// Who the agent is from now on.
    pub agent: AgentId,
    /// The hub's life.
    pub hub_incarnation: HubIncarnation,
}

/// `POST /agent/v1/token`. Without `proof` the answer is 401 with a [`Nonce`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRequest {
    /// Who asks.
    pub agent: AgentId,
    /// The nonce given, and its signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// A signed nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// As given.
    pub nonce: String,
    /// Ed25519 over [`token_message`], 128 hexadecimal digits.
    pub signature: String,
}

/// A nonce to sign; good once and for a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce {
    /// 32 hexadecimal digits.
    pub nonce: String,
}

/// A short-lived bearer token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenGrant {
    /// Sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// How long it is good, seconds.
    pub expires_in_s: u32,
}
impl std::fmt::Debug for TokenGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenGrant").field("expires_in_s", &self.expires_in_s).finish_non_exhaustive()
    }
}

/// The bytes that an agent signs to get a token.
#[must_use]
pub fn token_message(agent: AgentId, nonce: &str) -> Vec<u8> {
    format!("platewright agent token v1\n{agent}\n{nonce}").into_bytes()
}
