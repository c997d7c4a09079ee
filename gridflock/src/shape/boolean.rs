//! Union, intersection and difference of outlines; a thin layer over `i_overlay` on the same integer grid.

use super::{Contour, Point};
use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay::Overlay;
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::i_float::int::point::IntPoint;

fn to_int(contours: &[Contour]) -> Vec<Vec<IntPoint<i32>>> {
    contours.iter().map(|c| c.iter().map(|p| IntPoint::new(p.x, p.y)).collect()).collect()
}

fn overlay(a: &[Contour], b: &[Contour], rule: OverlayRule) -> Vec<Contour> {
    let shapes = Overlay::<i32>::from_subj_and_clip(&to_int(a), &to_int(b)).overlay(rule, FillRule::NonZero);
    // Outer outlines come counter-clockwise and holes clockwise, so their windings add up right.
    let contours = shapes.into_iter().flatten();
    contours.map(|c| c.into_iter().map(|p| Point::new(p.x, p.y)).collect()).collect()
}

/// What is in `a` but not in `b`.
pub(super) fn difference(a: &[Contour], b: &[Contour]) -> Vec<Contour> {
    overlay(a, b, OverlayRule::Difference)
}

/// What is in both.
pub(super) fn intersection(a: &[Contour], b: &[Contour]) -> Vec<Contour> {
    overlay(a, b, OverlayRule::Intersect)
}

/// What is in any of `a`.
pub(super) fn union(a: &[Contour]) -> Vec<Contour> {
    overlay(a, &[], OverlayRule::Union)
}

/// The convex hull, counter-clockwise (Andrew's monotone chain; collinear points are left out).
pub(super) fn hull(points: &[Point]) -> Contour {
    let mut sorted = points.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let half = |points: &mut dyn Iterator<Item = Point>| {
        let mut chain: Contour = Vec::new();
        for point in points {
            while let [.., a, b] = chain.as_slice() {
                if turn(*a, *b, point) > 0 {
                    break;
                }
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut lower = half(&mut sorted.iter().copied());
    lower.extend(half(&mut sorted.iter().rev().copied()));
    lower
}

fn turn(a: Point, b: Point, c: Point) -> i64 {
    let (abx, aby) = (i64::from(b.x) - i64::from(a.x), i64::from(b.y) - i64::from(a.y));
    let (acx, acy) = (i64::from(c.x) - i64::from(a.x), i64::from(c.y) - i64::from(a.y));
    abx * acy - aby * acx
}
