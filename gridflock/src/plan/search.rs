//! The better planner: an exact search over the cuts of a grid.
//!
//! Invariants: every cell is in exactly one plate, and every plate with everything that sticks out fits a bed,
//! turned by 90° if it must be. Among those plans: fewest plates, then fewest places where four plates meet, then
//! fewest plates that are one cell wide, then the most even sizes. No plan of this shape has fewer plates.

use super::axis::Axis;
use super::beds::Beds;
use super::size::{Overhang, real_length};
use protocol::grid::{PITCH, PerAxis};

/// Cells per column from the west, and cells per row from the south of every column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cuts {
    pub(super) columns: Vec<usize>,
    pub(super) rows: Vec<Vec<usize>>,
}

/// Cost of a plan; smaller is better, earlier fields count more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Cost {
    plates: i64,
    pub(super) crossings: i64,
    lone: i64,
    /// Sum of squared lengths: least when all are equal.
    spread: i64,
}

impl Cost {
    fn plus(self, other: Self) -> Self {
        Self {
            plates: self.plates + other.plates,
            crossings: self.crossings + other.crossings,
            lone: self.lone + other.lone,
            spread: self.spread.saturating_add(other.spread),
        }
    }

    fn times(self, n: i64) -> Self {
        Self {
            plates: self.plates * n,
            crossings: self.crossings * n,
            lone: self.lone * n,
            spread: self.spread.saturating_mul(n),
        }
    }
}

/// The best plan, or `None` if some single cell does not fit.
pub(super) fn search(axes: &PerAxis<Axis>, overhang: Overhang, beds: &Beds) -> Option<Cuts> {
    let (x, y) = (Pieces::new(&axes.x, overhang), Pieces::new(&axes.y, overhang));
    // Rows per column depend only on the column's room, which is a side of a bed.
    let rows_n =
        |limit: i64| y.cut(&|first, after| y.cost_within(limit, first, after)).map(|(cost, _)| cost.plates);
    let rows_at: Vec<(i64, Option<i64>)> =
        beds.rooms().into_iter().map(|room| (room, rows_n(room))).collect();
    let rows_beside = |length: i64| {
        let room = beds.room_beside(length)?;
        rows_at.iter().find(|(at, _)| *at == room).and_then(|(_, rows)| *rows)
    };
    let (_, columns) = x.cut(&|first, after| {
        let rows = rows_beside(x.length(first, after))?;
        let lone = rows * i64::from(x.is_lone(first, after));
        Some(Cost { plates: rows, lone, spread: x.spread(first, after), ..Cost::default() })
    })?;
    let limits: Vec<i64> = column_limits(&x, &columns, beds)?;
    let rows = rows_of_columns(&y, &limits)?;
    Some(Cuts { columns, rows })
}

fn column_limits(x: &Pieces<'_>, columns: &[usize], beds: &Beds) -> Option<Vec<i64>> {
    let mut first = 0;
    let mut limits = Vec::with_capacity(columns.len());
    for count in columns {
        limits.push(beds.room_beside(x.length(first, first + count))?);
        first += count;
    }
    Some(limits)
}

/// Rows of all columns: two alternating plans where all columns have the same room, else one after the other.
fn rows_of_columns(y: &Pieces<'_>, limits: &[i64]) -> Option<Vec<Vec<usize>>> {
    let (&limit, others) = limits.split_first()?;
    if !others.is_empty() && others.iter().all(|&other| other == limit) {
        let odd = limits.len() / 2;
        let weights = [limits.len() - odd, odd].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let [a, b] = y.cut_pair(limit, weights)?;
        return Some((0..limits.len()).map(|i| if i % 2 == 0 { a.clone() } else { b.clone() }).collect());
    }
    let mut rows: Vec<Vec<usize>> = Vec::with_capacity(limits.len());
    for &limit in limits {
        let avoided = rows.last().map(|counts| cut_positions(counts)).unwrap_or_default();
        let (_, counts) = y.cut(&|first, after| {
            let mut cost = y.cost_within(limit, first, after)?;
            cost.crossings = i64::from(avoided.contains(&after));
            Some(cost)
        })?;
        rows.push(counts);
    }
    Some(rows)
}

