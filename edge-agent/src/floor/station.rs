//! One printer of the site: its settings, its model, its handle, and what it says of itself now.

use std::{sync::Arc, time::Duration};

use firmware_profiles::Profile;
use protocol::attempt::Owner;
use tokio::time::Instant;

use super::heat::Heat;
use crate::{
    config,
    printer::{Connection, Doing, PrinterHandle, PrinterView},
    scheduler::guards::Now,
};

/// One printer.
#[derive(Debug, Clone)]
pub struct Station {
    /// Its settings.
    pub settings: config::Printer,
    /// Its model.
    pub profile: Arc<Profile>,
    /// Who keeps its prints going.
    pub owner: Owner,
    /// Its task.
    pub handle: PrinterHandle,
    /// How warm it was.
    pub heat: Heat,
}

impl Station {
    /// What the printer says of itself, for guards and pages.
    #[must_use]
    pub fn now(&self) -> Now {
        let view = self.handle.view().borrow().clone();
        let at = Instant::now();
        let fresh_max = Duration::from_millis(self.profile.fresh_max_ms.into());
        let age = view.heard.map(|heard| at.saturating_duration_since(heard));
        let is_fresh = view.connection == Connection::Up && age.is_some_and(|age| age <= fresh_max);
        let word = doing_word(&view).to_owned();
        let age =
            age.map_or_else(|| "never heard".to_owned(), |age| format!("{:.1} s ago", age.as_secs_f64()));
        let evidence = format!("{word}, {age}");
        Now { is_fresh, is_idle: view.is_idle(at, fresh_max), word, evidence }
    }

    /// Age of the newest word of the printer, seconds.
    #[must_use]
    pub fn age_s(&self) -> Option<u64> {
        let heard = self.handle.view().borrow().heard?;
        Some(Instant::now().saturating_duration_since(heard).as_secs())
    }
}

/// The state word of a printer by its own account.
fn doing_word(view: &PrinterView) -> &'static str {
    match (&view.connection, &view.doing) {
        (Connection::Closed { .. } | Connection::Silent | Connection::Opening, _) => "Offline",
        (Connection::Halted { .. }, _) | (Connection::Up, Doing::Faulty | Doing::NeedsPerson) => "Attention",
        (Connection::Up, Doing::Idle) => "Ready",
        (Connection::Up, Doing::Preparing) => "Heating",
        (Connection::Up, Doing::Printing | Doing::Ending | Doing::Foreign) => "Printing",
        (Connection::Up, Doing::Paused) => "Paused",
        (Connection::Up, Doing::Unknown) => "Unknown",
    }
}
