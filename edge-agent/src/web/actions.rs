//! What people can do, with the fields that a form or a JSON body carries. Pages and API share every one of these.

use protocol::{
    attempt::Answer,
    ids::{AttemptNo, JobId, PrinterId},
    units::StateVersion,
    wire::v1::{UnitId, UnitResult, Verdict},
};
use serde::Deserialize;

use super::{App, cause, problem::Problem};
use crate::{
    floor::FloorError,
    ledger::{decide::Decision, sign_off::Count},
};

/// Longest text of a person, characters.
const WORDS_MAX: usize = 300;

/// The version of the state that the page was made from.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Seen {
    /// As the page carried it.
    pub seen: u64,
}

/// "The bed is clear."
#[derive(Debug, Clone, Deserialize)]
pub struct BedClear {
    /// What was on it, as the page said.
    pub cause: String,
    /// The version.
    pub seen: u64,
}

/// Good or scrap per unit.
#[derive(Debug, Clone, Deserialize)]
pub struct SignOff {
    /// Scrapped units with the reason; every other unit is good.
    #[serde(default)]
    pub scrap: Vec<Scrap>,
    /// The plate is off: the bed is clear too.
    #[serde(default)]
    pub bed_is_clear: bool,
    /// The version.
    pub seen: u64,
}

/// One scrapped unit.
#[derive(Debug, Clone, Deserialize)]
pub struct Scrap {
    /// Which.
    pub unit: UnitId,
    /// Why.
    pub reason: String,
}

/// "Did it start?"
#[derive(Debug, Clone, Deserialize)]
pub struct Decide {
    /// `did-not-start`, `printing-now`, `whole-plate`, `plastic-only` or `leave-it`.
    pub answer: String,
    /// Why they are sure.
    #[serde(default)]
    pub reason: String,
    /// The version.
    pub seen: u64,
}

/// Clears a bed.
///
/// # Errors
/// [`Problem`].
pub async fn bed_clear(app: &App, printer: &PrinterId, it: &BedClear, by: &str) -> Result<(), Problem> {
    let saw = cause::parse(&it.cause)?;
    match app.floor.clear_bed(printer, saw, StateVersion::new(it.seen), by).await {
        Ok(()) => Ok(()),
        Err(error) => Err(with_who_cleared(app, printer, error.into()).await?),
    }
}

/// Names who was faster, where a bed is clear already.
async fn with_who_cleared(app: &App, printer: &PrinterId, mut problem: Problem) -> Result<Problem, Problem> {
    let snapshot = app.floor.ledger.snapshot().await?;
    if let Some(row) = snapshot.beds.get(printer)
        && problem.kind == "stale"
        && row.bed.is_clear()
    {
        let at = jiff::Timestamp::from_millisecond(row.since.0).unwrap_or_default();
        let at = at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M").to_string();
        problem.detail = format!("Nothing was done: already cleared by {}, {at}.", row.by);
    }
    Ok(problem)
}

/// Signs a plate off; the answer names the replacement.
///
/// # Errors
/// [`Problem`].
pub async fn sign_off(
    app: &App,
    attempt: AttemptNo,
    it: SignOff,
    by: &str,
) -> Result<Option<JobId>, Problem> {
    let row = app.floor.ledger.attempt(attempt).await?;
    let job = app.floor.ledger.assignment(row.job).await?;
    let known: Vec<_> = job.body.units.iter().map(|u| u.id).collect();
    if let Some(strange) = it.scrap.iter().find(|s| !known.contains(&s.unit)) {
        return Err(Problem::bad_input(format!("scrap: unit {} is not on this plate.", strange.unit)));
    }
    let verdict = |unit| match it.scrap.iter().find(|s| s.unit == unit) {
        Some(scrap) => Verdict::Scrap { reason: words(&scrap.reason) },
        None => Verdict::Good,
    };
    let units = known.into_iter().map(|unit| UnitResult { unit, verdict: verdict(unit) }).collect();
    let seen = StateVersion::new(it.seen);
    let count = Count { attempt, units, bed_is_clear: it.bed_is_clear, seen, by: by.to_owned() };
    Ok(app.floor.sign_off(count).await?)
}