/// Where the cuts between segments lie, without both ends.
pub(super) fn cut_positions(counts: &[usize]) -> Vec<usize> {
    let mut position = 0;
    let mut cuts: Vec<usize> = counts
        .iter()
        .map(|count| {
            position += count;
            position
        })
        .collect();
    cuts.pop();
    cuts
}

/// An axis with the lengths of all its pieces.
pub(super) struct Pieces<'a> {
    axis: &'a Axis,
    overhang: Overhang,
}

impl<'a> Pieces<'a> {
    pub(super) fn new(axis: &'a Axis, overhang: Overhang) -> Self {
        Self { axis, overhang }
    }

    fn cells_n(&self) -> usize {
        self.axis.cells.len()
    }

    fn length(&self, first: usize, after: usize) -> i64 {
        real_length(self.axis, self.overhang, first, after)
    }

    /// Whether the piece is only one cell wide, or made of fractions alone.
    fn is_lone(&self, first: usize, after: usize) -> bool {
        let cells = self.axis.cells.get(first..after).unwrap_or_default();
        cells.len() == 1 || cells.iter().all(|&cell| cell < PITCH.tenths_um())
    }

    /// Squared length in hundredths of a millimetre: 2,000 pieces of 2 m stay far below `i64::MAX`.
    fn spread(&self, first: usize, after: usize) -> i64 {
        let length = self.length(first, after) / 100;
        length * length
    }

    pub(super) fn cost_within(&self, limit: i64, first: usize, after: usize) -> Option<Cost> {
        (self.length(first, after) <= limit).then(|| Cost {
            plates: 1,
            lone: i64::from(self.is_lone(first, after)),
            spread: self.spread(first, after),
            ..Cost::default()
        })
    }

    /// The cheapest way to cut the axis; `cost(first, after)` is `None` for pieces that are not allowed.
    pub(super) fn cut(&self, cost: &dyn Fn(usize, usize) -> Option<Cost>) -> Option<(Cost, Vec<usize>)> {
        let cells_n = self.cells_n();
        let mut best: Vec<Option<(Cost, usize)>> = vec![None; cells_n + 1];
        *best.first_mut()? = Some((Cost::default(), 0));
        for after in 1..=cells_n {
            let mut found: Option<(Cost, usize)> = None;
            for first in 0..after {
                let Some(&Some((so_far, _))) = best.get(first) else {
                    continue;
                };
                let Some(piece) = cost(first, after) else { continue };
                let total = so_far.plus(piece);
                if found.is_none_or(|(least, _)| total < least) {
                    found = Some((total, first));
                }
            }
            *best.get_mut(after)? = found;
        }
        let (total, _) = (*best.last()?)?;
        let mut counts = Vec::new();
        let mut after = cells_n;
        while after > 0 {
            let (_, first) = (*best.get(after)?)?;
            counts.push(after - first);
            after = first;
        }
        counts.reverse();
        Some((total, counts))
    }

