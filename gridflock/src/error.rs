//! What can go wrong between a specification and a plate.

use crate::plan::Slot;
use protocol::grid::{BedClass, Length};

fn joined(beds: &[BedClass]) -> String {
    beds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// Why there is no plan; each says what would be possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The specification belongs to another version of the geometry.
    #[error("the grid was specified for geometry version {wanted}; this program makes version {made}")]
    OtherGeometry {
        /// Version of the specification.
        wanted: u32,
        /// Version of this program.
        made: u32,
    },
    /// Some cell does not fit the bed.
    #[error(
        "a bed of {} mm is too small: a plate of a single cell takes up to {x} x {y} mm with its padding and \
         connectors; a bed_size of at least that is possible",
        joined(beds)
    )]
    BedTooSmall {
        /// All beds that are wished.
        beds: Vec<BedClass>,
        /// Longest single cell in x.
        x: Length,
        /// Longest single cell in y.
        y: Length,
    },
    /// The parameters steer the original's planner.
    #[error(
        "x_segment_algorithm, x_column_count_first and y_row_count_first steer the planner of the original: \
         leave them out, or use --upstream-exact"
    )]
    OnlyUpstream,
    /// The original has no such features.
    #[error("the original does not have {}: leave it out, or leave --upstream-exact out", fields.join(", "))]
    BeyondOriginal {
        /// Parameters that ask for them.
        fields: Vec<&'static str>,
    },
    /// The original has no usable plan.
    #[error(
        "the original's planner {reason} with these parameters; the default planner has a plan without that"
    )]
    UpstreamFails {
        /// What it does.
        reason: String,
    },
    /// A quirk of the original that is not imitated.
    #[error(
        "the original lets magnet frames of cells below {frame} mm grow into their neighbours, which is not imitated: \
         use larger cells, no magnets, or leave --upstream-exact out"
    )]
    UpstreamFrames {
        /// Smallest cell that holds a frame.
        frame: Length,
    },
}

/// Why a plate was not made. Apart from the first two these are faults of this program: nothing broken is handed out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The plan has no such plate.
    #[error("the plan has no plate {slot}")]
    NoSuchPlate {
        /// What was asked for.
        slot: Slot,
    },
    /// No stack is wanted.
    #[error("stacked_print is false; a stack needs it to be true")]
    NotStacked,
    /// Nothing of the plate is left.
    #[error("nothing of plate {slot} is left: all of it is cut away")]
    NothingLeft {
        /// The plate.
        slot: Slot,
    },
    /// The plate is not one piece.
    #[error(
        "plate {slot} would fall apart into {pieces} pieces: edge_adjust, cell_override, screws or chamfers cut too much off \
         its cells"
    )]
    FallsApart {
        /// The plate.
        slot: Slot,
        /// Number of pieces above 1 mm³.
        pieces: usize,
    },
    /// A part that is no plate could not be built.
    #[error("the {part} could not be built")]
    Part {
        /// What it is.
        part: &'static str,
        /// Why.
        #[source]
        source: SolidError,
    },
    /// The geometry could not be built.
    #[error("plate {slot} could not be built")]
    Solid {
        /// The plate.
        slot: Slot,
        /// Why.
        #[source]
        source: SolidError,
    },
}

/// Why a solid could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SolidError {
    /// Lines still cross after many rounds of cutting.
    #[error("the lines of the outline did not settle after {rounds} rounds")]
    DidNotSettle {
        /// Rounds tried.
        rounds: usize,
    },
    /// More points than are handled.
    #[error("the outline has {points} points, more than the {max} that are handled")]
    TooLarge {
        /// Points needed.
        points: usize,
        /// Most that are handled.
        max: usize,
    },
    /// Two surfaces cross where none may.
    #[error("two surfaces cross near x {x_mm} mm, y {y_mm} mm")]
    SurfacesCross {
        /// Where.
        x_mm: String,
        /// Where.
        y_mm: String,
    },
    /// Parts touch in more lines than can be joined.
    #[error("parts touch in {edges} lines")]
    TouchesTooOften {
        /// Lines found.
        edges: usize,
    },
    /// An outline is not closed.
    #[error("an outline is not closed near x {x_mm} mm, y {y_mm} mm")]
    Open {
        /// Where.
        x_mm: String,
        /// Where.
        y_mm: String,
    },
    /// The result is not a proper solid.
    #[error("the mesh is not a closed two-manifold: {0}")]
    NotManifold(#[from] crate::solid::NotManifold),
}
