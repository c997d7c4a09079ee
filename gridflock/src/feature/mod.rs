//! The features of a plate, in the order in which they are made.
//!
//! A feature is one small module with one function: regions of the plane, what each adds or cuts, and between which
//! heights. To make another one, write its module and add one line to [`FEATURES`]. The order is the original's and
//! matters: a connector is not cut by its own cell's pocket, a number is cut into everything that was there before.
//! Heights: z = 0 is the bottom of the bin's seat, as in the original.

mod body;
pub(crate) mod boss;
mod chamfer;
mod click;
mod edge;
pub(crate) mod horizontal;
mod magnets;
mod number;
mod relief;
mod rib;
mod rim;
mod seam;
mod seat;
mod site;
pub(crate) mod thumbscrew;
pub(crate) mod vertical;
pub(crate) mod weight;

pub(crate) use site::{Detail, Likeness, Site, Tries};

use crate::solid::layers::{Layers, RegionSet};

/// Higher and lower than anything, tenths of a micrometre.
const FAR: i32 = 100_000_000;
/// The outline of the plate is its first region.
const BODY: RegionSet = 1;

/// Adds the layers of one feature; features that a specification does not have add nothing.
type Feature = for<'s> fn(&mut Layers<'s>, &'s Site<'s>);

const FEATURES: &[Feature] = &[
    body::add,
    seat::cut,
    click::add,
    edge::add_magnet_border,
    boss::add,
    magnets::add,
    rib::add,
    relief::cut,
    boss::cut,
    thumbscrew::cut,
    weight::cut,
    body::keep,
    rim::add,
    seam::add,
    edge::add_tabs,
    edge::cut_sockets,
    number::cut,
    chamfer::cut,
    vertical::cut,
    horizontal::cut,
];

/// Those of a plate of a very large grid that is only looked at.
const PLAIN_FEATURES: &[Feature] = &[body::add, seat::cut_plain, body::keep, rim::add];

/// All layers of a plate.
pub(crate) fn layers<'s>(site: &'s Site<'s>) -> Layers<'s> {
    let mut layers = Layers::default();
    let features = if site.detail() == Detail::Plain { PLAIN_FEATURES } else { FEATURES };
    for feature in features {
        feature(&mut layers, site);
    }
    layers
}
