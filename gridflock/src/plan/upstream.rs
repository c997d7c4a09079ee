//! The original generator's planner, for comparison: GridFlock at 3f04abb, rebuilt from its observable behaviour.
//!
//! Invariant: all 571 recorded plans come out equal (tests/plans.rs). It never decides what is printed for a
//! customer: it can drop cells, leave segments empty or exceed the bed, which [`faults`] tells.

use super::axis::Axis;
use protocol::grid::{PITCH, Segmentation};

/// Weight of a row of a single cell against a shift of one cell (measured on the original).
const LONE_ROW_WEIGHT: i64 = 20;

/// Cells per column, and cells per row of the even and the odd columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamPlan {
    /// Cells per column from the west.
    pub columns: Vec<usize>,
    /// Cells per row from the south in columns A, C, E … and in B, D, F ….
    pub rows: [Vec<usize>; 2],
}

/// The original's plan for usable bed lengths in tenths of a micrometre; `None` where the original aborts.
#[must_use]
pub fn plan(x: &Axis, y: &Axis, usable: [i64; 2], wish: Segmentation) -> Option<UpstreamPlan> {
    let [usable_x, usable_y] = usable;
    let columns = if wish.x_incremental {
        let first = usize::try_from(wish.x_first).ok().filter(|&n| n > 0);
        incremental(x, usable_x, first)
    } else {
        ideal(x, usable_x)
    };
    Some(UpstreamPlan { columns, rows: staggered(y, usable_y, wish.y_first)? })
}

/// What is wrong with a plan of the original on one axis, if anything.
#[must_use]
pub(super) fn faults(axis: &Axis, counts: &[usize]) -> Option<String> {
    if counts.contains(&0) {
        return Some("has an empty segment".to_owned());
    }
    let planned: usize = counts.iter().sum();
    (planned != axis.cells.len()).then(|| format!("covers {planned} of {} cells", axis.cells.len()))
}

/// Even columns: as many as a greedy fill needs, each cell in the column in which its centre lies.
fn ideal(axis: &Axis, usable: i64) -> Vec<usize> {
    let mut bins = 1;
    let mut used = axis.start;
    for &cell in &axis.cells {
        if used + cell > usable {
            bins += 1;
            used = 0;
        }
        used += cell;
    }
    if used + axis.end > usable {
        bins += 1;
    }
    let total = axis.outer();
    let mut counts = vec![0; usize::try_from(bins).unwrap_or(1)];
    let mut position = axis.start;
    for &cell in &axis.cells {
        let centre_twice = 2 * position + cell;
        position += cell;
        let scaled = centre_twice * bins;
        // An exact multiple of the average goes to the lower column.
        let mut index = scaled.div_euclid(2 * total);
        if scaled.rem_euclid(2 * total) == 0 {
            index -= 1;
        }
        // Negative padding can put a centre outside of every column: the original loses that cell.
        if let Some(count) = usize::try_from(index).ok().and_then(|index| counts.get_mut(index)) {
            *count += 1;
        }
    }
    counts
}

/// Fills from the start; `first` forces the first segment.
fn incremental(axis: &Axis, usable: i64, first: Option<usize>) -> Vec<usize> {
    let cells_n = axis.cells.len();
    if first.is_none() && axis.outer() <= usable {
        return vec![cells_n];
    }
    let pitch = PITCH.tenths_um();
    let middle = usize::try_from(usable / pitch).unwrap_or(0).max(1);
    let fits = usize::try_from((usable - axis.start).div_euclid(pitch)).unwrap_or(0);
    let first = first.unwrap_or(fits).min(cells_n);
    let segments = |first: usize| {
        let rest = cells_n - first;
        let mut counts = vec![first];
        counts.resize(1 + rest / middle, middle);
        if !rest.is_multiple_of(middle) {
            counts.push(rest % middle);
        }
        counts
    };
    let counts = segments(first);
    let last = counts.last().copied().unwrap_or(0);
    let length = axis.span(cells_n - last, cells_n);
    let lone_fraction = last == 1 && length < pitch;
    if counts.len() > 1 && first > 0 && (lone_fraction || length + axis.end > usable) {
        return segments(first - 1);
    }
    counts
}

/// Two row plans that avoid common cuts.
fn staggered(axis: &Axis, usable: i64, wish: [i64; 2]) -> Option<[Vec<usize>; 2]> {
    let [wish_a, wish_b] = wish.map(|n| usize::try_from(n).ok().filter(|&n| n > 0));
    if wish_b.is_some() {
        return Some([incremental(axis, usable, wish_a), incremental(axis, usable, wish_b)]);
    }
    let mut plan_a = incremental(axis, usable, None);
    if plan_a.len() <= 1 {
        return Some([plan_a.clone(), plan_a]);
    }
    let (first, last) = ends(&plan_a);
    if last == 1 && first > 2 {
        plan_a = incremental(axis, usable, Some(first - 1));
    }
    let (first_a, last_a) = ends(&plan_a);
    let shifted: Vec<Vec<usize>> =
        (1..first_a).map(|shift| incremental(axis, usable, Some(first_a - shift))).collect();
    let segments_max = shifted.first()?.len();
    let distance = |a: usize, b: usize| i64::try_from(a.abs_diff(b)).unwrap_or(i64::MAX);
    let cost = |plan: &Vec<usize>| {
        let (first, last) = ends(plan);
        LONE_ROW_WEIGHT * (i64::from(first == 1) + i64::from(last == 1))
            - distance(first, first_a)
            - distance(last, last_a)
    };
    // Ties go to the largest shift: the last of equal minima.
    let candidates = shifted.into_iter().filter(|plan| plan.len() <= segments_max).rev();
    let plan_b = candidates.min_by_key(cost)?;
    Some([plan_a, plan_b])
}

fn ends(plan: &[usize]) -> (usize, usize) {
    (plan.first().copied().unwrap_or(0), plan.last().copied().unwrap_or(0))
}
