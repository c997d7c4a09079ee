//! Job × printer: what could ever be printed there, apart from whether it may start now.

use firmware_profiles::Profile;
use protocol::{
    ids::{PrinterId, Sha256},
    wire::v1::Unit,
};

use super::Reason;
use crate::ledger::view::{AssignmentRow, PrinterRow, Snapshot};

/// Material of a job that names none.
pub const DEFAULT_MATERIAL: &str = "PLA";

/// A printer as the matching sees it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its id.
    pub id: &'a PrinterId,
    /// Its model.
    pub profile: &'a Profile,
    /// Its tags.
    pub tags: &'a [String],
    /// What operators said of it.
    pub said: &'a PrinterRow,
}

/// Whether a job could be printed on a printer at all, with what is loaded now.
///
/// # Errors
/// Every reason against it.
pub fn fits(job: &AssignmentRow, printer: Candidate<'_>) -> Result<(), Vec<Reason>> {
    let mut against = Vec::new();
    let wants = &job.body.wants;
    if let Some(only) = &job.only_printer
        && only != printer.id
    {
        against.push(Reason::WantsOtherPrinter(only.to_string()));
    }
    if !wants.profiles.is_empty() && !wants.profiles.iter().any(|p| p == printer.profile.id.as_str()) {
        against.push(Reason::WrongClass);
    }
    for tag in wants.tags.iter().filter(|t| !printer.tags.contains(t)) {
        against.push(Reason::MissingTag(tag.clone()));
    }
    if let Some(wanted_um) = wants.nozzle_um
        && wanted_um != printer.profile.nozzle_um
    {
        against.push(Reason::WrongNozzle { wanted_um, there_um: printer.profile.nozzle_um });
    }
    against.extend(too_large(&job.body.units, printer.profile));
    against.extend(wrong_material(job, printer.said));
    if against.is_empty() { Ok(()) } else { Err(against) }
}

/// The plate's outer size, whole millimetres rounded up: from the west-most to the east-most unit.
#[must_use]
pub fn plate_mm(units: &[Unit]) -> [u32; 2] {
    let edge = |at: usize| units.iter().filter_map(move |u| u.box_mm.get(at).copied());
    let span = |low: usize, high: usize| {
        let low = edge(low).fold(f64::INFINITY, f64::min);
        let high = edge(high).fold(f64::NEG_INFINITY, f64::max);
        whole_mm_up(high - low)
    };
    [span(0, 2), span(1, 3)]
}

/// Rounds up, forgiving a micrometre of representation; nothing and nonsense are 0 and "too large".
fn whole_mm_up(mm: f64) -> u32 {
    let up = (mm - 0.001).ceil();
    if !up.is_finite() {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range just before"
    )]
    let whole = up.clamp(0.0, f64::from(u32::MAX)) as u32;
    whole
}

fn too_large(units: &[Unit], profile: &Profile) -> Option<Reason> {
    let plate_mm = plate_mm(units);
    let usable = &profile.usable;
    let usable_mm = [0, 1].map(|axis| {
        let at = |corner: &[u32; 2]| corner.get(axis).copied().unwrap_or(0);
        at(&usable.max_mm).saturating_sub(at(&usable.min_mm))
    });
    let fits = plate_mm.iter().zip(&usable_mm).all(|(plate, room)| plate <= room);
    (!fits).then_some(Reason::TooLarge { plate_mm, usable_mm })
}

/// The material that a job is printed of.
#[must_use]
pub fn material_of(job: &AssignmentRow) -> &str {
    job.body.wants.material.as_deref().unwrap_or(DEFAULT_MATERIAL)
}

fn wrong_material(job: &AssignmentRow, said: &PrinterRow) -> Option<Reason> {
    let wanted = material_of(job);
    let Some(loaded) = &said.material else { return Some(Reason::NothingLoaded) };
    if !loaded.eq_ignore_ascii_case(wanted) {
        return Some(Reason::WrongMaterial { wanted: wanted.to_owned(), loaded: loaded.clone() });
    }
    let color = job.body.wants.color.as_ref()?;
    let there = said.color.clone().unwrap_or_else(|| "another colour".into());
    (!there.eq_ignore_ascii_case(color))
        .then_some(Reason::WrongColor { wanted: color.clone(), loaded: there })
}

/// The G-code of a job for a printer's class and the job's material, if it was made.
#[must_use]
pub fn artifact_for(snapshot: &Snapshot, job: &AssignmentRow, profile: &Profile) -> Option<Sha256> {
    let key = (job.job(), profile.id.to_string(), material_of(job).to_owned());
    snapshot.artifacts.get(&key).copied()
}
