//! Pictures that the server draws: a plate with what is printed of it, and the temperatures of the last half hour.
//! Decoration beside words that say the same; made of numbers only, so nothing in them needs escaping.

use std::fmt::Write as _;

use protocol::wire::v1::Unit;
use tokio::time::Instant;

use super::words::Clock;
use crate::floor::heat::{Point, SPAN};

/// Side of a grid's cell, mm.
const CELL_MM: f64 = 42.0;
/// Cells drawn in one direction at most: more are a grey area.
const CELLS_MAX: u32 = 12;
/// Highest temperature of the plot, °C.
const TOP_C: f32 = 300.0;
/// Height of a name beside a line, % of the plot.
const NAME_SHARE: f32 = 9.0;
/// Size of the plot in its own units.
const PLOT: [f32; 2] = [600.0, 200.0];

/// Cells of a plate as wide and deep as its first part.
fn cells(units: &[Unit]) -> Option<[u32; 2]> {
    let [west, south, east, north] = units.first()?.box_mm;
    let n = |mm: f64| (1..=CELLS_MAX).take_while(|n| f64::from(*n) * CELL_MM <= mm + CELL_MM / 4.0).last();
    Some([n(east - west).unwrap_or(1), n(north - south).unwrap_or(1)])
}

/// A plate seen from above in a square, `percent` of it filled.
pub(super) fn plate(units: &[Unit], percent: Option<u16>) -> String {
    let Some([columns, rows]) = cells(units) else {
        return "<span class=\"thumb none\" aria-hidden=\"true\"></span>".into();
    };
    let side = 50.0 / f64::from(columns.max(rows));
    let (x0, y0) = (32.0 - side * f64::from(columns) / 2.0, 32.0 + side * f64::from(rows) / 2.0);
    let filled = f64::from(percent.unwrap_or(0)) / 100.0 * f64::from(columns * rows);
    let mut out = String::from(
        "<svg class=\"thumb\" viewBox=\"0 0 64 64\" fill=\"none\" stroke=\"currentColor\" aria-hidden=\"true\">\
         <rect x=\"1\" y=\"1\" width=\"62\" height=\"62\" rx=\"6\" style=\"fill:var(--sunk);stroke:var(--line)\"/>",
    );
    for n in 0..columns * rows {
        let (column, row) = (n % columns, n / columns);
        let cell = side * 0.84;
        let inset = (side - cell) / 2.0;
        let (x, y) = (x0 + side * f64::from(column) + inset, y0 - side * f64::from(row + 1) + inset);
        let fill = if f64::from(n) + 0.5 <= filled { " fill=\"currentColor\"" } else { "" };
        let _infallible = write!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{cell:.1}\" height=\"{cell:.1}\" rx=\"1.5\"{fill}/>"
        );
    }
    out + "</svg>"
}

/// The temperatures of one printer.
#[derive(Debug)]
pub(super) struct Plot {
    /// The lines.
    pub(super) svg: String,
    /// The same in words, for those who hear the page.
    pub(super) words: String,
    /// Degrees at the left: text and place from the top, %.
    pub(super) scale: Vec<(String, String)>,
    /// Names at the right end: text and place from the top, %.
    pub(super) ends: Vec<(String, String)>,
    /// Times below, from the left, %.
    pub(super) times: Vec<(String, u32)>,
}

