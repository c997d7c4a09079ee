//! The seat of a bin: gridfinity's baseplate profile as outlines around the cell's core rectangle.
//!
//! Profile (distance r from the core, height z, mm): vertical at r 1.15 up to z 0; 45° to r 1.85, z 0.7; vertical to
//! z 2.5; 45° to r 4, z 4.65 (gridfinity baseplate: 0.7 + 1.8 + 2.15). The core is the cell less 4 mm on each side.

use super::{Contour, Point, QUARTER_STEPS, from_mm, on_circle};

/// Height of the profile, tenths of a micrometre.
pub(crate) const TOP: i32 = 46_500;
/// Offset of the core below the slopes, mm.
pub(crate) const CORE_MM: f64 = 1.15;
/// Offset between the two slopes, mm.
pub(crate) const WALL_MM: f64 = 1.85;
/// Offset of the rim: the corner radius of a cell, mm.
pub(crate) const RIM_MM: f64 = 4.0;
/// Height range of the lower slope.
pub(crate) const LOWER_SLOPE: [i32; 2] = [0, 7_000];
/// Height range of the upper slope.
pub(crate) const UPPER_SLOPE: [i32; 2] = [25_000, TOP];
/// Thickness of the wall of a seat at its foot.
pub(crate) const FOOT: i32 = 28_500;
/// A height this close to the end of its slope is that end: outlines are rounded to the grid (0.1 µm).
const SNAP: i32 = 3;

/// A cell in the frame of its plate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) low: Point,
    pub(crate) high: Point,
}

impl Cell {
    fn core(&self, corner: i32) -> Point {
        let rim = from_mm(RIM_MM);
        let (x, y) = ([self.low.x + rim, self.high.x - rim], [self.low.y + rim, self.high.y - rim]);
        match corner {
            0 => Point::new(x[1], y[1]),
            1 => Point::new(x[0], y[1]),
            2 => Point::new(x[0], y[0]),
            _ => Point::new(x[1], y[0]),
        }
    }

    /// The outline at offset `radius_mm`: four corners of ten chords each.
    pub(crate) fn outline(&self, radius_mm: f64) -> Contour {
        self.outline_by(radius_mm, 1)
    }

    /// As [`Self::outline`], with chords over so many steps.
    pub(crate) fn outline_by(&self, radius_mm: f64, stride: usize) -> Contour {
        (0..4)
            .flat_map(|corner| {
                let core = self.core(corner);
                let steps = (0..=QUARTER_STEPS).step_by(stride);
                steps.map(move |i| core.plus(on_circle(radius_mm, corner * QUARTER_STEPS + i)))
            })
            .collect()
    }

    /// The lines along which the facets of a slope between two offsets meet.
    pub(crate) fn folds(&self, [inner_mm, outer_mm]: [f64; 2], stride: usize) -> Vec<[Point; 2]> {
        let (inner, outer) = (self.outline_by(inner_mm, stride), self.outline_by(outer_mm, stride));
        inner.into_iter().zip(outer).map(|(a, b)| [a, b]).collect()
    }

    /// Offset of a point from the core, mm: distance to its side, or to the chord it lies on at a corner.
    fn offset_mm(&self, point: Point, stride: usize) -> f64 {
        let rim = from_mm(RIM_MM);
        let beyond =
            |value: i32, low: i32, high: i32| f64::from((low - value).max(value - high) + rim) / 10_000.0;
        let (dx, dy) = (beyond(point.x, self.low.x, self.high.x), beyond(point.y, self.low.y, self.high.y));
        if dx <= 0.0 || dy <= 0.0 {
            return dx.max(dy);
        }
        let facets = f64::from(QUARTER_STEPS) / stride as f64;
        let step = core::f64::consts::FRAC_PI_2 / facets;
        // The facet is found by the angle; the neighbour's plane differs by less than the grid where it is close.
        let facet = (libm::atan2(dy, dx) / step).floor().clamp(0.0, facets - 1.0);
        let middle = (facet + 0.5) * step;
        (dx * libm::cos(middle) + dy * libm::sin(middle)) / libm::cos(step / 2.0)
    }

    /// Height of a 45° slope between two heights, the lower one at `radius_mm`.
    pub(crate) fn slope_height(&self, point: Point, radius_mm: f64, range: [i32; 2]) -> i32 {
        self.slope_height_by(point, radius_mm, range, 1)
    }

    /// As [`Self::slope_height`], for outlines with chords over so many steps.
    pub(crate) fn slope_height_by(
        &self,
        point: Point,
        radius_mm: f64,
        [low, high]: [i32; 2],
        stride: usize,
    ) -> i32 {
        let height = low + from_mm(self.offset_mm(point, stride) - radius_mm);
        if (height - low).abs() <= SNAP {
            low
        } else if (height - high).abs() <= SNAP {
            high
        } else {
            height.clamp(low, high)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_has_its_end_heights_on_its_outlines() {
        let cell = Cell { low: Point::new(0, 0), high: Point::new(420_000, 210_000) };
        for (radius, z) in [(WALL_MM, UPPER_SLOPE[0]), (RIM_MM, UPPER_SLOPE[1])] {
            for point in cell.outline(radius) {
                assert_eq!(cell.slope_height(point, WALL_MM, UPPER_SLOPE), z, "{point:?}");
            }
        }
        assert_eq!(cell.outline(RIM_MM).len(), 44);
        let inside = Point::new(210_000, 10_000);
        assert_eq!(cell.slope_height(inside, WALL_MM, UPPER_SLOPE), 36_500);
    }
}
