//! Padding as plates of its own: a strip along each side that has some, so that it can be replaced.
//!
//! Strips in the west and east reach over the corners; those in the south and north are as wide as their column.
//! Nothing connects two strips; each is connected to the plates beside it.

use super::axis::Axis;
use super::beds::Beds;
use super::search::{self, Cuts, Pieces, cut_positions};
use super::size::Overhang;
use super::upstream::UpstreamPlan;
use crate::shape::edge;
use protocol::grid::{GridSpec, PerAxis};

/// Narrower padding stays with its plate in our plans: a strip must hold its tabs, tenths of a micrometre.
const STRIP_MIN: i64 = 60_000;

/// What the socket of the edge puzzle leaves of a strip behind it, tenths of a micrometre.
const WALL_MIN: i64 = 12_000;

/// The narrowest padding that becomes a strip.
pub(super) fn least(spec: &GridSpec) -> i64 {
    let socket = spec.connectors().edge.map(|puzzle| edge::reach(&puzzle) + puzzle.gap.tenths_um());
    socket.map_or(STRIP_MIN, |socket| STRIP_MIN.max(socket + WALL_MIN))
}

/// An axis without the padding that becomes strips in the original.
pub(super) fn core(axis: &Axis) -> Axis {
    Axis { cells: axis.cells.clone(), start: axis.start.min(0), end: axis.end.min(0) }
}

/// The best plan, or `None` if something does not fit.
pub(super) fn search(axes: &PerAxis<Axis>, overhang: Overhang, beds: &Beds, least: i64) -> Option<Cuts> {
    let wide = |padding: i64| padding >= least;
    // A plate beside a strip has connectors there.
    let connected = |axis: &Axis| Axis {
        cells: axis.cells.clone(),
        start: if wide(axis.start) { overhang.start } else { axis.start },
        end: if wide(axis.end) { overhang.end } else { axis.end },
    };
    let inner = PerAxis { x: connected(&axes.x), y: connected(&axes.y) };
    let Cuts { columns, rows } = search::search(&inner, overhang, beds)?;
    let (x, y) = (&axes.x, &axes.y);
    let thickness =
        [x.start + overhang.end, x.end + overhang.start, y.start + overhang.end, y.end + overhang.start];
    if thickness.iter().any(|&thickness| thickness > beds.narrowest()) {
        return None;
    }
    let strip = |padding: i64, thickness: i64, beside: Option<&Vec<usize>>| -> Option<Option<Vec<usize>>> {
        if !wide(padding) {
            return Some(None);
        }
        let limit = beds.room_beside(thickness)?;
        let avoided = beside.map(|counts| cut_positions(counts)).unwrap_or_default();
        let pieces = Pieces::new(y, Overhang { start: 0, end: 0 });
        let (_, counts) = pieces.cut(&|first, after| {
            let mut cost = pieces.cost_within(limit, first, after)?;
            cost.crossings = i64::from(avoided.contains(&after));
            Some(cost)
        })?;
        Some(Some(counts))
    };
    let [west_thickness, east_thickness, ..] = thickness;
    let west = strip(x.start, west_thickness, rows.first())?;
    let east = strip(x.end, east_thickness, rows.last())?;
    let rows = rows.into_iter().map(|counts| ended(counts, y, least));
    let rows: Vec<_> = west.into_iter().chain(rows).chain(east).collect();
    Some(Cuts { columns: ended(columns, x, least), rows })
}

/// The original's plan: strips at both ends have the rows of their own parity, without strips.
pub(super) fn of_upstream(axes: &PerAxis<Axis>, found: &UpstreamPlan) -> Cuts {
    let columns = ended(found.columns.clone(), &axes.x, 1);
    let [even, odd] = &found.rows;
    let rows = columns.iter().enumerate().map(|(index, &cells)| {
        let counts = if index.is_multiple_of(2) { even } else { odd };
        if cells == 0 { counts.clone() } else { ended(counts.clone(), &axes.y, 1) }
    });
    Cuts { rows: rows.collect(), columns }
}

/// With an empty count for the strip at each end whose padding is wide enough.
fn ended(mut counts: Vec<usize>, axis: &Axis, least: i64) -> Vec<usize> {
    if axis.start >= least {
        counts.insert(0, 0);
    }
    if axis.end >= least {
        counts.push(0);
    }
    counts
}