/// The plot, once there are points to connect.
pub(super) fn plot(points: &[Point], now: Instant, clock: &Clock) -> Option<Plot> {
    if points.len() < 2 {
        return None;
    }
    let lines = [
        ("Nozzle", "bad", "", points.iter().map(|p| (p.at, p.said.nozzle_c)).collect::<Vec<_>>()),
        ("Bed", "go", " stroke-dasharray=\"7 3\"", points.iter().map(|p| (p.at, p.said.bed_c)).collect()),
    ];
    let mut svg = String::from(
        "<svg viewBox=\"0 0 600 200\" preserveAspectRatio=\"none\" fill=\"none\" aria-hidden=\"true\">",
    );
    let mut scale = Vec::new();
    for c in [0.0, 100.0, 200.0, 300.0] {
        scale.push((format!("{c:.0}°"), format!("{:.1}", share_from_top(c))));
        let _infallible = write!(svg, "<path class=\"ax\" d=\"M0 {:.1}H600\"/>", height(c));
    }
    let (mut ends, mut words): (Vec<(String, f32)>, Vec<String>) = (Vec::new(), Vec::new());
    for (name, colour, dash, line) in lines {
        let mut known = line.iter().filter_map(|(at, c)| Some((*at, (*c)?)));
        let mut places = String::new();
        for (at, c) in known.clone() {
            let _infallible = write!(places, "{:.1},{:.1} ", across(at, now), height(c));
        }
        let Some((_, last)) = known.next_back() else { continue };
        let _infallible = write!(
            svg,
            "<polyline points=\"{places}\" style=\"stroke:var(--{colour})\" stroke-width=\"2.5\"{dash}/>"
        );
        ends.push((format!("{name} {last:.0}°"), share_from_top(last)));
        words.push(format!("{name} {last:.0} °C now"));
    }
    // Two names at one height would cover each other.
    if let [(_, first), (_, second)] = ends.as_mut_slice()
        && (*first - *second).abs() < NAME_SHARE
    {
        *first = *second - NAME_SHARE;
    }
    let ends = ends.into_iter().map(|(name, top)| (name, format!("{top:.1}"))).collect();
    let minutes = [30, 20, 10, 0];
    let time =
        |m: i64| (clock.time(clock.now_ms - m * 60_000), u32::try_from((30 - m) * 10 / 3).unwrap_or(0));
    Some(Plot {
        svg: svg + "</svg>",
        words: words.join(", "),
        scale,
        ends,
        times: minutes.map(time).to_vec(),
    })
}

fn share_from_top(c: f32) -> f32 {
    height(c) / PLOT[1] * 100.0
}

fn height(c: f32) -> f32 {
    let share = (c / TOP_C).clamp(0.0, 1.0);
    (PLOT[1] - 2.0) - share * (PLOT[1] - 11.0)
}

fn across(at: Instant, now: Instant) -> f32 {
    let age = now.saturating_duration_since(at).as_secs_f32() / SPAN.as_secs_f32();
    PLOT[0] * (1.0 - age.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::wire::v1::Unit;
    use tokio::time::Instant;

    use super::{Clock, Point, plate, plot};
    use crate::printer::Temperatures;

    fn unit(east: f64, north: f64) -> Unit {
        Unit { id: 1, label: "A1".into(), box_mm: [0.0, 0.0, east, north] }
    }

    #[test]
    fn a_plate_is_drawn_with_its_cells_and_what_is_done() {
        let half = plate(&[unit(210.4, 126.0)], Some(50));
        assert_eq!(half.matches("rx=\"1.5\"").count(), 15, "{half}");
        assert_eq!(half.matches("fill=\"currentColor\"").count(), 8, "the middle of a cell decides");
        assert!(plate(&[], None).contains("none"), "no plate, an empty frame");
        assert!(plate(&[unit(9_000.0, 9_000.0)], None).len() < 20_000, "bounded");
    }

    #[test]
    fn temperatures_become_lines_with_words() {
        let now = Instant::now() + Duration::from_secs(3600);
        let said = Temperatures { nozzle_c: Some(210.0), bed_c: None, ..Temperatures::default() };
        let point = |s| Point { at: now - Duration::from_secs(s), said };
        let clock = Clock { now_ms: 1_795_000_000_000, zone: jiff::tz::TimeZone::UTC };
        assert!(plot(&[point(5)], now, &clock).is_none(), "one point is no line");
        let drawn = plot(&[point(900), point(0)], now, &clock).unwrap();
        assert_eq!(drawn.words, "Nozzle 210 °C now");
        assert!(drawn.svg.contains("300.0,") && drawn.svg.contains("600.0,"), "{}", drawn.svg);
        assert_eq!(drawn.times.first().unwrap(), &("10:36".to_owned(), 0));
    }
}
