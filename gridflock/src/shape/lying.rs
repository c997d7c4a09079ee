//! Cylinders and cones of forty facets around level axes, seen from above.
//!
//! Frame: the axis runs along y from its start, x across. A facet between two corners of the polygon is flat, so the
//! upper and the lower half are heights over a strip or trapezoid with a fold at each corner.

use super::{Contour, Point, QUARTER_STEPS, from_mm, on_circle};

/// A cylinder or cone from `along[0]` to `along[1]`, of one radius at each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lying {
    /// Radii of the corners at both ends, mm.
    pub(crate) radii_mm: [f64; 2],
    /// Both ends along the axis.
    pub(crate) along: [i32; 2],
    /// Height of the axis.
    pub(crate) z: i32,
}

impl Lying {
    fn radius_mm(&self, along: i32) -> f64 {
        let ([from, to], [first, last]) = (self.along, self.radii_mm);
        let share = f64::from((along - from).clamp(0, to - from)) / f64::from((to - from).max(1));
        first + (last - first) * share
    }

    /// Outline and folds, the axis being x = 0.
    pub(crate) fn outline(&self) -> (Contour, Vec<[Point; 2]>) {
        let [from, to] = self.along;
        let [first, last] = self.radii_mm.map(from_mm);
        let outline = vec![
            Point::new(-first, from),
            Point::new(first, from),
            Point::new(last, to),
            Point::new(-last, to),
        ];
        let fold = |step| {
            let [a, b] = self.radii_mm.map(|radius| on_circle(radius, step).x);
            [Point::new(a, from), Point::new(b, to)]
        };
        (outline, (1..2 * QUARTER_STEPS).map(fold).collect())
    }

    /// Lowest and highest point.
    pub(crate) fn range(&self) -> [i32; 2] {
        let [first, last] = self.radii_mm.map(from_mm);
        [self.z - first.max(last), self.z + first.max(last)]
    }

    /// How far the surface is above and below the axis over a point.
    pub(crate) fn rise(&self, x: i32, along: i32) -> i32 {
        let radius = self.radius_mm(along);
        let across = f64::from(x.abs()) / 10_000.0;
        let step = core::f64::consts::FRAC_PI_2 / f64::from(QUARTER_STEPS);
        let corner = |index: i32| {
            let angle = f64::from(index) * step;
            (radius * libm::cos(angle), radius * libm::sin(angle))
        };
        // Facets from the axis outward: each reaches from a corner to the next one further out.
        for index in (0..QUARTER_STEPS).rev() {
            let ((outer, low), (inner, high)) = (corner(index), corner(index + 1));
            if across <= outer {
                let share = ((outer - across) / (outer - inner).max(1e-9)).clamp(0.0, 1.0);
                return from_mm(low + (high - low) * share);
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lying_cone_has_its_corners_on_its_circles() {
        let cone = Lying { radii_mm: [1.6, 3.2], along: [0, 20_000], z: 5 };
        for step in 0..=20 {
            for (radius, along) in [(1.6, 0), (2.4, 10_000), (3.2, 20_000)] {
                let corner = on_circle(radius, step);
                let rise = cone.rise(corner.x, along);
                assert!((rise - corner.y).abs() <= 15, "step {step} radius {radius}: {rise} for {corner:?}");
            }
        }
        assert_eq!(cone.range(), [5 - 32_000, 5 + 32_000]);
    }
}
