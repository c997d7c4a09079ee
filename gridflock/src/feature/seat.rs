//! The seats of the bins.

use super::{FAR, Site};
use crate::shape::pocket::{CORE_MM, LOWER_SLOPE, RIM_MM, UPPER_SLOPE, WALL_MM};
use crate::solid::layers::{Action, Height, Height::Flat, Layers, Region, Slope};

/// The original's seats over a floor are this much too deep, tenths of a micrometre.
pub(super) const UPSTREAM_DEEPER: i32 = 10;

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    if site.seats().is_empty() {
        return;
    }
    let upper = slope(layers, site, WALL_MM, UPPER_SLOPE);
    layers.push(ring(site, Some(WALL_MM), RIM_MM), Action::Cut(upper, Flat(FAR)));
    let lower = slope(layers, site, CORE_MM, LOWER_SLOPE);
    layers.push(ring(site, Some(CORE_MM), WALL_MM), Action::Cut(lower, Flat(FAR)));
    let deeper = if site.is_upstream() { UPSTREAM_DEEPER } else { 0 };
    let floor = if site.bottom < site.level { site.level - deeper } else { -FAR };
    layers.push(ring(site, None, CORE_MM), Action::Cut(Flat(floor), Flat(FAR)));
}

/// The upper slope, and everything inside of it.
pub(super) fn cut_plain<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    if site.seats().is_empty() {
        return;
    }
    let upper = slope(layers, site, WALL_MM, UPPER_SLOPE);
    layers.push(ring(site, Some(WALL_MM), RIM_MM), Action::Cut(upper, Flat(FAR)));
    let floor = if site.bottom < 0 { 0 } else { -FAR };
    layers.push(ring(site, None, WALL_MM), Action::Cut(Flat(floor), Flat(FAR)));
}

fn slope<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>, radius_mm: f64, range: [i32; 2]) -> Height {
    let height = move |point| site.cell_at(point).slope_height_by(point, radius_mm, range, site.stride());
    layers.slope(Slope { range, steepness: 1, height: Box::new(height) })
}

/// The part of all seats inside of one offset, with the lines along which the facets of its slope meet.
fn ring(site: &Site<'_>, inner: Option<f64>, outer: f64) -> Region {
    let stride = site.stride();
    let folds =
        |inner| site.seats().iter().flat_map(move |cell| cell.folds([inner, outer], stride)).collect();
    Region {
        contours: site.seats().iter().map(|cell| cell.outline_by(outer, stride)).collect(),
        folds: inner.map(folds).unwrap_or_default(),
        outline_is_fold: true,
    }
}
