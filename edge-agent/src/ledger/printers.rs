//! What operators said of a printer: material, confirmed profile, out of service, port.

use protocol::{ids::PrinterId, wire::v1::EventKind};
use rusqlite::{Connection, params};

use super::{Ledger, LedgerError, bed as beds, events, view};

const KNOW: &str = "insert into printer (printer) values (?1) on conflict (printer) do nothing";
fn know(c: &Connection, printer: &PrinterId) -> Result<(), LedgerError> {
    c.execute(KNOW, [printer.as_str()])?;
    Ok(())
}

const MATERIAL: &str = "update printer set material = ?2, color = ?3 where printer = ?1";
const PROFILE: &str = "update printer set confirmed_profile = ?2 where printer = ?1";
const SERVICE: &str = "update printer set out_of_service = ?2 where printer = ?1";
const PORT: &str = "update printer set open_port = ?2 where printer = ?1";

impl Ledger {
    /// What is loaded now; none when nothing is.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn set_material(
        &self,
        printer: PrinterId,
        material: Option<String>,
        color: Option<String>,
    ) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            know(c, &printer)?;
            c.execute(MATERIAL, params![printer.as_str(), material, color])?;
            beds::touch(c, &printer)?;
            events::append(c, now, None, &EventKind::MaterialChanged { printer, material })?;
            Ok(())
        })
        .await
    }

    /// An operator has seen this model work here once.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn confirm_profile(&self, printer: PrinterId, profile: String) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            know(c, &printer)?;
            c.execute(PROFILE, params![printer.as_str(), profile])?;
            beds::touch(c, &printer)?;
            let change = format!("profile {profile} confirmed");
            events::append(c, now, None, &EventKind::PrinterChanged { printer, change })?;
            Ok(())
        })
        .await
    }

    /// Takes a printer out of service with a reason, or puts it back with none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn set_out_of_service(
        &self,
        printer: PrinterId,
        reason: Option<String>,
    ) -> Result<(), LedgerError> {
        self.write(move |c, now| {
            know(c, &printer)?;
            c.execute(SERVICE, params![printer.as_str(), reason])?;
            beds::touch(c, &printer)?;
            let change = reason.map_or_else(|| "in service".into(), |r| format!("out of service: {r}"));
            events::append(c, now, None, &EventKind::PrinterChanged { printer, change })?;
            Ok(())
        })
        .await
    }

    /// Whether the port of a board that resets on open may be opened.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub async fn set_may_open_port(&self, printer: PrinterId, may: bool) -> Result<(), LedgerError> {
        self.write(move |c, _now| set_open_port(c, &printer, may)).await
    }
}

/// The same inside another transaction.
pub(super) fn set_open_port(c: &Connection, printer: &PrinterId, may: bool) -> Result<(), LedgerError> {
    know(c, printer)?;
    c.execute(PORT, params![printer.as_str(), may])?;
    beds::touch(c, printer)
}

const ALLOW: &str = "update printer set open_port = 1 where printer = ?1 and open_port = 0";
/// Whoever has looked at a bed has also said that its board may be reset, unless a print there is still undecided. In
/// the transaction of what they said: a crash right behind it must not leave a port closed that nobody asks about.
pub(super) fn a_person_looked(c: &Connection, printer: &PrinterId) -> Result<(), LedgerError> {
    if view::live_attempts(c)?.iter().any(|attempt| &attempt.printer == printer) {
        return Ok(());
    }
    if c.execute(ALLOW, [printer.as_str()])? > 0 {
        beds::touch(c, printer)?;
    }
    Ok(())
}
