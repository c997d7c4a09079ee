//! The fields of a new grid that few people need: their words, and the parameters that they stand for.
//!
//! To offer another feature, add a line to [`FIELDS`] and its parameter to [`parameter`]. What is legal is checked by the
//! grid itself; its faults come back to the field that caused them.

use std::collections::BTreeMap;

use protocol::grid::SpecFault;
use serde_json::{Map, Value, json};

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// One of these values, each with its words; the first is usual.
    Choice(&'static [(&'static str, &'static str)]),
    /// A number; the usual one.
    Number(&'static str),
    /// Yes or no; usually no.
    Tick,
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// Under the field: its range, or what it is good for.
    pub(super) hint: &'static str,
    /// Under which summary it is.
    pub(super) group: &'static str,
    pub(super) kind: Kind,
}

const EDGES: &str = "Edges and what is left over";
const FLOOR: &str = "Floor and screws";
const FITS: &str = "Fits and marks";
/// The summaries, in their order.
pub(super) const GROUPS: [&str; 3] = [EDGES, FLOOR, FITS];

const fn field(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    group: &'static str,
    kind: Kind,
) -> Field {
    Field { name, label, hint, group, kind }
}

const FILLERS: &[(&str, &str)] = &[
    ("half", "Half cells, then padding"),
    ("third", "Third cells, then padding"),
    ("one", "One cell of exactly that size"),
    ("pad", "Padding"),
];
const SCREWS: &[(&str, &str)] = &[
    ("none", "None"),
    ("corners", "At the corners of the grid"),
    ("edges", "Along its edges"),
    ("all", "At every crossing"),
];
const NUMBERS: &[(&str, &str)] = &[("yes", "Engraved below"), ("no", "None")];
const ROOM: &str = "−40 to 200; below 0 cuts cells";

/// All of them.
pub(super) const FIELDS: &[Field] = &[
    field("fill", "What is left over becomes", "in the east and north", EDGES, Kind::Choice(FILLERS)),
    field("round", "Corners, radius in mm", "0 to 20", EDGES, Kind::Number("4")),
    field("north", "More room north, mm", ROOM, EDGES, Kind::Number("0")),
    field("east", "More room east, mm", ROOM, EDGES, Kind::Number("0")),
    field("south", "More room south, mm", ROOM, EDGES, Kind::Number("0")),
    field("west", "More room west, mm", ROOM, EDGES, Kind::Number("0")),
    field("strips", "Padding as strips of its own", "from 6 mm on; can be replaced", EDGES, Kind::Tick),
    field("floor", "Floor, mm", "0 to 20; 0 is open", FLOOR, Kind::Number("0")),
    field("screws", "Screws through the plates", "at the corners of cells", FLOOR, Kind::Choice(SCREWS)),
    field("screw", "Their holes, mm", "1 to 8", FLOOR, Kind::Number("3.2")),
    field("mount", "Screws below the bins", "in the floor, or beside the magnets", FLOOR, Kind::Tick),
    field("weights", "Pockets for weights below", "4 mm deep; needs a floor of 4.6 mm", FLOOR, Kind::Tick),
    field("relief", "Floors 0.25 mm lower", "so that bins do not wobble", FLOOR, Kind::Tick),
    field("fit", "Fit of the crossing puzzle", "0 loose to 1 tight", FITS, Kind::Number("1")),
    field("turns", "Tabs and sockets take turns", "along every seam", FITS, Kind::Tick),
    field("ribs", "Ribs that hold magnets", "for magnets from above or below", FITS, Kind::Tick),
    field("numbers", "Names of the plates", "", FITS, Kind::Choice(NUMBERS)),
];

impl Field {
    /// The value that needs no saying.
    pub(super) fn usual(&self) -> &'static str {
        match self.kind {
            Kind::Choice(all) => all.first().map_or("", |(value, _)| value),
            Kind::Number(usual) => usual,
            Kind::Tick => "",
        }
    }
}

/// What is wrong with a field.
pub(super) type Faults = BTreeMap<&'static str, String>;

