//! Lower floors: bins rest on the slopes of their seat and not on what lies below it.

use super::Site;
use crate::shape::pocket::CORE_MM;
use crate::solid::layers::{Action, Height::Flat, Layers, Region};

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    if site.floor() == 0 || site.seats().is_empty() {
        return;
    }
    let stride = site.stride();
    let floors = site.seats().iter().map(|cell| cell.outline_by(CORE_MM, stride)).collect();
    // Nothing above: latches reach over the floor.
    layers.push(Region::of(floors), Action::Cut(Flat(site.floor()), Flat(0)));
}
