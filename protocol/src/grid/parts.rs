//! The features of a plate, each with the values that decide its shape.
//!
//! Invariant: a feature that is off is `None`, and values without effect do not exist, so they never change a key.

use super::{Length, Share};

/// A value for each side of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PerSide<T> {
    /// North side.
    pub north: T,
    /// East side.
    pub east: T,
    /// South side.
    pub south: T,
    /// West side.
    pub west: T,
}

impl<T: Copy> PerSide<T> {
    /// The values in the order north, east, south, west.
    #[must_use]
    pub const fn list(self) -> [T; 4] {
        [self.north, self.east, self.south, self.west]
    }

    /// From values in that order.
    #[must_use]
    pub const fn of([north, east, south, west]: [T; 4]) -> Self {
        Self { north, east, south, west }
    }

    /// Another value for each.
    #[must_use]
    pub fn map<U: Copy>(self, change: impl Fn(T) -> U) -> PerSide<U> {
        PerSide::of(self.list().map(change))
    }
}

/// Added to the padding of each side after the cells are placed; negative cuts cells.
pub type EdgeAdjust = PerSide<Length>;

/// What stands in a cell's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellKind {
    /// A seat for a bin.
    Seat,
    /// Solid up to the top.
    Solid,
    /// Nothing.
    Empty,
}

/// How neighbouring plates hold together; both kinds may be used at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Connectors {
    /// Puzzle tabs at the cell corners: 0 loose … 1 tight.
    pub intersection: Option<Share>,
    /// Puzzle pieces in the middle of cell sides.
    pub edge: Option<EdgePuzzle>,
    /// Which side of a seam has the tabs of the puzzle at the cell corners.
    pub seams: SeamStyle,
}

/// Which side of a seam has tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SeamStyle {
    /// Northern and eastern sides have tabs, southern and western ones sockets, as in the original.
    #[default]
    OneWay,
    /// From cell corner to cell corner tabs and sockets take turns.
    Alternating,
    /// Both sides have sockets; loose keys hold them together.
    Keyed,
}

impl Connectors {
    /// Whether plates are connected at all.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.intersection.is_none() && self.edge.is_none()
    }
}

/// Puzzle pieces in the middle of each cell side along seams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EdgePuzzle {
    /// Pieces per cell side.
    pub count: i64,
    /// Bar of a piece: width along the seam, height across it.
    pub bar: [Length; 2],
    /// Bridge between plate and bar: width, length.
    pub bridge: [Length; 2],
    /// Clearance of the socket.
    pub gap: Length,
    /// Top of the socket above the bottom of the profile.
    pub height: Length,
    /// The piece is this much lower than the socket.
    pub male_delta: Length,
    /// Bar in the magnet level along south and west seams, this much wider than the piece.
    pub magnet_border: Option<Length>,
}

/// From where a magnet comes into its hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MagnetStyle {
    /// Glued in from the top.
    GlueTop,
    /// Pressed in from the side.
    PressFit,
    /// Glued in from below.
    GlueBottom,
}

/// What holds the magnets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MagnetFrame {
    /// A solid level.
    Solid,
    /// Rounded frames in the cells' corners.
    Round,
}

/// Holes for magnets in a level below the seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Magnets {
    /// From where they come.
    pub style: MagnetStyle,
    /// What holds them.
    pub frame: MagnetFrame,
    /// Diameter of the hole.
    pub diameter: Length,
    /// Height of the hole.
    pub height: Length,
    /// Ceiling above the hole; zero where it is open to the top.
    pub top: Length,
    /// Floor below the hole; zero where it is open to the bottom.
    pub bottom: Length,
    /// Material around the hole.
    pub border: Length,
    /// Width of the slot or hole to push the magnet out; `None` for none.
    pub release_width: Option<Length>,
    /// Ribs that hold the magnet without glue.
    pub ribs: Option<Ribs>,
}

