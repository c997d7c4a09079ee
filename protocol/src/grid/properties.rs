//! Reads the properties of a shop's order line into a [`GridOrder`].
//!
//! Invariant: a wish is taken exactly or not at all. Nothing is rounded, converted or guessed; each fault is a
//! sentence that a person at the shop can act on.

use super::fault::shorten;
use super::{GridOrder, OrderConnector};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most properties of one line that are looked at; a shop allows fewer.
const PROPERTIES_MAX: usize = 250;
/// Longest number that is read, in digits: far more than the largest size needs.
const DIGITS_MAX: usize = 9;

/// How a shop names the properties and their values. Compared without regard to case and surrounding blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PropertyNames {
    /// Name of the width.
    pub width: String,
    /// Name of the height.
    pub height: String,
    /// Name of the connector.
    pub connector: String,
    /// Name of the magnets.
    pub magnets: String,
    /// Values that mean the intersection puzzle, which is also meant when the property is missing.
    pub intersection_puzzle: Vec<String>,
    /// Values that mean the edge puzzle.
    pub edge_puzzle: Vec<String>,
    /// Values that mean no connector.
    pub no_connector: Vec<String>,
    /// Values that mean magnets.
    pub yes: Vec<String>,
    /// Values that mean no magnets, which is also meant when the property is missing.
    pub no: Vec<String>,
    /// Smallest side, whole mm.
    pub side_mm_min: u32,
    /// Largest side, whole mm.
    pub side_mm_max: u32,
}

impl Default for PropertyNames {
    fn default() -> Self {
        let list = |texts: &[&str]| texts.iter().map(|&t| t.to_owned()).collect();
        Self {
            width: "Width (mm)".to_owned(),
            height: "Height (mm)".to_owned(),
            connector: "Connector".to_owned(),
            magnets: "Magnets".to_owned(),
            intersection_puzzle: list(&["Intersection puzzle"]),
            edge_puzzle: list(&["Edge puzzle"]),
            no_connector: list(&["None"]),
            yes: list(&["Yes"]),
            no: list(&["No"]),
            side_mm_min: 42,
            side_mm_max: 1000,
        }
    }
}

/// One thing that is wrong with the properties of a line; printed as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyFault {
    /// Name of the property as the shop calls it.
    pub property: String,
    /// What is wrong.
    pub reason: PropertyReason,
}

/// What can be wrong with a property. Values are repeated as they came, cut to a readable length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyReason {
    /// Not there, or empty.
    Missing,
    /// There more than once, with different meanings.
    Contradictory {
        /// The values, in the order of the line.
        values: Vec<String>,
    },
    /// A number that is not whole.
    NotWhole {
        /// As it came.
        value: String,
    },
    /// `1,000` or `1.000`: a thousand to some, one to others.
    Ambiguous {
        /// As it came.
        value: String,
    },
    /// A sign, another unit, or no number at all.
    NotALength {
        /// As it came.
        value: String,
    },
    /// Outside of what the shop offers.
    OutOfRange {
        /// As it came.
        value: String,
        /// Smallest side.
        min_mm: u32,
        /// Largest side.
        max_mm: u32,
    },
    /// None of the accepted words.
    NotAChoice {
        /// As it came.
        value: String,
        /// All accepted words.
        choices: Vec<String>,
    },
    /// More properties than are read.
    TooMany {
        /// Their number.
        count: usize,
    },
}

impl fmt::Display for PropertyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.property;
        match &self.reason {
            PropertyReason::Missing => write!(f, "“{name}” is missing"),
            PropertyReason::Contradictory { values } => {
                write!(f, "“{name}” is given more than once with different values: “{}”", values.join("”, “"))
            }
            PropertyReason::NotWhole { value } => {
                write!(f, "“{name}” is “{value}”; only whole millimetres can be made")
            }
            PropertyReason::Ambiguous { value } => {
                write!(
                    f,
                    "“{name}” is “{value}”, which can be read in two ways; write it without a separator"
                )
            }
            PropertyReason::NotALength { value } => {
                write!(f, "“{name}” is “{value}”; a length in whole millimetres such as 450 is wanted")
            }
            PropertyReason::OutOfRange { value, min_mm, max_mm } => {
                write!(f, "“{name}” is “{value}”; it can be {min_mm} to {max_mm} mm")
            }
            PropertyReason::NotAChoice { value, choices } => {
                write!(f, "“{name}” is “{value}”; it can be “{}”", choices.join("”, “"))
            }
            PropertyReason::TooMany { count } => {
                write!(f, "the line has {count} properties, more than are read")
            }
        }
    }
}

