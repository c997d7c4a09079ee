//! Holes for thumbscrews in the middle of whole cells: at the bottom of the seat as wide as said, 45° wider downwards.

use super::{FAR, Site};
use crate::shape::round::{Cone, centre};
use crate::shape::{Point, circle};
use crate::solid::layers::{Action, Height::Flat, Layers, Region, Slope};
use protocol::grid::MagnetFrame;

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(diameter) = site.spec.thumbscrew() else {
        return;
    };
    let (top, centres) = (top(site), centres(site));
    if centres.is_empty() {
        return;
    }
    let radius_mm = site.hole_mm(diameter) / 2.0;
    let cone = Cone {
        radii_mm: [radius_mm, radius_mm + f64::from(top - site.bottom) / 10_000.0],
        z: [top, site.bottom],
    };
    let height = move |point| {
        let cell = site.cell_at(point);
        cone.height(centre(cell.low, cell.high), point)
    };
    let slope = layers.slope(Slope { range: cone.range(), steepness: 1, height: Box::new(height) });
    layers.push(cone.region(&centres), Action::Cut(Flat(-FAR), slope));
    let holes = centres.iter().map(|&centre| circle(centre, radius_mm)).collect();
    layers.push(Region::of(holes), Action::Cut(Flat(-FAR), Flat(top)));
}

/// Height of the floor that has the holes.
fn top(site: &Site<'_>) -> i32 {
    let has_frames = site.spec.magnets().is_some_and(|magnets| magnets.frame == MagnetFrame::Round);
    if has_frames { site.level } else { site.floor() }
}

/// The holes of a plate.
pub(crate) fn centres(site: &Site<'_>) -> Vec<Point> {
    if site.spec.thumbscrew().is_none() || top(site) <= site.bottom {
        return Vec::new();
    }
    site.whole_seats().map(|cell| centre(cell.low, cell.high)).collect()
}
