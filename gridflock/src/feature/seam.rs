//! Intersection puzzle: what its tabs and sockets take from a plate and add to it, at full height.

use super::{FAR, Site};
use crate::shape::seam::{Seams, connectors};
use crate::solid::layers::{Action, Height::Flat, Layers, Region};

pub(super) fn add<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(fit) = site.spec.connectors().intersection else {
        return;
    };
    let shapes = connectors(&seams(site), fit);
    if !shapes.removed.is_empty() {
        layers.push(Region::of(shapes.removed), Action::Cut(Flat(-FAR), Flat(FAR)));
    }
    if !shapes.added.is_empty() {
        layers.push(Region::of(shapes.added), Action::Add(Flat(site.bottom), Flat(site.top)));
    }
}

pub(super) fn seams<'s>(site: &'s Site<'s>) -> Seams<'s> {
    Seams {
        lines_x: &site.lines_x,
        lines_y: &site.lines_y,
        low: site.low,
        high: site.high,
        neighbours: site.plate.neighbours,
        style: site.plan.style,
        kind: site.spec.connectors().seams,
        first_line: site.plate.first_cell,
    }
}
