//! What a solid is made of: regions of the plane, and what each of them adds, cuts or keeps in z, in order.
//!
//! Invariant: inside one face the solid is a fixed list of intervals. Where the ends of intervals could cross, a
//! [`Judge`] that sees the face decides which is higher; it asks for a finer face where neither is.

use crate::shape::{Contour, Point};
use std::cmp::Ordering;

/// Most regions of one solid.
pub(crate) const REGIONS_MAX: usize = 64;

/// Heights this close are one height, tenths of a micrometre: surfaces are rounded to the grid where they are cut.
const TOLERANCE: i32 = 8;
/// Steepest slope that is made, as rise over run; steeper ones are moved too much by the rounding of their outlines.
pub(crate) const STEEPEST: i32 = 24;

/// A height over the plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Height {
    /// The same everywhere, tenths of a micrometre.
    Flat(i32),
    /// The slope of this index in [`Layers::slopes`].
    Slope(usize),
}

/// A height that changes over the plane, with flat facets between the folds of its region.
pub(crate) struct Slope<'a> {
    /// Smallest and largest height.
    pub(crate) range: [i32; 2],
    /// Rise over run, rounded up; at most [`STEEPEST`].
    pub(crate) steepness: i32,
    /// Height at a point; within `range` wherever a region uses the slope.
    pub(crate) height: Box<dyn Fn(Point) -> i32 + 'a>,
}

/// A part of the plane.
#[derive(Debug, Default)]
pub(crate) struct Region {
    /// Counter-clockwise outlines, which may overlap; clockwise ones are holes.
    pub(crate) contours: Vec<Contour>,
    /// Lines along which facets of a slope meet.
    pub(crate) folds: Vec<[Point; 2]>,
    /// Whether facets also meet along the outlines.
    pub(crate) outline_is_fold: bool,
}

impl Region {
    pub(crate) fn of(contours: Vec<Contour>) -> Self {
        Self { contours, ..Self::default() }
    }
}

/// What a region does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// Fills between two heights.
    Add(Height, Height),
    /// Empties between two heights.
    Cut(Height, Height),
    /// Empties everything outside of the region.
    Keep,
}

/// A set of regions; the region of index n is the bit n.
pub(crate) type RegionSet = u64;

/// A solid as layers.
#[derive(Default)]
pub(crate) struct Layers<'a> {
    pub(crate) regions: Vec<Region>,
    /// What happens where, in order: inside of all regions of the set.
    pub(crate) steps: Vec<(RegionSet, Action)>,
    pub(crate) slopes: Vec<Slope<'a>>,
}

/// A solid stretch from below to above.
pub(crate) type Interval = [Height; 2];

/// Says which of two heights of overlapping ranges is higher.
pub(crate) type Judge<'a> = dyn FnMut(Height, Height) -> Ordering + 'a;

impl<'a> Layers<'a> {
    /// Adds a region that does nothing yet; returns the set of this region alone.
    pub(crate) fn region(&mut self, region: Region) -> RegionSet {
        assert!(self.regions.len() < REGIONS_MAX, "a plate has a fixed number of regions");
        self.regions.push(region);
        1 << (self.regions.len() - 1)
    }

    /// Adds a region and what it does; returns the set of this region alone.
    pub(crate) fn push(&mut self, region: Region, action: Action) -> RegionSet {
        let set = self.region(region);
        self.steps.push((set, action));
        set
    }

    /// Adds a slope.
    pub(crate) fn slope(&mut self, slope: Slope<'a>) -> Height {
        assert!(slope.steepness <= STEEPEST, "a caller's steepest slope is known");
        self.slopes.push(slope);
        Height::Slope(self.slopes.len() - 1)
    }

    /// Makes flat heights that are almost equal the same.
    pub(super) fn settle_flats(&mut self) {
        let mut flats: Vec<i32> = Vec::new();
        for (_, action) in &self.steps {
            if let Action::Add(low, high) | Action::Cut(low, high) = action {
                flats.extend([low, high].iter().filter_map(|height| match height {
                    Height::Flat(z) => Some(*z),
                    Height::Slope(_) => None,
                }));
            }
        }
        flats.sort_unstable();
        flats.dedup();
        let (mut first, mut last) = (i32::MIN, i32::MIN);
        let settled: Vec<(i32, i32)> = flats
            .iter()
            .map(|&z| {
                if z.saturating_sub(last) > TOLERANCE {
                    first = z;
                }
                last = z;
                (z, first)
            })
            .collect();
        let settle = |height: &mut Height| {
            if let Height::Flat(z) = height
                && let Ok(place) = settled.binary_search_by_key(z, |&(z, _)| z)
            {
                *z = settled.get(place).map_or(*z, |&(_, first)| first);
            }
        };
        for (_, action) in &mut self.steps {
            if let Action::Add(low, high) | Action::Cut(low, high) = action {
                settle(low);
                settle(high);
            }
        }
    }

    /// The intervals inside of exactly the regions `inside`.
    pub(crate) fn column(&self, inside: RegionSet, judge: &mut Judge<'_>) -> Vec<Interval> {
        let mut column: Vec<Interval> = Vec::new();
        let mut order = |a, b| self.order(a, b).unwrap_or_else(|| judge(a, b));
        for &(regions, action) in &self.steps {
            match (action, inside & regions == regions) {
                (Action::Add(low, high), true) => add(&mut column, [low, high], &mut order),
                (Action::Cut(low, high), true) => cut(&mut column, [low, high], &mut order),
                (Action::Keep, false) => column.clear(),
                (Action::Add(..) | Action::Cut(..), false) | (Action::Keep, true) => {}
            }
        }
        column
    }

