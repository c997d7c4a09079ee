//! A checked grid: every value of this type can be planned for some bed and made.
//!
//! Invariant: the only ways to a [`GridSpec`] are [`GridSpec::check`] and decoding, which checks too. Parameters
//! without effect (a magnet's diameter without magnets) are not part of it, so they never change a key.

use super::parts::{
    CellKind, Click, Connectors, EdgeAdjust, HorizontalScrews, Magnets, MountScrews, Numbering, PerSide,
    Stack, VerticalScrews, Wall, WeightPockets,
};
use super::{GEOMETRY_VERSION, GridKey, GridParams, Length, Share, Sku, SpecFaults, check};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A value for x (west to east) and one for y (south to north).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PerAxis<T> {
    /// West to east.
    pub x: T,
    /// South to north.
    pub y: T,
}

/// What becomes of the length that is left beside the whole cells; cells of it lie at the east or north end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filler {
    /// It is padding.
    Padding,
    /// Cells of 1/`parts`, the rest is padding.
    Fraction {
        /// 1 … 5.
        parts: i64,
    },
    /// One cell of exactly that size, merged into the last one if smaller than `minimum`.
    Dynamic {
        /// Above 8 mm.
        minimum: Length,
    },
}

/// Wishes to the original's planner; the better planner has no use for them and refuses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Segmentation {
    /// Fill columns from the west instead of evenly.
    pub x_incremental: bool,
    /// Cells of the first column, 0 = free.
    pub x_first: i64,
    /// Cells of the first row in even and odd columns, 0 = free.
    pub y_first: [i64; 2],
}

impl Segmentation {
    /// Whether nothing is wished.
    #[must_use]
    pub fn is_free(self) -> bool {
        self == Self::default()
    }
}

/// Class of beds a grid is cut for: `250x220` (mm). Plates of one class fit every printer of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BedClass(String);

impl BedClass {
    /// The class of beds of a size.
    #[must_use]
    pub fn of(size: PerAxis<Length>) -> Self {
        Self(format!("{}x{}", size.x, size.y))
    }

    /// The class as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BedClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A checked grid specification. On the wire and in databases it is its geometry version and its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct GridSpec {
    pub(super) geometry_version: u32,
    pub(super) plate_size: PerAxis<Length>,
    pub(super) bed_size: PerAxis<Length>,
    pub(super) more_beds: Vec<PerAxis<Length>>,
    pub(super) filler: PerAxis<Filler>,
    pub(super) alignment: PerAxis<Share>,
    pub(super) edge_adjust: EdgeAdjust,
    pub(super) corner_radius: Length,
    pub(super) segmentation: Segmentation,
    pub(super) separate_padding: bool,
    pub(super) cell_override: String,
    pub(super) top_slice: Length,
    pub(super) solid_base: Length,
    pub(super) connectors: Connectors,
    pub(super) magnets: Option<Magnets>,
    pub(super) click: Option<Click>,
    pub(super) numbering: Option<Numbering>,
    pub(super) bottom_chamfer: PerSide<Length>,
    pub(super) top_chamfer: PerSide<Length>,
    pub(super) wall: Option<Wall>,
    pub(super) vertical_screws: Option<VerticalScrews>,
    pub(super) horizontal_screws: Option<HorizontalScrews>,
    pub(super) thumbscrew: Option<Length>,
    pub(super) stack: Option<Stack>,
    pub(super) mount_screws: Option<MountScrews>,
    pub(super) weight_pockets: Option<WeightPockets>,
    pub(super) seat_relief: Length,
}

impl GridSpec {
    /// Gives `params` a meaning, for the geometry of this build.
    ///
    /// # Errors
    /// All faults at once, each with the field, its value and what would be right.
    pub fn check(params: &GridParams) -> Result<Self, SpecFaults> {
        check::check(params, GEOMETRY_VERSION)
    }

    /// The parameters that differ from the defaults and have an effect, and always both sizes.
    #[must_use]
    pub fn to_params(&self) -> GridParams {
        check::to_params(self)
    }

    /// One line per fact that decides the bytes: geometry version, bed class, then parameters by name.
    #[must_use]
    pub fn canonical_text(&self) -> String {
        let mut text = format!("geometry={}\nbed_class={}\n", self.geometry_version, self.bed_class());
        for (name, value) in self.to_params().by_name() {
            text.push_str(&format!("{name}={value}\n"));
        }
        text
    }

    /// SHA-256 of the canonical text.
    #[must_use]
    pub fn grid_key(&self) -> GridKey {
        GridKey::of(&self.canonical_text())
    }

    /// The readable SKU, or `None` where the size is not in whole millimetres.
    #[must_use]
    pub fn sku(&self) -> Option<Sku> {
        Sku::of(self)
    }

    /// Class of beds this is cut for; the first where there are several.
    #[must_use]
    pub fn bed_class(&self) -> BedClass {
        BedClass::of(self.bed_size)
    }

