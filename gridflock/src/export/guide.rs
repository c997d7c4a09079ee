//! The assembly guide: one printed page with the grid from above, its plates by name, and what else is needed.

use super::needs::Needs;
use super::page::{Align, Page, WIDTH};
use crate::plan::{Plan, Plate};
use protocol::grid::{GridSpec, Length};

const MARGIN: f64 = 15.0;
/// Room for the drawing: width and height, mm.
const DRAWING: [f64; 2] = [WIDTH - 2.0 * MARGIN, 150.0];
/// Where the drawing begins, mm from the top.
const DRAWING_TOP: f64 = 38.0;
/// Lines that fit below the drawing: kinds of plates, then what else is needed.
const ROWS_MAX: usize = 16;
const ROW: f64 = 5.0;
/// The guide as SVG.
#[must_use]
pub fn guide_svg(spec: &GridSpec, plan: &Plan, needs: &Needs) -> String {
    page(spec, plan, needs).svg()
}

/// The guide as PDF.
#[must_use]
pub fn guide_pdf(spec: &GridSpec, plan: &Plan, needs: &Needs) -> Vec<u8> {
    page(spec, plan, needs).pdf()
}

fn page(spec: &GridSpec, plan: &Plan, needs: &Needs) -> Page {
    let mut page = Page::default();
    let (x, y) = (plan.outer().x.mm(), plan.outer().y.mm());
    let name = spec.sku().map_or_else(|| format!("Grid {x} x {y} mm"), |sku| sku.to_string());
    page.text([MARGIN, 20.0], 7.0, Align::Left, name);
    let plates = plan.plates.len();
    let line = format!(
        "{plates} plates, together {x:.1} x {y:.1} mm. Numbers are below each plate; letters run from west to east."
    );
    page.text([MARGIN, 27.0], 3.6, Align::Left, line);
    if !spec.connectors().is_none() {
        let line =
            "Start with A1. Arrows point from a tab to the plate whose socket it goes into, from above.";
        page.text([MARGIN, 32.0], 3.6, Align::Left, line);
    }
    drawing(&mut page, plan);
    list(&mut page, plan, needs);
    page
}

/// The grid from above, north up, to scale.
fn drawing(page: &mut Page, plan: &Plan) {
    let (outer_x, outer_y) = (plan.outer().x.mm(), plan.outer().y.mm());
    let scale = (DRAWING[0] / outer_x).min((DRAWING[1] - 10.0) / outer_y);
    let left = (WIDTH - outer_x * scale) / 2.0;
    let bottom = DRAWING_TOP + outer_y * scale;
    let rim = plan.rim.map(|tenths| Length::from_tenths_um(tenths).mm());
    for plate in &plan.plates {
        let [x, y, w, h] = super::svg::outline(plan, plate);
        let (x, y) = (x + rim.west, y + rim.south);
        let at = [left + x * scale, bottom - (y + h) * scale, w * scale, h * scale];
        let [at_x, at_y, wide, high] = at;
        page.block(at, if (plate.column + plate.row) % 2 == 0 { 0.93 } else { 1.0 });
        let size = (wide.min(high) / 3.0).clamp(1.5, 9.0);
        let middle = [at_x + wide / 2.0, at_y + high / 2.0 + size / 3.0];
        page.text(middle, size, Align::Centre, plate.slot.to_string());
        arrows(page, plate, at);
    }
    let below = bottom + 5.0;
    page.line([left, below - 2.0, left + outer_x * scale, below - 2.0], 0.2);
    page.text([WIDTH / 2.0, below + 2.5], 3.6, Align::Centre, format!("{outer_x:.1} mm"));
    page.text([left - 2.0, DRAWING_TOP - 1.0], 3.6, Align::Left, format!("{outer_y:.1} mm, north is up"));
}

