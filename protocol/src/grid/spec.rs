//! A checked grid: every value of this type can be planned for some bed and made.
//!
//! Invariant: the only ways to a [`GridSpec`] are [`GridSpec::check`] and decoding, which checks too. Parameters
//! without effect (a magnet's diameter without magnets) are not part of it, so they never change a key.

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

/// Added to the padding of each side after the cells are placed; negative cuts cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EdgeAdjust {
    /// North side.
    pub north: Length,
    /// East side.
    pub east: Length,
    /// South side.
    pub south: Length,
    /// West side.
    pub west: Length,
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

/// How neighbouring plates hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connector {
    /// Not at all.
    None,
    /// Puzzle tabs at the cell corners.
    IntersectionPuzzle {
        /// 0 loose … 1 tight.
        fit: Share,
    },
}

/// Holes into which magnets are pressed from the side, in round frames at the cells' corners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Magnets {
    /// Diameter of the hole.
    pub diameter: Length,
    /// Height of the hole.
    pub height: Length,
    /// Ceiling above the hole.
    pub top: Length,
    /// Floor below the hole.
    pub bottom: Length,
    /// Material around the hole.
    pub border: Length,
    /// Width of the slot to push the magnet out; `None` for no slot.
    pub release_width: Option<Length>,
}

/// A number engraved into the underside of each plate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Numbering {
    /// Depth of the engraving.
    pub depth: Length,
    /// Height of a digit.
    pub size: Length,
    /// Height of a digit on plates of one column.
    pub squeeze_size: Length,
}

/// Class of beds a grid is cut for: `250x220` (mm). Plates of one class fit every printer of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BedClass(String);

impl BedClass {
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
    pub(super) filler: PerAxis<Filler>,
    pub(super) alignment: PerAxis<Share>,
    pub(super) edge_adjust: EdgeAdjust,
    pub(super) corner_radius: Length,
    pub(super) segmentation: Segmentation,
    pub(super) connector: Connector,
    pub(super) magnets: Option<Magnets>,
    pub(super) numbering: Option<Numbering>,
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

    /// Class of beds this is cut for.
    #[must_use]
    pub fn bed_class(&self) -> BedClass {
        BedClass(format!("{}x{}", self.bed_size.x, self.bed_size.y))
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

    /// Kind of connector.
    #[must_use]
    pub const fn connector(&self) -> Connector {
        self.connector
    }

    /// Magnet holes, if any.
    #[must_use]
    pub const fn magnets(&self) -> Option<Magnets> {
        self.magnets
    }

    /// Engraved numbers, if any.
    #[must_use]
    pub const fn numbering(&self) -> Option<Numbering> {
        self.numbering
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
