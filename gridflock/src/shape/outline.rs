//! The outer outline of a plate, and that of a rim around it.

use super::{Contour, Point, QUARTER_STEPS, from_mm, on_circle};
use crate::plan::Sides;
use protocol::grid::PerSide;

/// Smaller arcs are corners, tenths of a micrometre.
const ARC_MIN: i32 = 50;

/// A rectangle whose corners are rounded where neither side beside them has a neighbour. Inside of a rim the radius is
/// smaller by its thickness, on each side by that side's.
pub(crate) fn outline(
    low: Point,
    high: Point,
    radius_mm: f64,
    rim: PerSide<i32>,
    neighbours: Sides<bool>,
) -> Contour {
    rounded(low, high, radius_mm, rim, neighbours)
}

/// The outer outline of a rim.
pub(crate) fn rim_outline(
    low: Point,
    high: Point,
    radius_mm: f64,
    rim: PerSide<i32>,
    neighbours: Sides<bool>,
) -> Contour {
    let low = Point::new(low.x - rim.west, low.y - rim.south);
    let high = Point::new(high.x + rim.east, high.y + rim.north);
    rounded(low, high, radius_mm, PerSide::default(), neighbours)
}

fn rounded(low: Point, high: Point, radius_mm: f64, rim: PerSide<i32>, neighbours: Sides<bool>) -> Contour {
    let Sides { north, east, south, west } = neighbours;
    // A side must hold the radii at both of its ends.
    let share = |length: i32, seam_before: bool, seam_behind: bool| {
        let rounded = if seam_before || seam_behind { 1.0 } else { 2.0 };
        f64::from(length) / 10_000.0 / rounded
    };
    let (wide, deep) = (share(high.x - low.x, west, east), share(high.y - low.y, south, north));
    let left = |thickness: i32, room: f64| (radius_mm - f64::from(thickness) / 10_000.0).min(room);
    let corners = [
        (high, north || east, [rim.east, rim.north]),
        (Point::new(low.x, high.y), north || west, [rim.west, rim.north]),
        (low, south || west, [rim.west, rim.south]),
        (Point::new(high.x, low.y), south || east, [rim.east, rim.south]),
    ];
    let least = wide.min(deep);
    let mut contour = Contour::new();
    for (quarter, (corner, square, thickness)) in (0..4).zip(corners) {
        let [across, along] = thickness.map(|thickness| left(thickness, least));
        if square || from_mm(across) < ARC_MIN || from_mm(along) < ARC_MIN {
            contour.push(corner);
            continue;
        }
        let on_ellipse = |step: i32| Point::new(on_circle(across, step).x, on_circle(along, step).y);
        let first = quarter * QUARTER_STEPS;
        let inward = on_ellipse(first).plus(on_ellipse(first + QUARTER_STEPS));
        let centre = Point::new(corner.x - inward.x, corner.y - inward.y);
        contour.extend((0..=QUARTER_STEPS).map(|step| centre.plus(on_ellipse(first + step))));
    }
    contour
}
