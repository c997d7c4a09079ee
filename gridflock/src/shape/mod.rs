//! Two-dimensional features of a plate on the 0.1 µm grid: points, outlines, and what is cut from what.
//!
//! Frame of a plate: x east, y north, origin at the south-west corner of its first cell. Shapes know nothing of
//! heights; `generate` gives each its range in z.

pub(crate) mod boolean;
pub(crate) mod connector;
pub(crate) mod edge;
pub(crate) mod lying;
pub(crate) mod magnet;
pub(crate) mod number;
pub(crate) mod outline;
pub(crate) mod pocket;
pub(crate) mod round;
pub(crate) mod seam;

/// A point in tenths of a micrometre. Plates are at most 2 m long, so sums and differences fit `i32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Point {
    pub(crate) x: i32,
    pub(crate) y: i32,
}

/// A closed outline, counter-clockwise around what is inside; the last point joins the first.
pub(crate) type Contour = Vec<Point>;

/// Steps of a quarter turn: full circles have 40 corners, as in the original.
pub(crate) const QUARTER_STEPS: i32 = 10;

impl Point {
    pub(crate) const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self { x: self.x + other.x, y: self.y + other.y }
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self { x: self.x - other.x, y: self.y - other.y }
    }

    /// Turned counter-clockwise about the origin by `quarters` × 90°.
    pub(crate) const fn turned(self, quarters: i32) -> Self {
        match quarters.rem_euclid(4) {
            0 => self,
            1 => Self { x: -self.y, y: self.x },
            2 => Self { x: -self.x, y: -self.y },
            _ => Self { x: self.y, y: -self.x },
        }
    }
}

/// A length in tenths of a micrometre as a coordinate.
pub(crate) fn coordinate(tenths_um: i64) -> i32 {
    i32::try_from(tenths_um)
        .expect("lengths are at most 10 m by the type Length, and a coordinate holds 214 m")
}

/// `mm` on the grid.
pub(crate) fn from_mm(mm: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded, and saturating for absurd values")]
    let tenths_um = (mm * 10_000.0).round() as i32;
    tenths_um
}

/// The point at `radius_mm` from the origin in direction `step` × 9°.
pub(crate) fn on_circle(radius_mm: f64, step: i32) -> Point {
    // Exact at quarter turns and symmetric to the last bit: computed in the first eighth and mirrored.
    let quarter = step.div_euclid(QUARTER_STEPS);
    let within = step.rem_euclid(QUARTER_STEPS);
    let (a, swap) = if 2 * within > QUARTER_STEPS { (QUARTER_STEPS - within, true) } else { (within, false) };
    let angle = f64::from(a) * core::f64::consts::FRAC_PI_2 / f64::from(QUARTER_STEPS);
    let (along, across) = if a == 0 { (1.0, 0.0) } else { (libm::cos(angle), libm::sin(angle)) };
    let (along, across) = (from_mm(radius_mm * along), from_mm(radius_mm * across));
    let point = if swap { Point::new(across, along) } else { Point::new(along, across) };
    point.turned(quarter)
}

/// A full circle with 40 corners around `centre`.
pub(crate) fn circle(centre: Point, radius_mm: f64) -> Contour {
    (0..4 * QUARTER_STEPS).map(|step| centre.plus(on_circle(radius_mm, step))).collect()
}

/// A rectangle.
pub(crate) fn rectangle(low: Point, high: Point) -> Contour {
    vec![low, Point::new(high.x, low.y), high, Point::new(low.x, high.y)]
}

/// Twice the signed area, positive if counter-clockwise.
pub(crate) fn twice_area(contour: &[Point]) -> i64 {
    let next = contour.iter().skip(1).chain(contour.first());
    contour
        .iter()
        .zip(next)
        .map(|(a, b)| i64::from(a.x) * i64::from(b.y) - i64::from(b.x) * i64::from(a.y))
        .sum()
}

/// `contour`, counter-clockwise.
pub(crate) fn counter_clockwise(mut contour: Contour) -> Contour {
    if twice_area(&contour) < 0 {
        contour.reverse();
    }
    contour
}
