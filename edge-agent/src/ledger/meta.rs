//! Single values of the ledger: who we are, what we have seen, counters.

use protocol::{
    ids::{AgentId, Incarnation},
    sync::right::Agent,
    units::{Cursor, HubIncarnation, Seq},
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Ledger, LedgerError};

/// Names of the values.
pub(super) mod key {
    pub(in crate::ledger) const INCARNATION: &str = "incarnation";
    pub(in crate::ledger) const QUARANTINED: &str = "quarantined";
    pub(in crate::ledger) const HUB_SEEN: &str = "hub_incarnation_seen";
    pub(in crate::ledger) const CURSOR: &str = "down_cursor";
    pub(in crate::ledger) const LAST_ATTEMPT: &str = "last_attempt";
    pub(in crate::ledger) const STARTS: &str = "starts";
    pub(in crate::ledger) const LAST_SEQ: &str = "last_seq";
    pub(in crate::ledger) const ACKED_SEQ: &str = "acked_seq";
    pub(in crate::ledger) const AGENT_ID: &str = "agent_id";
}

const GET: &str = "select value from meta where key = ?1";
/// Reads a value.
pub(super) fn get(connection: &Connection, key: &str) -> Result<Option<String>, LedgerError> {
    Ok(connection.query_row(GET, [key], |row| row.get(0)).optional()?)
}

const SET: &str = "
insert into meta (key, value) values (?1, ?2)
on conflict (key) do update set value = excluded.value";
/// Writes a value.
pub(super) fn set(connection: &Connection, key: &str, value: &str) -> Result<(), LedgerError> {
    connection.execute(SET, params![key, value])?;
    Ok(())
}

/// Reads a counter; 0 before its first use.
pub(super) fn counter(connection: &Connection, key: &'static str) -> Result<u64, LedgerError> {
    match get(connection, key)? {
        None => Ok(0),
        Some(text) => text.parse().map_err(|_not_a_number| LedgerError::corrupt(key, text)),
    }
}

/// Adds one to a counter and returns the new value; a number is never given twice.
pub(super) fn count_up(connection: &Connection, key: &'static str) -> Result<u64, LedgerError> {
    let next = counter(connection, key)?.saturating_add(1);
    set(connection, key, &next.to_string())?;
    Ok(next)
}

/// The agent's own condition, for [`protocol::sync::right::may_start`].
pub(super) fn agent(connection: &Connection) -> Result<Agent, LedgerError> {
    Ok(Agent {
        incarnation: incarnation(connection)?,
        hub_seen: HubIncarnation::new(counter(connection, key::HUB_SEEN)?),
        is_quarantined: get(connection, key::QUARANTINED)?.is_some_and(|v| v == "1"),
    })
}

/// This life of the database.
pub(super) fn incarnation(connection: &Connection) -> Result<Incarnation, LedgerError> {
    let text = get(connection, key::INCARNATION)?.unwrap_or_default();
    text.parse().map_err(|_bad| LedgerError::corrupt("incarnation", text))
}

/// What the sync task needs to know of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncState {
    /// Who we are at the hub; none before enrolment.
    pub agent: Option<AgentId>,
    /// The newest life of the hub seen.
    pub hub_seen: HubIncarnation,
    /// Everything up to here of the hub's wishes is stored.
    pub cursor: Cursor,
    /// The newest event written.
    pub last_seq: Seq,
    /// The newest event that the hub has applied.
    pub acked_seq: Seq,
    /// Nothing starts until the hub has answered a resync.
    pub is_quarantined: bool,
}

impl Ledger {
    /// What the sync task needs to know.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn sync_state(&self) -> Result<SyncState, LedgerError> {
        self.read(|c| {
            let agent = get(c, key::AGENT_ID)?;
            let agent =
                agent.map(|t| t.parse().map_err(|_bad| LedgerError::corrupt("agent id", t))).transpose()?;
            let me = self::agent(c)?;
            Ok(SyncState {
                agent,
                hub_seen: me.hub_seen,
                cursor: Cursor::new(counter(c, key::CURSOR)?),
                last_seq: Seq::new(counter(c, key::LAST_SEQ)?),
                acked_seq: Seq::new(counter(c, key::ACKED_SEQ)?),
                is_quarantined: me.is_quarantined,
            })
        })
        .await
    }

    /// Remembers who we are at the hub.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn enrolled(&self, agent: AgentId) -> Result<(), LedgerError> {
        self.write(move |c, _now| set(c, key::AGENT_ID, &agent.to_string())).await
    }
}
