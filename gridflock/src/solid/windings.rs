//! Windings of all regions at a place: each distinct combination is kept once and known by its number.
//!
//! A plate has tens of thousands of edges and faces but only some hundred combinations, so edges and faces carry a
//! number instead of a count per region. Invariant: `id ^ 1` is the opposite of `id`, and 0 is nothing at all.

use super::layers::{REGIONS_MAX, RegionSet};
use rustc_hash::FxHashMap;

/// Number of a combination.
pub(super) type WindingId = u32;
/// Outside of every region.
pub(super) const ZERO: WindingId = 0;

type Winding = [i16; REGIONS_MAX];

/// All combinations seen so far.
pub(super) struct Windings {
    list: Vec<Winding>,
    known: FxHashMap<Winding, WindingId>,
    sums: FxHashMap<(WindingId, WindingId), WindingId>,
}

impl Windings {
    pub(super) fn new() -> Self {
        let zero = [0; REGIONS_MAX];
        let known = std::iter::once((zero, ZERO)).collect();
        Self { list: vec![zero; 2], known, sums: FxHashMap::default() }
    }

    /// Once around a single region, counter-clockwise.
    pub(super) fn of_region(&mut self, region: usize) -> WindingId {
        let mut winding = [0; REGIONS_MAX];
        if let Some(count) = winding.get_mut(region) {
            *count = 1;
        }
        self.id(winding)
    }

    pub(super) const fn negated(id: WindingId) -> WindingId {
        if id == ZERO { ZERO } else { id ^ 1 }
    }

    pub(super) fn sum(&mut self, a: WindingId, b: WindingId) -> WindingId {
        if a == ZERO || b == ZERO {
            return a | b;
        }
        if a ^ 1 == b {
            return ZERO;
        }
        let key = (a.min(b), a.max(b));
        if let Some(&known) = self.sums.get(&key) {
            return known;
        }
        let (mut sum, other) = (self.at(a), self.at(b));
        for (count, more) in sum.iter_mut().zip(other) {
            *count += more;
        }
        let id = self.id(sum);
        self.sums.insert(key, id);
        id
    }

    /// The regions around which a place is wound at all.
    pub(super) fn regions(&self, id: WindingId) -> RegionSet {
        let inside = self.at(id).into_iter().enumerate().filter(|(_, count)| *count != 0);
        inside.fold(0, |bits, (region, _)| bits | 1 << region)
    }

    fn at(&self, id: WindingId) -> Winding {
        self.list.get(id as usize).copied().unwrap_or([0; REGIONS_MAX])
    }

    fn id(&mut self, winding: Winding) -> WindingId {
        if let Some(&known) = self.known.get(&winding) {
            return known;
        }
        let id = super::arrange::id(self.list.len());
        let opposite = winding.map(|count| -count);
        self.list.extend([winding, opposite]);
        self.known.insert(winding, id);
        self.known.insert(opposite, id ^ 1);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_opposites_are_numbers_too() {
        let mut all = Windings::new();
        let (a, b) = (all.of_region(0), all.of_region(5));
        let both = all.sum(a, b);
        assert_eq!(all.regions(both), 0b10_0001);
        assert_eq!(all.sum(both, Windings::negated(a)), b);
        assert_eq!(all.sum(both, Windings::negated(both)), ZERO);
        let twice = all.sum(a, a);
        assert_eq!((all.regions(twice), all.sum(twice, Windings::negated(a))), (1, a));
        assert_eq!(Windings::negated(ZERO), ZERO);
    }
}
