//! Browsers and devices that were paired, by the hash of their token; one-time pairing codes.

use protocol::ids::Sha256;
use rusqlite::{OptionalExtension as _, params};

use super::{Ledger, LedgerError};

/// How long a pairing code is good.
pub const CODE_LIFE_MS: i64 = 15 * 60 * 1000;

/// What a paired device may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Beds, sign-off, queue, pause, cancel, stop.
    Operator,
    /// All of it, and printers, users and settings.
    Admin,
}

impl Role {
    /// The stored word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "operator" => Some(Self::Operator),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

/// A paired device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What its person called it.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

const ADD_CODE: &str = "insert into pairing_code (code_sha256, role, expires_ms) values (?1, ?2, ?3)";
const TAKE_CODE: &str = "delete from pairing_code where code_sha256 = ?1 returning role, expires_ms";
const SWEEP_CODES: &str = "delete from pairing_code where expires_ms < ?1";
const ADD_DEVICE: &str =
    "insert into device (token_sha256, name, role, created_ms, seen_ms) values (?1, ?2, ?3, ?4, ?4)";
const DEVICE: &str = "select name, role from device where token_sha256 = ?1";

impl Ledger {
    /// Remembers a one-time code by its hash.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn add_pairing_code(&self, code: &str, role: Role) -> Result<(), LedgerError> {
        let hash = Sha256::of(plain(code).as_bytes());
        self.write(move |c, now| {
            c.execute(SWEEP_CODES, [now.wall.0])?;
            c.execute(
                ADD_CODE,
                params![hash.to_string(), role.word(), now.wall.0.saturating_add(CODE_LIFE_MS)],
            )?;
            Ok(())
        })
        .await
    }

    /// Exchanges a one-time code for a device with this token. `None` when the code is wrong, used or too old.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn pair(&self, code: &str, name: String, token: &str) -> Result<Option<Role>, LedgerError> {
        let code = Sha256::of(plain(code).as_bytes());
        let token = Sha256::of(token.as_bytes());
        self.write(move |c, now| {
            let taken: Option<(String, i64)> =
                c.query_row(TAKE_CODE, [code.to_string()], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
            let Some((role, _)) = taken.filter(|(_, expires)| *expires > now.wall.0) else { return Ok(None) };
            let role = Role::of(&role).ok_or_else(|| LedgerError::corrupt("role", role))?;
            c.execute(ADD_DEVICE, params![token.to_string(), name, role.word(), now.wall.0])?;
            Ok(Some(role))
        })
        .await
    }

    /// The device with this token, if it is paired. Looked up by hash, so the time taken tells nothing of it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn device(&self, token: &str) -> Result<Option<Device>, LedgerError> {
        let hash = Sha256::of(token.as_bytes());
        self.read(move |c| {
            let found: Option<(String, String)> =
                c.query_row(DEVICE, [hash.to_string()], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
            let Some((name, role)) = found else { return Ok(None) };
            let role = Role::of(&role).ok_or_else(|| LedgerError::corrupt("role", role))?;
            Ok(Some(Device { name, role }))
        })
        .await
    }
}

/// A code as typed: case, blanks and dashes do not matter.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}
