//! Sign-off: is everything good? One tap; else tap the parts that are not.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use protocol::wire::v1::{OnScrap, Unit};

use super::{
    act::number,
    layout::{Asked, Page, show},
    look::{Look, made_of, title},
    words::{Sign, count, sign},
};
use crate::web::{App, problem::Problem};

/// A part on the picture of the bed, in % of it.
#[derive(Debug)]
struct Part {
    id: u32,
    label: String,
    left: String,
    top: String,
    width: String,
    height: String,
}

#[derive(Template)]
#[template(path = "finish.html")]
struct Finish {
    page: Page,
    attempt: String,
    seen: u64,
    summary: String,
    sign: Sign,
    bed_mm: (u32, u32),
    units: Vec<Part>,
    is_zoomed: bool,
    all_good: String,
    may_ask: bool,
    policy: &'static str,
}

pub(super) async fn page(
    State(app): State<App>,
    Path((incarnation, n)): Path<(String, u64)>,
    asked: Asked,
) -> Result<Response, Problem> {
    let no = number(&incarnation, n)?;
    let look = Look::now(&app).await?;
    let attempt = app.floor.ledger.attempt(no).await?;
    let job = app.floor.ledger.assignment(attempt.job).await?;
    if attempt.is_counted || !attempt.state.is_terminal() {
        let now = if attempt.is_counted { "It is signed off already" } else { "It has not ended yet" };
        return Err(Problem::not_found(format!("{}: {now}.", title(Some(&job)))));
    }
    let cell = look.cells.iter().find(|c| c.id == attempt.printer.as_str());
    let printer = cell.map_or_else(|| attempt.printer.to_string(), |c| c.name.clone());
    let [x, y] = app.floor.station(&attempt.printer)?.profile.bed_mm;
    let n = job.body.units.len();
    let ended = attempt.ended.map(|t| format!("{}, {} ago", look.clock.time(t.0), look.clock.span(t.0)));
    let h1 = format!("{printer}: how did {} come out?", title(Some(&job)));
    let all_good =
        if n == 1 { "Good, bed is clear".to_owned() } else { format!("All {n} good, bed is clear") };
    let policy = match job.body.on_scrap {
        OnScrap::Replace { left: 0 } | OnScrap::Ask => "Nothing is printed again by itself.",
        OnScrap::Replace { .. } => "What is scrap is printed again by itself.",
        OnScrap::No => "Scrap of this plate is not printed again.",
    };
    let (units, is_zoomed) = parts(&job.body.units, [f64::from(x), f64::from(y)]);
    show(&Finish {
        attempt: no.to_string(),
        seen: cell.map(|c| c.seen).unwrap_or_default(),
        summary: format!("{}. {} {}.", made_of(&job), attempt.state.word(), ended.unwrap_or_default()),
        sign: sign("Needs clearing"),
        bed_mm: (x, y),
        units,
        is_zoomed,
        all_good,
        may_ask: matches!(job.body.on_scrap, OnScrap::Ask | OnScrap::Replace { left: 0 }),
        policy,
        page: Page::new(&look, &asked, "finish", h1)
            .saying(format!("{} to count on {printer}", count(n, "part", "parts"))),
    })
}

/// A part smaller than this share of the picture cannot be hit with a finger: the picture is zoomed.
const PART_SHARE_MIN: f64 = 0.25;
/// How much of a zoomed picture the parts fill.
const ZOOM_SHARE: f64 = 0.7;

/// Where the parts lie, as the picture needs it, and whether it shows only the middle of the bed. Plates are printed
/// in the middle of the bed.
fn parts(units: &[Unit], [bed_x, bed_y]: [f64; 2]) -> (Vec<Part>, bool) {
    let edge = |at: usize, pick: fn(f64, f64) -> f64, start: f64| {
        units.iter().filter_map(|u| u.box_mm.get(at)).fold(start, |a, b| pick(a, *b))
    };
    let (west, south) = (edge(0, f64::min, f64::MAX), edge(1, f64::min, f64::MAX));
    let (east, north) = (edge(2, f64::max, f64::MIN), edge(3, f64::max, f64::MIN));
    let smallest = units.iter().map(|u| {
        let [west, south, east, north] = u.box_mm;
        ((east - west) / bed_x).min((north - south) / bed_y)
    });
    let is_zoomed = smallest.fold(1.0, f64::min) < PART_SHARE_MIN;
    let all = ((east - west) / bed_x).max((north - south) / bed_y);
    let scale = if is_zoomed { (ZOOM_SHARE / all).max(1.0) } else { 1.0 };
    let (middle_x, middle_y) = ((west + east) / 2.0, (south + north) / 2.0);
    let share = |part: f64| format!("{:.2}", part.clamp(0.0, 100.0));
    let part = |u: &Unit| {
        let [west, south, east, north] = u.box_mm;
        Part {
            id: u.id,
            label: u.label.clone(),
            left: share(50.0 + (west - middle_x) / bed_x * scale * 100.0),
            top: share(50.0 - (north - middle_y) / bed_y * scale * 100.0),
            width: share((east - west) / bed_x * scale * 100.0),
            height: share((north - south) / bed_y * scale * 100.0),
        }
    };
    (units.iter().map(part).collect(), scale > 1.0)
}

#[cfg(test)]
mod tests {
    use protocol::wire::v1::Unit;

    use super::parts;

    #[test]
    fn a_plate_lies_in_the_middle_of_the_picture() {
        let unit = Unit { id: 1, label: "A1".into(), box_mm: [0.0, 0.0, 100.0, 50.0] };
        let (all, is_zoomed) = parts(&[unit], [200.0, 200.0]);
        let p = &all[0];
        assert_eq!([&p.left, &p.top, &p.width, &p.height], ["25.00", "37.50", "50.00", "25.00"]);
        assert!(!is_zoomed);
    }

    #[test]
    fn small_parts_are_zoomed_until_a_finger_hits_them() {
        let unit =
            |n, west: f64| Unit { id: n, label: format!("A{n}"), box_mm: [west, 0.0, west + 20.0, 20.0] };
        let (all, is_zoomed) = parts(&[unit(1, 0.0), unit(2, 30.0)], [250.0, 250.0]);
        let places: Vec<_> =
            all.iter().map(|p| (p.left.as_str(), p.top.as_str(), p.width.as_str())).collect();
        assert_eq!(places, [("15.00", "36.00", "28.00"), ("57.00", "36.00", "28.00")]);
        assert!(is_zoomed);
    }
}
