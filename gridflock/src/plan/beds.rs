//! The beds that plates may lie on, upright or turned by 90°.

use protocol::grid::{BedClass, GridSpec, PerAxis};

/// Bed sizes in tenths of a micrometre, in the order in which they are preferred; at least one.
pub(super) struct Beds(Vec<PerAxis<i64>>);

impl Beds {
    pub(super) fn of(spec: &GridSpec) -> Self {
        Self(spec.beds().map(|bed| PerAxis { x: bed.x.tenths_um(), y: bed.y.tenths_um() }).collect())
    }

    /// Longest side that may stand across a side of `length`.
    pub(super) fn room_beside(&self, length: i64) -> Option<i64> {
        let room = |bed: &PerAxis<i64>| {
            let upright = (length <= bed.x).then_some(bed.y);
            let turned = (length <= bed.y).then_some(bed.x);
            upright.max(turned)
        };
        self.0.iter().filter_map(room).max()
    }

    /// Everything that [`Self::room_beside`] can be.
    pub(super) fn rooms(&self) -> Vec<i64> {
        let mut rooms: Vec<i64> = self.0.iter().flat_map(|bed| [bed.x, bed.y]).collect();
        rooms.sort_unstable();
        rooms.dedup();
        rooms
    }

    /// The longest side that fits whichever way it lies.
    pub(super) fn narrowest(&self) -> i64 {
        self.0.iter().map(|bed| bed.x.min(bed.y)).max().unwrap_or(0)
    }

    /// The first bed that a plate fits, and whether it must be turned for it.
    pub(super) fn place(&self, x: i64, y: i64) -> Option<(usize, bool)> {
        let fits = |bed: &PerAxis<i64>| {
            let upright = (x <= bed.x && y <= bed.y).then_some(false);
            upright.or((x <= bed.y && y <= bed.x).then_some(true))
        };
        self.0.iter().enumerate().find_map(|(index, bed)| fits(bed).map(|turned| (index, turned)))
    }
}

/// Classes of all beds of a specification.
pub(super) fn classes(spec: &GridSpec) -> Vec<BedClass> {
    spec.beds().map(BedClass::of).collect()
}

#[cfg(test)]
impl Beds {
    pub(super) fn of_mm(sizes: &[[i64; 2]]) -> Self {
        Self(sizes.iter().map(|&[x, y]| PerAxis { x: x * 10_000, y: y * 10_000 }).collect())
    }
}