    /// How far two heights may differ and still be one, tenths of a micrometre.
    pub(super) fn tolerance(&self, heights: [Height; 2]) -> i32 {
        let steepness = |height| match height {
            Height::Flat(_) => 0,
            Height::Slope(index) => self.slopes.get(index).map_or(0, |slope: &Slope<'_>| slope.steepness),
        };
        let [a, b] = heights.map(steepness);
        TOLERANCE + 2 * a.max(b).saturating_sub(1)
    }

    /// Height at a point.
    pub(crate) fn height(&self, height: Height, point: Point) -> i32 {
        match height {
            Height::Flat(z) => z,
            Height::Slope(index) => self.slopes.get(index).map_or(0, |slope| (slope.height)(point)),
        }
    }

    fn range(&self, height: Height) -> [i32; 2] {
        match height {
            Height::Flat(z) => [z, z],
            Height::Slope(index) => self.slopes.get(index).map_or([0, 0], |slope| slope.range),
        }
    }

    /// Order of two heights where their ranges alone tell it.
    pub(super) fn order(&self, a: Height, b: Height) -> Option<Ordering> {
        if a == b {
            return Some(Ordering::Equal);
        }
        let ([a_low, a_high], [b_low, b_high]) = (self.range(a), self.range(b));
        if a_high <= b_low {
            Some(Ordering::Less)
        } else if b_high <= a_low {
            Some(Ordering::Greater)
        } else {
            None
        }
    }
}

fn add(column: &mut Vec<Interval>, [low, high]: Interval, order: &mut Judge<'_>) {
    if order(low, high) != Ordering::Less {
        return;
    }
    let (mut low, mut high) = (low, high);
    let mut kept = Vec::with_capacity(column.len() + 1);
    for &[from, to] in column.iter() {
        if order(to, low) == Ordering::Less || order(high, from) == Ordering::Less {
            kept.push([from, to]);
        } else {
            low = if order(from, low) == Ordering::Less { from } else { low };
            high = if order(to, high) == Ordering::Greater { to } else { high };
        }
    }
    let place = kept.iter().filter(|[from, _]| order(*from, low) == Ordering::Less).count();
    kept.insert(place, [low, high]);
    *column = kept;
}

fn cut(column: &mut Vec<Interval>, [low, high]: Interval, order: &mut Judge<'_>) {
    if order(low, high) != Ordering::Less {
        return;
    }
    let mut kept = Vec::with_capacity(column.len() + 1);
    for &[from, to] in column.iter() {
        if order(to, low) != Ordering::Greater || order(high, from) != Ordering::Greater {
            kept.push([from, to]);
            continue;
        }
        if order(from, low) == Ordering::Less {
            kept.push([from, low]);
        }
        if order(high, to) == Ordering::Less {
            kept.push([high, to]);
        }
    }
    *column = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_applied_in_order() {
        use Height::{Flat, Slope as Sloping};
        let mut layers = Layers::default();
        layers.slope(Slope { range: [0, 7], steepness: 1, height: Box::new(|_| 3) });
        let body = layers.push(Region::default(), Action::Add(Flat(-10), Flat(20)));
        let pocket = layers.push(Region::default(), Action::Cut(Sloping(0), Flat(20)));
        let slot = layers.push(Region::default(), Action::Cut(Flat(-5), Flat(-2)));
        let tab = layers.push(Region::default(), Action::Add(Flat(-10), Flat(20)));
        layers.steps.push((body, Action::Keep));
        let column =
            |inside: &[RegionSet]| layers.column(inside.iter().sum(), &mut |_, _| panic!("ranges tell"));
        assert_eq!(column(&[body]), [[Flat(-10), Flat(20)]]);
        assert_eq!(column(&[body, pocket]), [[Flat(-10), Sloping(0)]]);
        assert_eq!(column(&[body, pocket, slot]), [[Flat(-10), Flat(-5)], [Flat(-2), Sloping(0)]]);
        assert_eq!(column(&[body, pocket, slot, tab]), [[Flat(-10), Flat(20)]]);
        assert_eq!(column(&[tab]), Vec::<Interval>::new());
    }

    #[test]
    fn where_ranges_overlap_the_judge_is_asked() {
        use Height::{Flat, Slope as Sloping};
        let mut layers = Layers::default();
        layers.slope(Slope { range: [0, 7], steepness: 1, height: Box::new(|_| 3) });
        layers.push(Region::default(), Action::Add(Flat(-10), Sloping(0)));
        layers.push(Region::default(), Action::Cut(Flat(-20), Flat(5)));
        let column = |slope: i32| {
            let z = move |height| if let Flat(z) = height { z } else { slope };
            layers.column(RegionSet::MAX, &mut |a, b| z(a).cmp(&z(b)))
        };
        assert_eq!(column(6), [[Flat(5), Sloping(0)]]);
        assert_eq!(column(4), Vec::<Interval>::new());
    }

    #[test]
    fn almost_equal_heights_become_one() {
        use Height::Flat;
        let mut layers = Layers::default();
        layers.push(Region::default(), Action::Add(Flat(0), Flat(104)));
        layers.push(Region::default(), Action::Add(Flat(100), Flat(108)));
        layers.settle_flats();
        let heights: Vec<_> = layers.steps.iter().map(|(_, action)| format!("{action:?}")).collect();
        assert_eq!(heights, ["Add(Flat(0), Flat(100))", "Add(Flat(100), Flat(100))"]);
    }
}
