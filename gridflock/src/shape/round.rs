//! Cones of forty facets around upright axes.

use super::{Point, QUARTER_STEPS, circle, from_mm, on_circle};
use crate::solid::layers::Region;

/// The middle of a rectangle.
pub(crate) const fn centre(low: Point, high: Point) -> Point {
    Point::new(low.x + (high.x - low.x) / 2, low.y + (high.y - low.y) / 2)
}

/// A cone between two radii; its height at each of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cone {
    /// Smaller and larger radius of the corners, mm.
    pub(crate) radii_mm: [f64; 2],
    /// Height at the smaller and at the larger radius.
    pub(crate) z: [i32; 2],
}

impl Cone {
    pub(crate) fn range(&self) -> [i32; 2] {
        let [a, b] = self.z;
        [a.min(b), a.max(b)]
    }

    /// Rise over run of its facets, rounded up.
    pub(crate) fn steepness(&self) -> i32 {
        let ([inner, outer], [low, high]) = (self.radii_mm, self.range());
        let run = from_mm(outer - inner).max(1);
        (high - low) / run + 1
    }

    /// The cones around `centres` seen from above, with the lines between their facets.
    pub(crate) fn region(&self, centres: &[Point]) -> Region {
        let [inner, outer] = self.radii_mm;
        let folds = |centre: Point| {
            (0..4 * QUARTER_STEPS)
                .map(move |step| [centre.plus(on_circle(inner, step)), centre.plus(on_circle(outer, step))])
        };
        Region {
            contours: centres.iter().map(|&centre| circle(centre, outer)).collect(),
            folds: centres.iter().flat_map(|&centre| folds(centre)).collect(),
            outline_is_fold: true,
        }
    }

    /// Height over a point of the cone around `centre`.
    pub(crate) fn height(&self, centre: Point, point: Point) -> i32 {
        let [inner, outer] = self.radii_mm;
        let along = ((radius_mm(centre, point) - inner) / (outer - inner)).clamp(0.0, 1.0);
        let [from, to] = self.z;
        #[expect(clippy::cast_possible_truncation, reason = "between two heights")]
        let rise = (f64::from(to - from) * along).round() as i32;
        from + rise
    }
}

/// Radius of the corners of the forty-sided polygon through a point.
fn radius_mm(centre: Point, point: Point) -> f64 {
    let (x, y) = (f64::from(point.x - centre.x) / 10_000.0, f64::from(point.y - centre.y) / 10_000.0);
    let step = core::f64::consts::FRAC_PI_2 / f64::from(QUARTER_STEPS);
    // Facets of neighbours differ by less than the grid where the angle is close to a corner.
    let facet = (libm::atan2(y, x) / step).floor();
    let middle = (facet + 0.5) * step;
    (x * libm::cos(middle) + y * libm::sin(middle)) / libm::cos(step / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cone_has_its_heights_at_its_radii() {
        let cone = Cone { radii_mm: [1.6, 3.0], z: [0, 25_000] };
        let centre = Point::new(420_000, -70_000);
        for step in 0..40 {
            for (radius, z) in [(1.6, 0), (2.3, 12_500), (3.0, 25_000)] {
                let height = cone.height(centre, centre.plus(on_circle(radius, step)));
                assert!((height - z).abs() <= 2, "step {step}, radius {radius}: {height}");
            }
        }
        assert_eq!(cone.steepness(), 2);
    }
}
