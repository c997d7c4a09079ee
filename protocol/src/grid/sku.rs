//! The readable name of a grid. A label for people and shelves, never a cache key.

use super::{GridParams, GridSpec};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `GF-<width>x<height>-<IP|EP|NC>-<MAG|NOMAG>`, with `-X` and 8 hex digits of the grid key when anything beyond
/// size, connector and magnets differs from the default.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sku(String);

impl Sku {
    /// The SKU of `spec`; `None` if its size is not in whole millimetres (a SKU is never rounded).
    pub(super) fn of(spec: &GridSpec) -> Option<Self> {
        let (width, height) = (spec.plate_size().x.whole_mm()?, spec.plate_size().y.whole_mm()?);
        // Both at once is a variant of the first.
        let (intersection, edge) =
            (spec.connectors().intersection.is_some(), spec.connectors().edge.is_some());
        let connector = match (intersection, edge) {
            (true, _) => "IP",
            (false, true) => "EP",
            (false, false) => "NC",
        };
        let magnets = if spec.magnets().is_some() { "MAG" } else { "NOMAG" };
        let mut text = format!("GF-{width}x{height}-{connector}-{magnets}");
        let beyond = GridParams {
            plate_size: None,
            connector_intersection_puzzle: None,
            connector_edge_puzzle: (intersection && edge).then_some(true),
            magnets: None,
            ..spec.to_params()
        };
        let plain =
            GridParams { bed_size: GridParams::upstream_defaults().bed_size, ..GridParams::default() };
        if beyond != plain {
            text.push_str("-X");
            text.push_str(&spec.grid_key().short());
        }
        Some(Self(text))
    }

    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