/// Decides an Unknown.
///
/// # Errors
/// [`Problem`].
pub async fn decide(app: &App, attempt: AttemptNo, it: &Decide, by: &str) -> Result<&'static str, Problem> {
    let answer = match it.answer.as_str() {
        "did-not-start" => Answer::DidNotStart,
        "printing-now" => Answer::PrintingNow,
        "whole-plate" => Answer::WholePlate,
        "plastic-only" => Answer::PlasticOnly,
        "leave-it" => Answer::LeaveIt,
        other => {
            let right = "did-not-start, printing-now, whole-plate, plastic-only or leave-it";
            return Err(Problem::bad_input(format!("answer: expected {right}, found {other:?}.")));
        }
    };
    let (reason, seen) = (words(&it.reason), StateVersion::new(it.seen));
    let decision = Decision { attempt, answer, reason, by: by.to_owned(), seen };
    Ok(app.floor.decide(decision).await?.word())
}

/// What can be asked of a running print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Hold it.
    Pause,
    /// Go on.
    Resume,
    /// End it.
    Cancel,
}

/// Asks a printer's task, if the page was not older than the printer's state.
///
/// # Errors
/// [`Problem`].
pub async fn move_print(app: &App, printer: &PrinterId, what: Move, seen: u64) -> Result<(), Problem> {
    check_seen(app, printer, seen).await?;
    let handle = &app.floor.station(printer)?.handle;
    let done = match what {
        Move::Pause => handle.pause().await,
        Move::Resume => handle.resume().await,
        Move::Cancel => handle.cancel().await,
    };
    Ok(done?)
}

/// Says what is loaded; `None`: nothing.
///
/// # Errors
/// [`Problem`] naming the materials that are known.
pub async fn set_material(
    app: &App,
    printer: &PrinterId,
    material: Option<String>,
    color: Option<String>,
    seen: u64,
) -> Result<(), Problem> {
    check_seen(app, printer, seen).await?;
    if let Some(name) = &material
        && app.floor.library.material(name).is_none()
    {
        let known: Vec<_> = app.floor.library.materials().map(|m| m.name.clone()).collect();
        let detail = format!("material: expected one of {}, found {name:?}.", known.join(", "));
        return Err(Problem::bad_input(detail));
    }
    let color = color.map(|c| words(&c));
    Ok(app.floor.ledger.set_material(printer.clone(), material, color).await?)
}

/// Takes a printer out of service with a reason, or puts it back.
///
/// # Errors
/// [`Problem`], also for a reason without words.
pub async fn set_out_of_service(
    app: &App,
    printer: &PrinterId,
    reason: Option<&str>,
    seen: u64,
) -> Result<(), Problem> {
    check_seen(app, printer, seen).await?;
    let reason = reason.map(words);
    if reason.as_deref() == Some("") {
        return Err(Problem::bad_input("reason: expected a few words for whoever comes next."));
    }
    Ok(app.floor.ledger.set_out_of_service(printer.clone(), reason).await?)
}

/// Confirms once that a machine is the model that the settings say.
///
/// # Errors
/// [`Problem`].
pub async fn confirm_profile(app: &App, printer: &PrinterId, seen: u64) -> Result<(), Problem> {
    check_seen(app, printer, seen).await?;
    let profile = app.floor.station(printer)?.profile.id.to_string();
    Ok(app.floor.ledger.confirm_profile(printer.clone(), profile).await?)
}

/// Allows a port to be opened although that may reset the board.
///
/// # Errors
/// [`Problem`].
pub async fn open_port(app: &App, printer: &PrinterId, seen: u64) -> Result<(), Problem> {
    check_seen(app, printer, seen).await?;
    Ok(app.floor.open_port(printer).await?)
}

/// Puts a job before all others, on one printer or on any.
///
/// # Errors
/// [`Problem`].
pub async fn move_job(app: &App, job: JobId, printer: Option<PrinterId>, seen: u64) -> Result<(), Problem> {
    if let Some(printer) = &printer {
        app.floor.station(printer)?;
    }
    Ok(app.floor.ledger.move_to(job, StateVersion::new(seen), printer).await?)
}

/// Whether a page was made from the printer's state of now.
///
/// # Errors
/// A stale [`Problem`] with the version of now.
pub async fn check_seen(app: &App, printer: &PrinterId, seen: u64) -> Result<(), Problem> {
    let snapshot = app.floor.ledger.snapshot().await?;
    let station = app.floor.station(printer)?;
    let version = snapshot.beds.get(printer).map(|b| b.version).unwrap_or_default();
    if version == StateVersion::new(seen) {
        return Ok(());
    }
    let word = crate::scheduler::summary::state_word(station, &snapshot, snapshot.live_on(printer));
    let now = format!("{} is {word} now", station.settings.name);
    Err(FloorError::from(crate::ledger::LedgerError::Stale { now, version }).into())
}

/// A person's words, bounded.
#[must_use]
pub fn words(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(WORDS_MAX).collect()
}
