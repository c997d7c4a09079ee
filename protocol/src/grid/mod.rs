//! What a drawer grid is: from the words of an order to a checked specification with a name and a key.
//!
//! Reading order: [`params`] (as sent, upstream's names, everything optional) → [`check`] (all faults at once)
//! → [`spec`] and [`parts`] (only what can be made) → [`key`] and [`sku`]; [`properties`] reads the lines of a shop order.
//! Invariant: two specifications with the same [`GridKey`] give the same bytes in every plate.
//! This module never plans, never makes geometry and never rounds a wish into something else.

mod check;
mod defaults;
mod fault;
mod key;
mod length;
mod order;
mod parameters;
mod params;
mod parts;
mod properties;
mod sku;
mod spec;
#[cfg(test)]
mod tests;

pub use check::{BED_MM_MAX, BED_MM_MIN, CELL_MM_MIN, PLATE_MM_MAX, PLATE_MM_MIN};
pub use fault::{SpecFault, SpecFaults};
pub use key::GridKey;
pub use length::{Length, Share};
pub use order::{GridOrder, OrderConnector};
pub use parameters::Parameter;
pub use params::GridParams;
pub use parts::{
    CellKind, Click, Connectors, EdgeAdjust, EdgePuzzle, Flip, HorizontalScrews, MagnetFrame, MagnetStyle,
    Magnets, MountScrews, Numbering, PerSide, Ribs, ScrewHole, ScrewsInside, SeamStyle, Stack,
    VerticalScrews, Wall, WeightPockets,
};
pub use properties::{PropertyFault, PropertyNames, PropertyReason, parse_properties};
pub use sku::Sku;
pub use spec::{BedClass, Filler, GridSpec, PerAxis, Segmentation};

/// Version of the geometry that `gridflock` makes. It is part of every grid key: raised with every change that
/// alters the bytes of any plate, so that an old cached plate is never taken for a new one.
pub const GEOMETRY_VERSION: u32 = 1;

/// Pitch of the gridfinity grid.
pub const PITCH: Length = Length::from_tenths_um(420_000);
