//! The pages' forms: the same actions as the API, then back to the page.

use axum::{
    extract::{Path, State},
    response::Redirect,
};
use protocol::{
    ids::{AttemptNo, Incarnation, JobId, PrinterId},
    units::StateVersion,
};

use super::form::Posted;
use crate::{
    ledger::queue::Way,
    web::{
        App,
        actions::{self, BedClear, Decide, Move, Scrap, SignOff},
        problem::Problem,
    },
};

type Done = Result<Redirect, Problem>;

/// `POST /p/{printer}/{what}`.
pub(super) async fn printer(
    State(app): State<App>,
    Path((printer, what)): Path<(PrinterId, String)>,
    it: Posted,
) -> Done {
    let by = it.by.as_str();
    match what.as_str() {
        "clear" => {
            let saw = BedClear { cause: it.text("cause").to_owned(), seen: it.seen()? };
            actions::bed_clear(&app, &printer, &saw, by).await?;
        }
        "pause" => actions::move_print(&app, &printer, Move::Pause, it.seen()?).await?,
        "resume" => actions::move_print(&app, &printer, Move::Resume, it.seen()?).await?,
        "cancel" => actions::move_print(&app, &printer, Move::Cancel, it.seen()?).await?,
        // Never refused for an old page: a stop is a stop.
        "stop" => app.floor.emergency_stop(&printer, by).await?,
        "open-port" => actions::open_port(&app, &printer, it.seen()?).await?,
        "material" => {
            let [material, color] =
                ["material", "color"].map(|f| Some(it.text(f).to_owned()).filter(|t| !t.trim().is_empty()));
            actions::set_material(&app, &printer, material, color, it.seen()?).await?;
        }
        "oos" => {
            actions::set_out_of_service(&app, &printer, Some(it.text("reason")), it.seen()?).await?;
        }
        "service" => actions::set_out_of_service(&app, &printer, None, it.seen()?).await?,
        _unknown => return Err(Problem::not_found("There is no such action.")),
    }
    Ok(it.back(&format!("/p/{printer}")))
}

/// `POST /p/{printer}/confirm`, for administrators.
pub(super) async fn confirm(State(app): State<App>, Path(printer): Path<PrinterId>, it: Posted) -> Done {
    actions::confirm_profile(&app, &printer, it.seen()?).await?;
    Ok(it.back(&format!("/p/{printer}")))
}

/// `POST /beds/clear`: every listed bed is tried; those that changed meanwhile are named.
pub(super) async fn beds(State(app): State<App>, it: Posted) -> Done {
    let (mut refused, mut cleared_n) = (Vec::new(), 0);
    for bed in it.all("bed") {
        let mut words = bed.split(' ');
        let (Some(id), Some(cause), Some(seen)) = (words.next(), words.next(), words.next()) else {
            return Err(Problem::bad_input("bed: expected printer, cause and version."));
        };
        let bad = || Problem::bad_input(format!("bed: expected printer, cause and version, found {bed:?}."));
        let printer: PrinterId = id.parse().map_err(|_bad| bad())?;
        let seen = seen.parse().map_err(|_bad| bad())?;
        let saw = BedClear { cause: cause.to_owned(), seen };
        match actions::bed_clear(&app, &printer, &saw, &it.by).await {
            Ok(()) => cleared_n += 1,
            Err(problem) => refused.push((printer, problem)),
        }
    }
    let names: Vec<_> = refused.iter().map(|(printer, _)| printer.to_string()).collect();
    match refused.into_iter().next() {
        None => Ok(it.back("/")),
        Some((_, mut problem)) => {
            let others = if cleared_n == 0 { "No bed was cleared." } else { "The other beds are clear." };
            problem.detail = format!("{}: {} {others}", names.join(", "), problem.detail);
            Err(problem)
        }
    }
}

/// `POST /jobs/{job}/{what}`.
pub(super) async fn job(
    State(app): State<App>,
    Path((job, what)): Path<(JobId, String)>,
    it: Posted,
) -> Done {
    let ledger = &app.floor.ledger;
    match what.as_str() {
        "hold" => ledger.hold(job, StateVersion::new(it.seen()?), true).await?,
        "unhold" => ledger.hold(job, StateVersion::new(it.seen()?), false).await?,
        "give-back" => ledger.give_back(job, StateVersion::new(it.seen()?)).await?,
        "up" => ledger.shift(job, StateVersion::new(it.seen()?), Way::Up).await?,
        "down" => ledger.shift(job, StateVersion::new(it.seen()?), Way::Down).await?,
        "replace" => drop(ledger.replace(job).await?),
        "move" => {
            let printer = match it.text("printer") {
                "" => None,
                id => Some(id.parse().map_err(|_bad| Problem::not_found("There is no such printer."))?),
            };
            actions::move_job(&app, job, printer, it.seen()?).await?;
        }
        _unknown => return Err(Problem::not_found("There is no such action.")),
    }
    Ok(it.back("/queue"))
}

/// `POST /attempts/{incarnation}/{n}/{what}`.
pub(super) async fn attempt(
    State(app): State<App>,
    Path((incarnation, n, what)): Path<(String, u64, String)>,
    it: Posted,
) -> Done {
    let no = number(&incarnation, n)?;
    match what.as_str() {
        "sign-off" => sign_off(&app, no, &it).await?,
        "decide" => {
            let (answer, reason) = (it.text("answer").to_owned(), it.text("reason").to_owned());
            let decision = Decide { answer, reason, seen: it.seen()? };
            let state = actions::decide(&app, no, &decision, &it.by).await?;
            if matches!(state, "Finished" | "Failed") && decision.answer != "did-not-start" {
                return Ok(Redirect::to(&format!("/finish/{no}")));
            }
        }
        _unknown => return Err(Problem::not_found("There is no such action.")),
    }
    Ok(it.back("/"))
}

async fn sign_off(app: &App, no: AttemptNo, it: &Posted) -> Result<(), Problem> {
    let is_marked = it.text("all") == "marked";
    let mut scrap = Vec::new();
    for unit in it.all("scrap").filter(|_| is_marked) {
        let unit =
            unit.parse().map_err(|_bad| Problem::bad_input("scrap: expected the number of a part."))?;
        scrap.push(Scrap { unit, reason: it.text("why").to_owned() });
    }
    let has_scrap = !scrap.is_empty();
    let bed_is_clear = !is_marked || it.text("clear") == "yes";
    let count = SignOff { scrap, bed_is_clear, seen: it.seen()? };
    let replaced_by = actions::sign_off(app, no, count, &it.by).await?;
    if has_scrap && replaced_by.is_none() && it.text("reprint") == "yes" {
        let job = app.floor.ledger.attempt(no).await?.job;
        app.floor.ledger.replace(job).await?;
    }
    Ok(())
}

/// The attempt of a path.
pub(super) fn number(incarnation: &str, n: u64) -> Result<AttemptNo, Problem> {
    let incarnation: Incarnation =
        incarnation.parse().map_err(|_bad| Problem::not_found("There is no such print."))?;
    Ok(AttemptNo { incarnation, n })
}