/// Reads `properties` (name, value in the order of the line). Names that start with `_` and names of other things
/// are ignored; the same property twice is fine if both mean the same.
///
/// # Errors
/// Everything that is wrong, at once; never empty.
pub fn parse_properties(
    properties: &[(String, String)],
    names: &PropertyNames,
) -> Result<GridOrder, Vec<PropertyFault>> {
    if properties.len() > PROPERTIES_MAX {
        let reason = PropertyReason::TooMany { count: properties.len() };
        return Err(vec![PropertyFault { property: "properties".to_owned(), reason }]);
    }
    let connectors = [
        (OrderConnector::IntersectionPuzzle, &names.intersection_puzzle),
        (OrderConnector::EdgePuzzle, &names.edge_puzzle),
        (OrderConnector::None, &names.no_connector),
    ];
    let magnets = [(true, &names.yes), (false, &names.no)];
    let width = one(properties, &names.width, None, |text| side(text, names));
    let height = one(properties, &names.height, None, |text| side(text, names));
    let default = Some(OrderConnector::IntersectionPuzzle);
    let connector = one(properties, &names.connector, default, |text| choice(text, &connectors));
    let magnets = one(properties, &names.magnets, Some(false), |text| choice(text, &magnets));
    match (width, height, connector, magnets) {
        (Ok(width_mm), Ok(height_mm), Ok(connector), Ok(magnets)) => {
            Ok(GridOrder { width_mm, height_mm, connector, magnets })
        }
        (width, height, connector, magnets) => {
            let faults = [width.err(), height.err(), connector.err(), magnets.err()];
            Err(faults.into_iter().flatten().collect())
        }
    }
}

/// The one meaning of all values of the property `name`.
fn one<T: Copy + PartialEq>(
    properties: &[(String, String)],
    name: &str,
    default: Option<T>,
    read: impl Fn(&str) -> Result<T, PropertyReason>,
) -> Result<T, PropertyFault> {
    let fault = |reason| PropertyFault { property: name.to_owned(), reason };
    let values: Vec<&str> = properties
        .iter()
        .filter(|(key, value)| !key.trim().starts_with('_') && same(key, name) && !value.trim().is_empty())
        .map(|(_, value)| value.as_str())
        .collect();
    let Some((first, others)) = values.split_first() else {
        return default.ok_or_else(|| fault(PropertyReason::Missing));
    };
    let meaning = read(first).map_err(fault)?;
    for other in others {
        if read(other).map_err(fault)? != meaning {
            let values = values.iter().map(|v| shorten(v)).collect();
            return Err(fault(PropertyReason::Contradictory { values }));
        }
    }
    Ok(meaning)
}

/// A side in whole millimetres: digits, then perhaps a separator and zeros, then perhaps `mm`.
fn side(text: &str, names: &PropertyNames) -> Result<u32, PropertyReason> {
    let value = shorten(text.trim());
    let not_a_length = || PropertyReason::NotALength { value: value.clone() };
    let lower = text.trim().to_lowercase();
    let number = lower.strip_suffix("mm").unwrap_or(&lower).trim();
    let (whole, fraction) = match number.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let digits =
        |part: &str| (1..=DIGITS_MAX).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) {
        return Err(not_a_length());
    }
    if let Some(fraction) = fraction {
        // Three digits after a separator are thousands in half of the world; "450.000" is a number to the other half.
        if fraction.len() == 3 {
            return Err(PropertyReason::Ambiguous { value });
        }
        if fraction.bytes().any(|b| b != b'0') {
            return Err(PropertyReason::NotWhole { value });
        }
    }
    let side_mm: u32 = whole.parse().map_err(|_too_large| not_a_length())?;
    if (names.side_mm_min..=names.side_mm_max).contains(&side_mm) {
        Ok(side_mm)
    } else {
        let (min_mm, max_mm) = (names.side_mm_min, names.side_mm_max);
        Err(PropertyReason::OutOfRange { value, min_mm, max_mm })
    }
}

fn choice<T: Copy>(text: &str, choices: &[(T, &Vec<String>)]) -> Result<T, PropertyReason> {
    let found = choices.iter().find(|(_, words)| words.iter().any(|word| same(word, text)));
    found.map(|&(meaning, _)| meaning).ok_or_else(|| PropertyReason::NotAChoice {
        value: shorten(text.trim()),
        choices: choices.iter().flat_map(|(_, words)| words.iter().cloned()).collect(),
    })
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}