/// Tabs are on northern and eastern seams.
fn arrows(page: &mut Page, plate: &Plate, [x, y, wide, high]: [f64; 4]) {
    let tip = (wide.min(high) / 10.0).clamp(0.5, 2.0);
    if plate.neighbours.north {
        let (at, end) = (x + wide / 2.0, y - tip);
        page.line([at, y + tip, at, end], 0.5);
        page.line([at - tip / 2.0, end + tip / 2.0, at, end], 0.5);
        page.line([at + tip / 2.0, end + tip / 2.0, at, end], 0.5);
    }
    if plate.neighbours.east {
        let (at, end) = (y + high / 2.0, x + wide + tip);
        page.line([x + wide - tip, at, end, at], 0.5);
        page.line([end - tip / 2.0, at - tip / 2.0, end, at], 0.5);
        page.line([end - tip / 2.0, at + tip / 2.0, end, at], 0.5);
    }
}

fn list(page: &mut Page, plan: &Plan, needs: &Needs) {
    let mut y = DRAWING_TOP + DRAWING[1] + 12.0;
    let mut kinds: Vec<([usize; 2], [Length; 2], Vec<String>)> = Vec::new();
    for plate in &plan.plates {
        let size = [plate.size.x, plate.size.y];
        match kinds.iter_mut().find(|(cells, known, _)| *cells == plate.cells && *known == size) {
            Some((_, _, slots)) => slots.push(plate.slot.to_string()),
            None => kinds.push((plate.cells, size, vec![plate.slot.to_string()])),
        }
    }
    let lines = lines(needs);
    let room = ROWS_MAX.saturating_sub(lines.len() + 1);
    for ([cells_x, cells_y], [wide, deep], slots) in kinds.iter().take(room) {
        let names: String = slots.join(", ").chars().take(60).collect();
        let row = format!(
            "{} x  {cells_x} x {cells_y} cells, {:.1} x {:.1} mm: {names}",
            slots.len(),
            wide.mm(),
            deep.mm()
        );
        page.text([MARGIN, y], 3.6, Align::Left, row);
        y += ROW;
    }
    if kinds.len() > room {
        let row = format!("and {} more kinds of plates", kinds.len() - room);
        page.text([MARGIN, y], 3.6, Align::Left, row);
        y += ROW;
    }
    y += ROW / 2.0;
    for line in lines {
        page.text([MARGIN, y], 3.6, Align::Left, line);
        y += ROW;
    }
}

/// What else is needed.
fn lines(needs: &Needs) -> Vec<String> {
    let [long, wide, high] = needs.packed_mm;
    let mut lines: Vec<String> = needs.parts.iter().map(|part| part.line.clone()).collect();
    lines.push(format!(
        "at most {:.0} g of PLA, {:.0} m of 1.75 mm filament",
        needs.weight_g, needs.filament_m
    ));
    lines.push(format!("packed as one pile: {long:.0} x {wide:.0} x {high:.0} mm"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::needs;
    use protocol::grid::GridParams;

    #[test]
    fn the_guide_names_every_plate_and_counts_the_magnets() {
        let json = r#"{"plate_size":[450,320],"magnets":true}"#;
        let spec = GridSpec::check(&GridParams::from_json(json).unwrap()).unwrap();
        let plan = crate::plan(&spec).unwrap();
        let made = vec![(100_000.0, 8.15); plan.plates.len()];
        let needs = needs(&spec, &plan, &made);
        // 10 x 7 whole cells, 10 + 7 halves with two magnets each and one quarter with one.
        assert_eq!(needs.parts[0].count, 4 * 70 + 2 * 17 + 1);
        assert!((needs.weight_g - 496.0).abs() < 1e-9, "{needs:?}");
        let svg = guide_svg(&spec, &plan, &needs);
        let pdf = String::from_utf8_lossy(&guide_pdf(&spec, &plan, &needs)).into_owned();
        for plate in &plan.plates {
            assert!(svg.contains(&format!(">{}<", plate.slot)) && pdf.contains(&format!("({})", plate.slot)));
        }
        let lowest = svg.split("y=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok());
        assert!(lowest.fold(0.0, f64::max) < 290.0, "it fits the page");
        assert!(svg.contains("315 magnets") && pdf.contains("GF-450x320-IP-MAG"));
        assert!(pdf.starts_with("%PDF-1.4") && pdf.ends_with("%%EOF\n"));
    }
}
