//! Magnets in a level below the seats: frames or a solid level, holes, and slots to push the magnets out again.

use super::{Detail, FAR, Site};
use crate::shape::coordinate;
use crate::shape::magnet::{MagnetShapes, add_cell};
use crate::shape::rectangle;
use crate::solid::layers::{Action, Height::Flat, Layers, Region};
use protocol::grid::{MagnetFrame, MagnetStyle, Magnets};

pub(super) fn add<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(magnets) = site.spec.magnets() else {
        return;
    };
    let mut shapes = MagnetShapes::default();
    for cell in site.seats() {
        add_cell(&mut shapes, *cell, magnets, None);
    }
    if magnets.frame == MagnetFrame::Solid {
        shapes.frames = site.seats().iter().map(|cell| rectangle(cell.low, cell.high)).collect();
    }
    let [slot, release] = hole_heights(site, magnets);
    layers.push(Region::of(shapes.frames), Action::Add(Flat(site.level), Flat(0)));
    if site.detail() >= Detail::Coarse {
        return;
    }
    layers.push(Region::of(shapes.slots), Action::Cut(Flat(slot[0]), Flat(slot[1])));
    layers.push(Region::of(shapes.releases), Action::Cut(Flat(release[0]), Flat(release[1])));
}

/// From where to where the holes for magnets and the slots to push them out reach.
pub(super) fn hole_heights(site: &Site<'_>, magnets: Magnets) -> [[i32; 2]; 2] {
    let ceiling = -coordinate(magnets.top.tenths_um());
    let floor = site.level + coordinate(magnets.bottom.tenths_um());
    match magnets.style {
        MagnetStyle::PressFit => [[floor, ceiling], [-FAR, ceiling]],
        MagnetStyle::GlueTop => [[floor, 0], [-FAR, 0]],
        MagnetStyle::GlueBottom => [[-FAR, ceiling], [-FAR, 0]],
    }
}
