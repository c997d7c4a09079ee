//! What a solid is made of: regions of the plane, and what each of them adds, cuts or keeps in z, in order.
//!
//! Invariant: inside one combination of regions the solid is a fixed list of intervals, whose ends never cross. Where
//! ends could cross, the caller splits the region; this module refuses rather than guesses.

use crate::shape::{Contour, Point};
use std::cmp::Ordering;

/// Most regions of one solid.
pub(crate) const REGIONS_MAX: usize = 16;

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

/// A solid as layers.
#[derive(Default)]
pub(crate) struct Layers<'a> {
    pub(crate) regions: Vec<Region>,
    /// Region and action, in order.
    pub(crate) steps: Vec<(usize, Action)>,
    pub(crate) slopes: Vec<Slope<'a>>,
}

/// A solid stretch from below to above.
pub(crate) type Interval = [Height; 2];

/// Two heights that cross somewhere.
pub(crate) struct Crossing;

impl Layers<'_> {
    /// Adds a region and what it does.
    pub(crate) fn push(&mut self, region: Region, action: Action) -> usize {
        let index = self.regions.len();
        self.regions.push(region);
        self.steps.push((index, action));
        index
    }

    /// The intervals inside of exactly the regions for which `is_inside` is true.
    pub(crate) fn column(&self, is_inside: &dyn Fn(usize) -> bool) -> Result<Vec<Interval>, Crossing> {
        let mut column: Vec<Interval> = Vec::new();
        for &(region, action) in &self.steps {
            match (action, is_inside(region)) {
                (Action::Add(low, high), true) => self.add(&mut column, low, high)?,
                (Action::Cut(low, high), true) => self.cut(&mut column, low, high)?,
                (Action::Keep, false) => column.clear(),
                (Action::Add(..) | Action::Cut(..), false) | (Action::Keep, true) => {}
            }
        }
        Ok(column)
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

    fn order(&self, a: Height, b: Height) -> Result<Ordering, Crossing> {
        if a == b {
            return Ok(Ordering::Equal);
        }
        let ([a_low, a_high], [b_low, b_high]) = (self.range(a), self.range(b));
        if a_high <= b_low {
            Ok(Ordering::Less)
        } else if b_high <= a_low {
            Ok(Ordering::Greater)
        } else {
            Err(Crossing)
        }
    }

    fn add(&self, column: &mut Vec<Interval>, low: Height, high: Height) -> Result<(), Crossing> {
        if self.order(low, high)? != Ordering::Less {
            return Ok(());
        }
        let (mut low, mut high) = (low, high);
        let mut kept = Vec::with_capacity(column.len() + 1);
        for &[from, to] in column.iter() {
            if self.order(to, low)? == Ordering::Less || self.order(high, from)? == Ordering::Less {
                kept.push([from, to]);
            } else {
                low = if self.order(from, low)? == Ordering::Less { from } else { low };
                high = if self.order(to, high)? == Ordering::Greater { to } else { high };
            }
        }
        let mut place = 0;
        for &[from, _] in &kept {
            if self.order(from, low)? == Ordering::Less {
                place += 1;
            }
        }
        kept.insert(place, [low, high]);
        *column = kept;
        Ok(())
    }

    fn cut(&self, column: &mut Vec<Interval>, low: Height, high: Height) -> Result<(), Crossing> {
        let mut kept = Vec::with_capacity(column.len() + 1);
        for &[from, to] in column.iter() {
            if self.order(to, low)? == Ordering::Less || self.order(high, from)? == Ordering::Less {
                kept.push([from, to]);
                continue;
            }
            if self.order(from, low)? == Ordering::Less {
                kept.push([from, low]);
            }
            if self.order(high, to)? == Ordering::Less {
                kept.push([high, to]);
            }
        }
        *column = kept;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_applied_in_order() {
        use Height::{Flat, Slope as Sloping};
        let mut layers = Layers::default();
        layers.slopes.push(Slope { range: [0, 7], height: Box::new(|_| 3) });
        let body = layers.push(Region::default(), Action::Add(Flat(-10), Flat(20)));
        let pocket = layers.push(Region::default(), Action::Cut(Sloping(0), Flat(20)));
        let slot = layers.push(Region::default(), Action::Cut(Flat(-5), Flat(-2)));
        let tab = layers.push(Region::default(), Action::Add(Flat(-10), Flat(20)));
        layers.steps.push((body, Action::Keep));
        let column = |inside: &[usize]| layers.column(&|region| inside.contains(&region)).ok().unwrap();
        assert_eq!(column(&[body]), [[Flat(-10), Flat(20)]]);
        assert_eq!(column(&[body, pocket]), [[Flat(-10), Sloping(0)]]);
        assert_eq!(column(&[body, pocket, slot]), [[Flat(-10), Flat(-5)], [Flat(-2), Sloping(0)]]);
        assert_eq!(column(&[body, pocket, slot, tab]), [[Flat(-10), Flat(20)]]);
        assert_eq!(column(&[tab]), Vec::<Interval>::new());
    }

    #[test]
    fn crossing_heights_are_refused() {
        let mut layers = Layers::default();
        layers.slopes.push(Slope { range: [0, 7], height: Box::new(|_| 3) });
        layers.push(Region::default(), Action::Add(Height::Flat(-10), Height::Slope(0)));
        layers.push(Region::default(), Action::Cut(Height::Flat(-10), Height::Flat(5)));
        assert!(layers.column(&|_| true).is_err());
    }
}
