//! The outer outline of a plate.

use super::{Contour, Point, QUARTER_STEPS, on_circle};
use crate::plan::Sides;

/// A rectangle whose corners are rounded where neither side beside them has a neighbour.
pub(crate) fn outline(low: Point, high: Point, radius_mm: f64, neighbours: Sides<bool>) -> Contour {
    let Sides { north, east, south, west } = neighbours;
    // Both sides of a corner must hold the radius.
    let shorter_mm = f64::from((high.x - low.x).min(high.y - low.y)) / 10_000.0;
    let radius_mm = radius_mm.min(shorter_mm / 2.0);
    let corners = [
        (high, north || east),
        (Point::new(low.x, high.y), north || west),
        (low, south || west),
        (Point::new(high.x, low.y), south || east),
    ];
    let mut contour = Contour::new();
    for (quarter, (corner, square)) in (0..4).zip(corners) {
        if square || radius_mm <= 0.0 {
            contour.push(corner);
            continue;
        }
        let inward = on_circle(radius_mm, quarter * QUARTER_STEPS)
            .plus(on_circle(radius_mm, (quarter + 1) * QUARTER_STEPS));
        let centre = Point::new(corner.x - inward.x, corner.y - inward.y);
        let arc = (0..=QUARTER_STEPS).map(|i| centre.plus(on_circle(radius_mm, quarter * QUARTER_STEPS + i)));
        contour.extend(arc);
    }
    contour
}
