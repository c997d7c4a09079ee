//! Top views for people: where each plate lies, which cells it has, and what it is called.
//!
//! Plain SVG in mm with classes (`plate`, `cell`, `name`) and own default colours, so that a page may restyle it.

use crate::plan::{Plan, Plate, Slot};
use std::fmt::Write as _;

/// Fill colours of neighbouring plates; four are enough for staggered columns.
const FILLS: [&str; 4] = ["#dbe7f3", "#f3e9d8", "#dff0e0", "#f0e0ec"];
/// Room around the drawing, mm.
const MARGIN_MM: f64 = 4.0;

/// The whole grid seen from above, north up.
#[must_use]
pub fn plan_svg(plan: &Plan) -> String {
    let plates: Vec<&Plate> = plan.plates.iter().collect();
    let (outer_x, outer_y) = (mm(plan.axes.x.outer()), mm(plan.axes.y.outer()));
    let title = format!("Plan of a grid of {outer_x} x {outer_y} mm: {} plates", plates.len());
    draw(plan, &plates, [0.0, 0.0, outer_x, outer_y], &title)
}

/// One plate of the grid seen from above; empty if the plan has no such plate.
#[must_use]
pub fn plate_svg(plan: &Plan, slot: Slot) -> String {
    let Some(plate) = plan.plate(slot) else {
        return String::new();
    };
    let area = outline(plan, plate);
    draw(plan, &[plate], area, &format!("Plate {slot}"))
}

/// x, y, width and height of a plate in the grid without its connectors, mm, from the south-west corner.
pub(super) fn outline(plan: &Plan, plate: &Plate) -> [f64; 4] {
    let (x, y) = (&plan.axes.x, &plan.axes.y);
    let span = |axis: &crate::plan::Axis, first: usize, count: usize| {
        let after = first + count;
        let low = if first == 0 { 0 } else { axis.start + axis.span(0, first) };
        let high = if after == axis.cells.len() { axis.outer() } else { axis.start + axis.span(0, after) };
        [mm(low), mm(high - low)]
    };
    let ([first_x, first_y], [cells_x, cells_y]) = (plate.first_cell, plate.cells);
    let ([left, width], [below, height]) = (span(x, first_x, cells_x), span(y, first_y, cells_y));
    [left, below, width, height]
}

fn mm(tenths_um: i64) -> f64 {
    protocol::grid::Length::from_tenths_um(tenths_um).mm()
}

fn draw(plan: &Plan, plates: &[&Plate], [x, y, width, height]: [f64; 4], title: &str) -> String {
    let outer_y = mm(plan.axes.y.outer());
    // SVG counts down; north is up.
    let top = outer_y - y - height;
    let mut svg = String::new();
    let (left, view_top) = (x - MARGIN_MM, top - MARGIN_MM);
    let (view_width, view_height) = (width + 2.0 * MARGIN_MM, height + 2.0 * MARGIN_MM);
    put(
        &mut svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{left:.2} {view_top:.2} {view_width:.2} {view_height:.2}\" \
         role=\"img\" font-family=\"sans-serif\">\n<title>{title}</title>\n"
        ),
    );
    for plate in plates {
        draw_plate(&mut svg, plan, plate, outer_y);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_plate(svg: &mut String, plan: &Plan, plate: &Plate, outer_y: f64) {
    let [x, y, width, height] = outline(plan, plate);
    let fill = FILLS.get((plate.column % 2) * 2 + plate.row % 2).copied().unwrap_or("#eeeeee");
    let slot = plate.slot;
    put(
        svg,
        format_args!(
            "<g class=\"plate\" data-slot=\"{slot}\"><rect x=\"{x:.2}\" y=\"{:.2}\" width=\"{width:.2}\" \
         height=\"{height:.2}\" fill=\"{fill}\" stroke=\"#33414f\" stroke-width=\"0.8\"/>\n",
            outer_y - y - height
        ),
    );
    let (axis_x, axis_y) = (&plan.axes.x, &plan.axes.y);
    for row in plate.first_cell[1]..plate.first_cell[1] + plate.cells[1] {
        for column in plate.first_cell[0]..plate.first_cell[0] + plate.cells[0] {
            let cell_x = mm(axis_x.start + axis_x.span(0, column));
            let cell_y = mm(axis_y.start + axis_y.span(0, row));
            let (wide, tall) = (mm(axis_x.span(column, column + 1)), mm(axis_y.span(row, row + 1)));
            put(
                svg,
                format_args!(
                    "<rect class=\"cell\" x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" rx=\"3\" fill=\"none\" \
                 stroke=\"#8b98a5\" stroke-width=\"0.4\"/>\n",
                    cell_x + 1.5,
                    outer_y - cell_y - tall + 1.5,
                    wide - 3.0,
                    tall - 3.0
                ),
            );
        }
    }
    let size = (width.min(height) / 2.5).clamp(4.0, 28.0);
    put(
        svg,
        format_args!(
            "<text class=\"name\" x=\"{:.2}\" y=\"{:.2}\" font-size=\"{size:.2}\" text-anchor=\"middle\" \
         dominant-baseline=\"central\" fill=\"#1b2733\">{slot}</text></g>\n",
            x + width / 2.0,
            outer_y - y - height / 2.0
        ),
    );
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}
