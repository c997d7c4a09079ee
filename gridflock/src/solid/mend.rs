//! Joins parts that touch in a line only.
//!
//! Two parts that share a single edge are no solid: a slicer may take them as joined or not. They become joined, by a
//! bar around the edge that is thinner than a hair.

use super::Mesh;
use super::layers::{Action, Height::Flat, Layers, REGIONS_MAX, Region, Slope};
use crate::error::SolidError;
use crate::shape::{Point, counter_clockwise, rectangle};

/// Half the thickness of a bar, tenths of a micrometre: far above the tolerance of heights.
const HALF: i32 = 30;

/// An edge that more than two triangles share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Touching {
    ends: [[i32; 3]; 2],
    /// Half the thickness of the bar around it.
    half: i32,
}

/// The edges that more than two triangles share. With each `round` their bars are thicker.
pub(crate) fn touching_edges(mesh: &Mesh, round: i32) -> Vec<Touching> {
    let mut edges: Vec<(u32, u32)> = Vec::with_capacity(3 * mesh.triangles.len());
    for &[a, b, c] in &mesh.triangles {
        edges.extend([(a, b), (b, c), (c, a)].map(|(from, to)| (from.min(to), from.max(to))));
    }
    edges.sort_unstable();
    let shared = edges.chunk_by(|a, b| a == b).filter(|same| same.len() > 2);
    shared
        .filter_map(|same| same.first())
        .map(|&(from, to)| Touching {
            ends: [mesh.corner(from), mesh.corner(to)],
            half: HALF + HALF / 2 * round,
        })
        .collect()
}

/// Adds a bar around each of `edges`.
///
/// # Errors
/// `TouchesTooOften` if there are more kinds of them than a solid can have regions.
pub(crate) fn mend<'s>(layers: &mut Layers<'s>, edges: &[Touching]) -> Result<(), SolidError> {
    // Upright edges of the same height are one region.
    let mut upright: Vec<([i32; 3], Vec<Point>)> = Vec::new();
    let mut lying: Vec<Touching> = Vec::new();
    for &edge in edges {
        let ([a, b], half) = (edge.ends, edge.half);
        if (a[0], a[1]) == (b[0], b[1]) {
            let heights = [a[2].min(b[2]) - half, a[2].max(b[2]) + half, half];
            let at = Point::new(a[0], a[1]);
            match upright.iter_mut().find(|(known, _)| *known == heights) {
                Some((_, points)) => points.push(at),
                None => upright.push((heights, vec![at])),
            }
        } else {
            lying.push(edge);
        }
    }
    if layers.regions.len() + upright.len() + lying.len() > REGIONS_MAX {
        return Err(SolidError::TouchesTooOften { edges: edges.len() });
    }
    for ([low, high, half], points) in upright {
        let half = Point::new(half, half);
        let squares = points.iter().map(|at| rectangle(at.minus(half), at.plus(half))).collect();
        layers.push(Region::of(squares), Action::Add(Flat(low), Flat(high)));
    }
    for edge in lying {
        bar(layers, edge);
    }
    Ok(())
}

fn bar(layers: &mut Layers<'_>, Touching { ends: [a, b], half }: Touching) {
    let (from, to) = (Point::new(a[0], a[1]), Point::new(b[0], b[1]));
    let (dx, dy) = (f64::from(to.x - from.x), f64::from(to.y - from.y));
    let length = libm::sqrt(dx * dx + dy * dy);
    #[expect(clippy::cast_possible_truncation, reason = "as long as that")]
    let [along_x, along_y] = [dx, dy].map(|d| (d / length * f64::from(half)).round() as i32);
    let (along, across) = (Point::new(along_x, along_y), Point::new(-along_y, along_x));
    let outline = vec![
        from.minus(along).minus(across),
        to.plus(along).minus(across),
        to.plus(along).plus(across),
        from.minus(along).plus(across),
    ];
    let region = Region::of(vec![counter_clockwise(outline)]);
    let rise = b[2] - a[2];
    if rise == 0 {
        layers.push(region, Action::Add(Flat(a[2] - half), Flat(a[2] + half)));
        return;
    }
    let height = move |point: Point, shift: i32| {
        let (x, y) = (f64::from(point.x - from.x), f64::from(point.y - from.y));
        let share = (x * dx + y * dy) / (length * length);
        #[expect(clippy::cast_possible_truncation, reason = "little beyond both ends")]
        let risen = (f64::from(rise) * share).round() as i32;
        a[2] + risen + shift
    };
    #[expect(clippy::cast_possible_truncation, reason = "slopes are limited")]
    let steepness = ((f64::from(rise.abs()) / length) as i32 + 1).min(super::layers::STEEPEST);
    let beyond = half * (steepness + 2);
    let range = |shift: i32| [a[2].min(b[2]) - beyond + shift, a[2].max(b[2]) + beyond + shift];
    let low = Slope { range: range(-half), steepness, height: Box::new(move |point| height(point, -half)) };
    let high = Slope { range: range(half), steepness, height: Box::new(move |point| height(point, half)) };
    let (low, high) = (layers.slope(low), layers.slope(high));
    layers.push(region, Action::Add(low, high));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solid::{build, check};

    #[test]
    fn blocks_that_touch_in_a_line_are_joined() {
        let blocks = |edges: &[Touching]| {
            let mut layers = Layers::default();
            let side = 100_000;
            for at in [Point::new(0, 0), Point::new(side, side)] {
                let block = rectangle(at, at.plus(Point::new(side, side)));
                layers.push(Region::of(vec![block]), Action::Add(Flat(0), Flat(side)));
            }
            mend(&mut layers, edges).unwrap();
            build(layers).unwrap()
        };
        let apart = blocks(&[]);
        assert!(check(&apart).is_err());
        let edges = touching_edges(&apart, 0);
        assert_eq!(edges.len(), 1);
        let mended = blocks(&edges);
        assert_eq!(check(&mended), Ok(()));
        assert!((mended.volume_mm3() - apart.volume_mm3()).abs() < 0.001);
    }
}
