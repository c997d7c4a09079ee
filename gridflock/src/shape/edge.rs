//! Edge puzzle: a bar on a bridge, in the middle of each cell side along a seam, and the socket for it.
//!
//! Frame of a piece: x along the seam (east or north), y across it, out of the plate that has the piece; origin on the
//! seam in the middle of the piece. Sizes and shape are those of GridFlock (Jonas Konrad, MIT / CC-BY 4.0).

use super::boolean::{difference, hull, union};
use super::{Contour, Point, circle, coordinate, from_mm, rectangle};
use crate::plan::Style;
use protocol::grid::{EdgePuzzle, PITCH};

/// Between two bars on one side, mm.
const BETWEEN_MM: f64 = 2.0;
/// What a side has left beside its bars at least, tenths of a micrometre: the corners of the pocket.
const CORNERS: i64 = 80_000;

/// How far a piece sticks out, tenths of a micrometre.
pub(crate) fn reach(puzzle: &EdgePuzzle) -> i64 {
    puzzle.bar[1].tenths_um() + puzzle.bridge[1].tenths_um()
}

/// Where the pieces of one cell side are, from its middle, tenths of a micrometre.
pub(crate) fn places(puzzle: &EdgePuzzle, side: i64, style: Style) -> Vec<i32> {
    let count = if side < PITCH.tenths_um() { (puzzle.count / 2).max(1) } else { puzzle.count };
    let step = coordinate(puzzle.bar[0].tenths_um()) + from_mm(BETWEEN_MM);
    let all = i64::from(step) * count - i64::from(from_mm(BETWEEN_MM));
    if style == Style::Better && all + CORNERS > side {
        return Vec::new();
    }
    let count = i32::try_from(count).unwrap_or(0);
    (0..count).map(|index| index * step - (count - 1) * step / 2).collect()
}

/// The piece.
pub(crate) fn tab(puzzle: &EdgePuzzle) -> Vec<Contour> {
    let [wide, high] = puzzle.bar.map(|length| length.mm());
    let [bridge_wide, bridge_long] = puzzle.bridge.map(|length| length.mm());
    let mut parts = bridge(bridge_wide, bridge_long);
    parts.push(stadium([-wide / 2.0, wide / 2.0], [bridge_long, bridge_long + high]));
    union(&parts)
}

/// The socket. The original's has its clearance on one side of the bar only; ours all around.
pub(crate) fn socket(puzzle: &EdgePuzzle, style: Style) -> Vec<Contour> {
    let [wide, high] = puzzle.bar.map(|length| length.mm());
    let [bridge_wide, bridge_long] = puzzle.bridge.map(|length| length.mm());
    let gap = puzzle.gap.mm();
    let beyond = if style == Style::Better { gap } else { 0.0 };
    let near = bridge_long - gap;
    let mut parts = bridge(bridge_wide + 2.0 * gap, near);
    parts.push(stadium([-wide / 2.0 - gap, wide / 2.0 + beyond], [near, bridge_long + high + beyond]));
    union(&parts)
}

/// A bridge that flares to both ends: a rectangle less a disc on each side.
fn bridge(wide: f64, long: f64) -> Vec<Contour> {
    let half = (wide + long) / 2.0;
    let block = rectangle(Point::new(from_mm(-half), 0), Point::new(from_mm(half), from_mm(long)));
    let disc = |x: f64| circle(Point::new(from_mm(x), from_mm(long / 2.0)), long / 2.0);
    difference(&[block], &[disc(-half), disc(half)])
}

/// A rectangle with round ends.
fn stadium([left, right]: [f64; 2], [low, high]: [f64; 2]) -> Contour {
    let radius = (high - low) / 2.0;
    let disc = |x: f64| circle(Point::new(from_mm(x), from_mm(low + radius)), radius);
    let points: Contour = [disc(left + radius), disc(right - radius)].concat();
    hull(&points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::boolean::{difference, intersection};
    use crate::shape::twice_area;
    use protocol::grid::{GridParams, GridSpec};

    fn puzzle() -> EdgePuzzle {
        let params = GridParams { connector_edge_puzzle: Some(true), ..GridParams::default() };
        GridSpec::check(&params).unwrap().connectors().edge.unwrap()
    }

    #[test]
    fn our_socket_holds_the_piece_with_clearance() {
        let puzzle = puzzle();
        let (tab, ours, theirs) =
            (tab(&puzzle), socket(&puzzle, Style::Better), socket(&puzzle, Style::UpstreamExact));
        let area = |shape: &[Contour]| shape.iter().map(|c| twice_area(c)).sum::<i64>() as f64 / 2e8;
        // Only the flare of the bridge at the seam is as wide as the socket's.
        assert!(area(&difference(&tab, &ours)) < 0.08, "{}", area(&difference(&tab, &ours)));
        assert!(area(&difference(&ours, &theirs)) > 1.0);
        assert!(area(&intersection(&tab, &theirs)) > 0.9 * area(&tab));
        assert_eq!(tab.iter().flatten().map(|p| p.y).max(), Some(37_000));
    }

    #[test]
    fn short_sides_have_fewer_pieces_and_ours_only_where_they_fit() {
        let puzzle = EdgePuzzle { count: 3, ..puzzle() };
        let rows = [(420_000, 3, 3), (560_000, 3, 3), (210_000, 1, 1), (140_000, 1, 0)];
        for (side, theirs, ours) in rows {
            assert_eq!(places(&puzzle, side, Style::UpstreamExact).len(), theirs, "{side}");
            assert_eq!(places(&puzzle, side, Style::Better).len(), ours, "{side}");
        }
        assert_eq!(places(&puzzle, 420_000, Style::Better), [-120_000, 0, 120_000]);
    }
}