    /// All beds this is cut for, in the order in which they are preferred.
    pub fn beds(&self) -> impl Iterator<Item = PerAxis<Length>> + '_ {
        std::iter::once(self.bed_size).chain(self.more_beds.iter().copied())
    }

    /// Version of the geometry this was made for; another one than `gridflock` makes is refused there.
    #[must_use]
    pub const fn geometry_version(&self) -> u32 {
        self.geometry_version
    }

    /// Wished outer size before [`Self::edge_adjust`].
    #[must_use]
    pub const fn plate_size(&self) -> PerAxis<Length> {
        self.plate_size
    }

    /// Printable area.
    #[must_use]
    pub const fn bed_size(&self) -> PerAxis<Length> {
        self.bed_size
    }

    /// What fills the leftover.
    #[must_use]
    pub const fn filler(&self) -> PerAxis<Filler> {
        self.filler
    }

    /// Share of leftover padding that goes west and south.
    #[must_use]
    pub const fn alignment(&self) -> PerAxis<Share> {
        self.alignment
    }

    /// Change of the outer size per side.
    #[must_use]
    pub const fn edge_adjust(&self) -> EdgeAdjust {
        self.edge_adjust
    }

    /// Radius of the outer corners.
    #[must_use]
    pub const fn corner_radius(&self) -> Length {
        self.corner_radius
    }

    /// Wishes to the original's planner.
    #[must_use]
    pub const fn segmentation(&self) -> Segmentation {
        self.segmentation
    }

    /// Whether padding becomes plates of its own.
    #[must_use]
    pub const fn separate_padding(&self) -> bool {
        self.separate_padding
    }

    /// What stands in the cell of this number, counted from the south-west corner, row by row.
    #[must_use]
    pub fn cell_kind(&self, index: usize) -> CellKind {
        match self.cell_override.as_bytes().get(index) {
            Some(b's') => CellKind::Solid,
            Some(b'e') => CellKind::Empty,
            Some(_) | None => CellKind::Seat,
        }
    }

    /// Taken off the top.
    #[must_use]
    pub const fn top_slice(&self) -> Length {
        self.top_slice
    }

    /// All that is taken off the top, also for a stack.
    #[must_use]
    pub fn slice(&self) -> Length {
        let stack = self.stack.map_or(0, |stack| stack.slice.tenths_um());
        Length::from_tenths_um(self.top_slice.tenths_um() + stack)
    }

    /// Floor below everything.
    #[must_use]
    pub const fn solid_base(&self) -> Length {
        self.solid_base
    }

    /// Kinds of connectors.
    #[must_use]
    pub const fn connectors(&self) -> Connectors {
        self.connectors
    }

    /// Magnet holes, if any.
    #[must_use]
    pub const fn magnets(&self) -> Option<Magnets> {
        self.magnets
    }

    /// Latches, if any.
    #[must_use]
    pub const fn click(&self) -> Option<Click> {
        self.click
    }

    /// Engraved numbers, if any.
    #[must_use]
    pub const fn numbering(&self) -> Option<Numbering> {
        self.numbering
    }

    /// 45° chamfers below, per side; zero for none.
    #[must_use]
    pub const fn bottom_chamfer(&self) -> PerSide<Length> {
        self.bottom_chamfer
    }

    /// 45° chamfers above, per side; zero for none.
    #[must_use]
    pub const fn top_chamfer(&self) -> PerSide<Length> {
        self.top_chamfer
    }

    /// The rim, if any.
    #[must_use]
    pub const fn wall(&self) -> Option<Wall> {
        self.wall
    }

    /// Thickness of the rim per side; zero where there is none.
    #[must_use]
    pub fn wall_thickness(&self) -> PerSide<Length> {
        self.wall.map(|wall| wall.thickness).unwrap_or_default()
    }

    /// Screws through the plate, if any.
    #[must_use]
    pub const fn vertical_screws(&self) -> Option<VerticalScrews> {
        self.vertical_screws
    }

    /// Screws through the rim, if any.
    #[must_use]
    pub const fn horizontal_screws(&self) -> Option<HorizontalScrews> {
        self.horizontal_screws
    }

    /// Diameter of the holes for thumbscrews, if any.
    #[must_use]
    pub const fn thumbscrew(&self) -> Option<Length> {
        self.thumbscrew
    }

    /// The stack, if plates are printed in one.
    #[must_use]
    pub const fn stack(&self) -> Option<Stack> {
        self.stack
    }

    /// Holes to screw plates down, if any.
    #[must_use]
    pub const fn mount_screws(&self) -> Option<MountScrews> {
        self.mount_screws
    }

    /// Pockets for weights, if any.
    #[must_use]
    pub const fn weight_pockets(&self) -> Option<WeightPockets> {
        self.weight_pockets
    }

    /// How much lower floors lie than the foot of a bin.
    #[must_use]
    pub const fn seat_relief(&self) -> Length {
        self.seat_relief
    }

    /// The parameters that this uses and the original does not have, in the order of their names.
    #[must_use]
    pub fn beyond_original(&self) -> Vec<&'static str> {
        let used = self.to_params().by_name();
        let ours = GridParams::AVAILABLE.iter().filter(|parameter| parameter.is_beyond_original);
        ours.map(|parameter| parameter.name).filter(|&name| used.contains_key(name)).collect()
    }
}

/// Wire and database form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    geometry_version: u32,
    params: GridParams,
}

impl From<GridSpec> for Stored {
    fn from(spec: GridSpec) -> Self {
        Self { geometry_version: spec.geometry_version, params: spec.to_params() }
    }
}

impl TryFrom<Stored> for GridSpec {
    type Error = SpecFaults;

    fn try_from(stored: Stored) -> Result<Self, SpecFaults> {
        check::check(&stored.params, stored.geometry_version)
    }
}
