//! The shop floor: every printer of the site with its handle, and the actions that people ask for.
//!
//! Pages, API and scheduler share one [`Floor`]. An action is written to the ledger first where it changes what is
//! known, and asked of the printer's task where it moves something.

pub mod heat;
mod reports;
mod station;
mod watch;

use std::sync::Arc;

use firmware_profiles::Library;
use protocol::{
    attempt::Attempt,
    bed::{Cause, Confirmation, ConfirmedBy},
    ids::{JobId, PrinterId},
    units::StateVersion,
};

use crate::{
    blobs::BlobStore,
    ledger::{Ledger, LedgerError, decide::Decision, sign_off::Count},
    printer::PrinterError,
};

pub use reports::take_reports;
pub use station::Station;
pub use watch::watch_printers;

/// Everything that the pages and the scheduler share; cheap to clone.
#[derive(Debug, Clone)]
pub struct Floor {
    /// The ledger.
    pub ledger: Ledger,
    /// The files.
    pub blobs: BlobStore,
    /// Models and materials.
    pub library: Arc<Library>,
    /// Printers in shelf order.
    pub stations: Arc<Vec<Station>>,
}

/// An action that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// No such printer.
    #[error("there is no printer {0} here")]
    NoPrinter(PrinterId),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The printer's task refused or did not answer.
    #[error(transparent)]
    Printer(#[from] PrinterError),
}

impl Floor {
    /// A printer by its id.
    ///
    /// # Errors
    /// [`FloorError::NoPrinter`].
    pub fn station(&self, id: &PrinterId) -> Result<&Station, FloorError> {
        self.stations.iter().find(|s| &s.settings.id == id).ok_or_else(|| FloorError::NoPrinter(id.clone()))
    }

    /// A person says that a bed is clear, naming what they saw on it.
    ///
    /// # Errors
    /// [`FloorError::Ledger`] with what happened meanwhile.
    pub async fn clear_bed(
        &self,
        id: &PrinterId,
        saw: Cause,
        seen: StateVersion,
        by: &str,
    ) -> Result<(), FloorError> {
        let station = self.station(id)?;
        let it = Confirmation { saw, by: ConfirmedBy::Person };
        let was_open = self.may_open_port(id).await?;
        self.ledger.clear_bed(id.clone(), it, seen, by.to_owned()).await?;
        self.open_port_after_a_person_looked(station, was_open).await
    }

    /// A person counts a plate.
    ///
    /// # Errors
    /// [`FloorError::Ledger`].
    pub async fn sign_off(&self, it: Count) -> Result<Option<JobId>, FloorError> {
        let printer = self.ledger.attempt(it.attempt).await?.printer;
        let was_open = self.may_open_port(&printer).await?;
        let replacement = self.ledger.sign_off(it).await?;
        if let Ok(station) = self.station(&printer) {
            self.open_port_after_a_person_looked(station, was_open).await?;
        }
        Ok(replacement)
    }

    /// A person decides an Unknown.
    ///
    /// # Errors
    /// [`FloorError::Ledger`].
    pub async fn decide(&self, it: Decision) -> Result<Attempt, FloorError> {
        let printer = self.ledger.attempt(it.attempt).await?.printer;
        let was_open = self.may_open_port(&printer).await?;
        let state = self.ledger.decide(it).await?;
        if let Ok(station) = self.station(&printer) {
            self.open_port_after_a_person_looked(station, was_open).await?;
        }
        Ok(state)
    }

    /// A person allows a port to be opened although that may reset the board.
    ///
    /// # Errors
    /// [`FloorError::Printer`].
    pub async fn open_port(&self, id: &PrinterId) -> Result<(), FloorError> {
        let station = self.station(id)?;
        self.ledger.set_may_open_port(id.clone(), true).await?;
        Ok(station.handle.open_port().await?)
    }

    async fn may_open_port(&self, id: &PrinterId) -> Result<bool, FloorError> {
        let snapshot = self.ledger.snapshot().await?;
        Ok(snapshot.printers.get(id).is_none_or(|said| said.may_open_port))
    }

    /// Opens a port that the ledger kept closed until what a person has just said.
    async fn open_port_after_a_person_looked(
        &self,
        station: &Station,
        was_open: bool,
    ) -> Result<(), FloorError> {
        let id = &station.settings.id;
        if !was_open
            && self.may_open_port(id).await?
            && let Err(error) = station.handle.open_port().await
        {
            tracing::warn!(printer.id = %id, %error, "the port of {id} could not be opened yet; it is tried again");
        }
        Ok(())
    }

    /// Stops a printer at once, on its own path, and records it after the stop has left.
    ///
    /// # Errors
    /// [`FloorError::Printer`]: the stop may not have arrived.
    pub async fn emergency_stop(&self, id: &PrinterId, by: &str) -> Result<(), FloorError> {
        let station = self.station(id)?;
        let result = station.handle.emergency_stop().await;
        tracing::warn!(printer.id = %id, by, done = result.is_ok(), "emergency stop of {id} by {by}");
        Ok(result?)
    }
}