    /// Two plans at once for alternating columns, with as few common cuts as possible. Both advance from the south;
    /// the one that is behind goes on, so a common cut is met exactly when both stand at the same place.
    fn cut_pair(&self, limit: i64, [weight_a, weight_b]: [i64; 2]) -> Option<[Vec<usize>; 2]> {
        let size = self.cells_n() + 1;
        let end = self.cells_n();
        let at = |a: usize, b: usize| a * size + b;
        let mut best: Vec<Option<(Cost, usize)>> = vec![None; size * size];
        *best.first_mut()? = Some((Cost::default(), 0));
        // States in the order of the one that is behind, so each is final when it is left.
        for low in 0..end {
            for high in low..size {
                for (a, b) in [(low, high), (high, low)] {
                    let Some(&Some((so_far, _))) = best.get(at(a, b)) else {
                        continue;
                    };
                    let (behind, weight) = if a <= b { (a, weight_a) } else { (b, weight_b) };
                    for after in behind + 1..size {
                        let Some(piece) = self.cost_within(limit, behind, after) else {
                            continue;
                        };
                        let (next_a, next_b) = if a <= b { (after, b) } else { (a, after) };
                        let meets = next_a == next_b && next_a < end;
                        let crossing = Cost { crossings: i64::from(meets), ..Cost::default() };
                        let total = so_far.plus(piece.times(weight)).plus(crossing);
                        let slot = best.get_mut(at(next_a, next_b))?;
                        if slot.is_none_or(|(least, _)| total < least) {
                            *slot = Some((total, at(a, b)));
                        }
                    }
                    if a == b {
                        break;
                    }
                }
            }
        }
        let mut counts = [Vec::new(), Vec::new()];
        let (mut a, mut b) = (end, end);
        while (a, b) != (0, 0) {
            let (_, from) = (*best.get(at(a, b))?)?;
            let (from_a, from_b) = (from / size, from % size);
            let [of_a, of_b] = &mut counts;
            if from_a < a {
                of_a.push(a - from_a);
            } else {
                of_b.push(b - from_b);
            }
            (a, b) = (from_a, from_b);
        }
        counts.iter_mut().for_each(|c| c.reverse());
        Some(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(cells_n: usize) -> Axis {
        Axis { cells: vec![PITCH.tenths_um(); cells_n], start: 0, end: 0 }
    }

    const TAB: Overhang = Overhang { start: 5739, end: 11_800 };

    fn plan(x: usize, y: usize, bed_mm: [i64; 2]) -> (Vec<usize>, Vec<Vec<usize>>) {
        plan_on(x, y, &[bed_mm])
    }

    fn plan_on(x: usize, y: usize, beds_mm: &[[i64; 2]]) -> (Vec<usize>, Vec<Vec<usize>>) {
        let axes = PerAxis { x: whole(x), y: whole(y) };
        let cuts = search(&axes, TAB, &Beds::of_mm(beds_mm)).unwrap();
        (cuts.columns, cuts.rows)
    }

    #[test]
    fn a_second_bed_saves_plates_where_it_is_larger() {
        // 7 cells are 294 mm: two plates of 250 x 220, one of 350 x 100.
        assert_eq!(plan_on(7, 2, &[[250, 220]]).0.len(), 2);
        assert_eq!(plan_on(7, 2, &[[250, 220], [100, 350]]), (vec![7], vec![vec![2]]));
        // Columns for both: nothing is as wide as one bed and as high as the other.
        let (columns, rows) = plan_on(7, 5, &[[250, 220], [100, 350]]);
        let beds = Beds::of_mm(&[[250, 220], [100, 350]]);
        for (column, counts) in columns.iter().zip(&rows) {
            for row in counts {
                let mm = |cells: &usize| i64::try_from(*cells).unwrap() * PITCH.tenths_um();
                assert!(beds.place(mm(column), mm(row)).is_some(), "{columns:?} {rows:?}");
            }
        }
    }

    #[test]
    fn plans_are_even_and_staggered() {
        assert_eq!(plan(3, 3, [250, 220]), (vec![3], vec![vec![3]]));
        assert_eq!(plan(8, 4, [250, 220]), (vec![4, 4], vec![vec![4], vec![4]]));
        let (columns, rows) = plan(10, 8, [250, 220]);
        assert_eq!(columns, [5, 5]);
        assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), 4);
        assert!(cut_positions(&rows[0]).iter().all(|cut| !cut_positions(&rows[1]).contains(cut)), "{rows:?}");
    }

    #[test]
    fn a_turned_plate_saves_plates() {
        // 5 x 11 cells: upright beds of 250 x 130 take 5 x 3, turned ones 3 x 5.
        let (columns, rows) = plan(3, 5, [250, 130]);
        assert_eq!((columns, rows), (vec![3], vec![vec![5]]));
    }

    #[test]
    fn a_forced_crossing_is_taken_rather_than_one_more_plate() {
        let (_, rows) = plan(10, 10, [220, 215]);
        assert_eq!(rows, [vec![5, 5], vec![5, 5]]);
    }
}
