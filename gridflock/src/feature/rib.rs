//! Ribs along the walls of magnet holes: a magnet crushes them and holds without glue.

use super::magnets::hole_heights;
use super::{Detail, Site};
use crate::shape::magnet::MagnetShapes;
use crate::shape::magnet::{add_cell, ribs};
use crate::solid::layers::{Action, Height::Flat, Layers, Region};
use protocol::grid::MagnetStyle;

/// Ribs end so far before the mouth of a hole, tenths of a micrometre, so that a magnet finds its place.
const LEAD: i32 = 4_000;

pub(super) fn add<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some((magnets, found)) = site.spec.magnets().and_then(|m| m.ribs.map(|found| (m, found))) else {
        return;
    };
    if site.detail() >= Detail::Coarse {
        return;
    }
    let mut shapes = MagnetShapes::default();
    for cell in site.seats() {
        add_cell(&mut shapes, *cell, magnets, None);
    }
    let [[low, high], _] = hole_heights(site, magnets);
    let heights = match magnets.style {
        MagnetStyle::GlueTop => [low, high - LEAD.min((high - low) / 2)],
        // The hole is open to the very bottom; the magnet's place is the lowest level.
        MagnetStyle::GlueBottom | MagnetStyle::PressFit => {
            [site.level + LEAD.min((high - site.level) / 2), high]
        }
    };
    let [low, high] = heights.map(Flat);
    let ribs = shapes.axes.iter().flat_map(|&axis| ribs(axis, magnets, found)).collect();
    layers.push(Region::of(ribs), Action::Add(low, high));
}