/// Ribs along the wall of a magnet's hole, which the magnet crushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ribs {
    /// 3 … 12.
    pub count: i64,
    /// How far they reach into the hole.
    pub depth: Length,
}

/// Countersunk holes in bosses below the bins, to screw a plate down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MountScrews {
    /// Diameter of the hole.
    pub diameter: Length,
    /// Diameter of the countersink at its top.
    pub head: Length,
}

/// Square pockets for weights in the underside of whole cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WeightPockets {
    /// Side of a pocket.
    pub size: Length,
    /// Its depth.
    pub depth: Length,
}

impl Magnets {
    /// Height of the level that holds them.
    #[must_use]
    pub const fn level(&self) -> Length {
        Length::from_tenths_um(self.height.tenths_um() + self.top.tenths_um() + self.bottom.tenths_um())
    }
}

/// Latches that hold bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Click {
    /// A bulge of the cell's wall.
    Arc {
        /// How far it reaches into the bin's space.
        distance: Length,
        /// Steepness of its ends, in ten-thousandths.
        steepness: Length,
        /// Length of the latch.
        outer_length: Length,
        /// Length of its straight middle.
        inner_length: Length,
        /// Height.
        height: Length,
        /// Thickness.
        strength: Length,
        /// Wall behind it.
        wall_strength: Length,
    },
    /// A tab on a spring, for bins with a groove.
    Groove {
        /// Length of the slot behind the spring.
        gap_length: Length,
        /// Length of the tab.
        tab_length: Length,
        /// Thickness of the spring at its foot.
        strength: Length,
        /// Wall behind the slot.
        wall_strength: Length,
        /// How far the tab reaches into the bin's space.
        depth: Length,
    },
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

/// A rim outside of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wall {
    /// Thickness per side; zero for none.
    pub thickness: PerSide<Length>,
    /// Height above the top of the plate.
    pub above: Length,
    /// Depth below its bottom.
    pub below: Length,
    /// More height at the corners SW, NW, NE, SE, with slopes between them.
    pub corners_above: [Length; 4],
    /// More depth at the corners.
    pub corners_below: [Length; 4],
}

/// A hole with room for a screw's head. A diameter or height of zero is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScrewHole {
    /// Diameter of the hole.
    pub diameter: Length,
    /// Cone: diameter, height.
    pub countersink: [Length; 2],
    /// Cylinder: diameter, height.
    pub counterbore: [Length; 2],
}

/// Holes through the plate at the corners of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerticalScrews {
    /// Shape of a hole.
    pub hole: ScrewHole,
    /// At the corners of the grid, so many cells inward.
    pub plate_corners: Option<[i64; 2]>,
    /// At the corners of each plate, so many cells inward.
    pub segment_corners: Option<[i64; 2]>,
    /// Along the edges of the grid.
    pub plate_edges: bool,
    /// Along the edges of each plate and everywhere else.
    pub inside: ScrewsInside,
}

/// Which other cell corners have holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScrewsInside {
    /// Along the edges of each plate.
    pub segment_edges: bool,
    /// Everywhere else.
    pub other: bool,
}

/// Holes through the rim, one per cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HorizontalScrews {
    /// Sides with holes.
    pub sides: PerSide<bool>,
    /// Shape of a hole; the head is inside.
    pub hole: ScrewHole,
    /// Moved along the side and up.
    pub offset: [Length; 2],
}

/// How a plate of a stack is turned over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flip {
    /// Not at all.
    None,
    /// About the axis from south to north.
    AboutY,
    /// About the axis from west to east.
    AboutX,
}

/// All plates printed in one stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stack {
    /// Layer height of the printer: gaps are whole layers.
    pub layer_height: Length,
    /// Smallest gap in layers, in ten-thousandths of a layer.
    pub gap_min: Length,
    /// Copies of each plate.
    pub duplicates: i64,
    /// How the lowest plate is turned.
    pub flip_first: Flip,
    /// How the others are turned.
    pub flip: Flip,
    /// Taken off the top of every plate.
    pub slice: Length,
}
