//! What pages and start guards see of a printer that owns its jobs.
use std::time::Duration;

use protocol::units::Permille;
use tokio::time::Instant;

use super::bambu::{State, Status};
use super::evidence::Known;
use super::task::Actor;
use crate::printer::types::{Connection, Doing, Progress, Temperatures};

/// The age of what was heard, temperatures and progress are shown at most this often.
const SHOW_EVERY: Duration = Duration::from_millis(400);

impl Actor {
    /// Shows the state: at once when it changed, else now and then.
    pub(super) fn show(&mut self) {
        let active = self.active().map(|it| (it.attempt, it.known));
        if self.up_at.is_some() && self.status.is_none() {
            self.view.connection = Connection::Opening;
        }
        self.view.attempt = match (&self.uploading, active) {
            (Some(uploading), _) => Some(uploading.order.attempt),
            (None, active) => active.map(|(attempt, _)| attempt),
        };
        self.view.doing = self.doing(active.map(|(_, known)| known));
        if let Some(status) = &self.status {
            self.view.job_name = (!status.name.is_empty()).then(|| status.name.clone());
            self.view.progress = if active.is_some() { progress(status) } else { Progress::default() };
            self.view.temperatures = Temperatures {
                nozzle_c: status.nozzle_c.0,
                nozzle_target_c: status.nozzle_c.1,
                bed_c: status.bed_c.0,
                bed_target_c: status.bed_c.1,
            };
            match &status.error {
                Some(error) => self.view.message = Some(format!("error {error}")),
                None if self.view.message.as_ref().is_some_and(|text| text.starts_with("error ")) => {
                    self.view.message = None;
                }
                None => {}
            }
        }
        let (view, now) = (&self.view, Instant::now());
        self.ends.view.send_if_modified(|shown| {
            let mut same = shown.clone();
            (same.heard, same.progress, same.temperatures) = (view.heard, view.progress, view.temperatures);
            let old = shown.heard.is_none_or(|heard| now.saturating_duration_since(heard) >= SHOW_EVERY);
            let changed = same != *view || (old && *shown != *view);
            if changed {
                shown.clone_from(view);
            }
            changed
        });
    }

    fn doing(&self, active: Option<Known>) -> Doing {
        if self.uploading.is_some() {
            return Doing::Preparing;
        }
        let Some(status) = &self.status else { return Doing::Unknown };
        let busy = |ours: Doing| match active {
            Some(Known::Seen) => ours,
            Some(Known::Sent) => Doing::Preparing,
            Some(Known::Lost) | None => Doing::Foreign,
        };
        match (&status.state, active) {
            (State::Prepare | State::Slicing, _) => busy(Doing::Preparing),
            (State::Running, _) => busy(Doing::Printing),
            (State::Pause, _) => busy(Doing::Paused),
            (State::Idle | State::Finish | State::Failed, Some(_)) => Doing::Preparing,
            (State::Idle | State::Finish | State::Failed, None) => Doing::Idle,
            (State::Other(_), _) => Doing::Unknown,
        }
    }
}

/// How far the printer says it is.
pub(super) fn progress(status: &Status) -> Progress {
    Progress {
        acked_line: 0,
        done: Permille::of(status.percent, 100),
        z_um: 0,
        remaining: status.remaining_min.map(|minutes| Duration::from_secs(minutes.saturating_mul(60))),
    }
}