/// Adds the parameters of all fields that say something unusual.
pub(super) fn add(params: &mut Map<String, Value>, given: &BTreeMap<String, String>, faults: &mut Faults) {
    let mut room = [0.0; 4];
    for field in FIELDS {
        let text = given.get(field.name).map_or("", |text| text.trim());
        if text.is_empty() || text == field.usual() {
            continue;
        }
        let number = text.replace('−', "-").replace(',', ".").parse::<f64>();
        match (field.kind, number) {
            (Kind::Number(_), Err(_no_number)) => {
                faults.insert(field.name, format!("A number is expected, not {text:?}."));
            }
            (Kind::Number(_), Ok(number)) => match ["north", "east", "south", "west"]
                .iter()
                .zip(&mut room)
                .find(|(name, _)| **name == field.name)
            {
                Some((_, side)) => *side = number,
                None => parameter(params, field.name, &json!(number), text),
            },
            (Kind::Choice(_) | Kind::Tick, _) => parameter(params, field.name, &Value::Null, text),
        }
    }
    if room.iter().any(|&side| side != 0.0) {
        params.insert("edge_adjust".into(), json!(room));
    }
}

fn parameter(params: &mut Map<String, Value>, name: &str, number: &Value, text: &str) {
    let mut set = |name: &str, value: Value| params.insert(name.to_owned(), value);
    match (name, text) {
        ("round", _) => set("plate_corner_radius", number.clone()),
        ("floor", _) => set("solid_base", number.clone()),
        ("screw", _) => set("vertical_screw_diameter", number.clone()),
        ("fit", _) => set("intersection_puzzle_fit", number.clone()),
        ("fill", "third") => set("filler_fraction", json!([3, 3])),
        ("fill", mode) => {
            let mode = if mode == "one" { 2 } else { 0 };
            set("filler_x", json!(mode));
            set("filler_y", json!(mode))
        }
        ("strips", _) => set("separate_edge_padding", json!(true)),
        ("screws", which) => {
            set("vertical_screw_plate_corners", json!(true));
            set("vertical_screw_plate_corners_inset", json!([0, 0]));
            let wider = [
                ("vertical_screw_plate_edges", "edges"),
                ("vertical_screw_segment_edges", "all"),
                ("vertical_screw_other", "all"),
            ];
            for (name, from) in wider {
                if which == "all" || which == from {
                    set(name, json!(true));
                }
            }
            None
        }
        ("mount", _) => set("mount_screws", json!(true)),
        ("weights", _) => set("weight_pockets", json!(true)),
        ("relief", _) => set("seat_relief", json!(0.25)),
        ("turns", _) => set("seam_style", json!(1)),
        ("ribs", _) => set("magnet_rib_count", json!(8)),
        ("numbers", _) => set("numbering", json!(false)),
        (..) => None,
    };
}

/// Where a fault of the grid belongs, and what that field is called; none where it concerns no field of the form.
pub(super) fn place(fault: &SpecFault) -> Option<(&'static str, &'static str)> {
    const PLACES: &[(&str, &str)] = &[
        ("plate_size[0]", "w"),
        ("plate_size[1]", "d"),
        ("plate_corner_radius", "round"),
        ("edge_adjust (north)", "north"),
        ("edge_adjust (east)", "east"),
        ("edge_adjust (south)", "south"),
        ("edge_adjust (west)", "west"),
        ("separate_edge_padding", "strips"),
        ("solid_base", "floor"),
        ("vertical_screw_diameter", "screw"),
        ("mount_screw", "mount"),
        ("weight_pocket", "weights"),
        ("seat_relief", "relief"),
        ("intersection_puzzle_fit", "fit"),
        ("seam_style", "turns"),
        ("magnet_rib", "ribs"),
        ("magnet", "mag"),
        ("connector", "con"),
    ];
    const OTHERS: &[(&str, &str)] =
        &[("w", "Width"), ("d", "Depth"), ("mag", "Magnets"), ("con", "Plates join with")];
    let (_, name) = *PLACES.iter().find(|(start, _)| fault.field.starts_with(start))?;
    let labels = FIELDS.iter().map(|field| (field.name, field.label)).chain(OTHERS.iter().copied());
    labels.into_iter().find(|(known, _)| *known == name)
}
