//! A grid line: properties → checked specification → plan → one part per plate.

use protocol::grid::{GridParams, GridSpec, PropertyNames, parse_properties};
use protocol::wire::v1::{Artifact, Wants};

use crate::store::PartWish;

/// How grids are cut and of what.
#[derive(Debug, Clone)]
pub(super) struct GridRules<'a> {
    pub(super) names: &'a PropertyNames,
    pub(super) bed_mm: [u32; 2],
    pub(super) material: Option<&'a String>,
}

/// A grid that can be made.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) readable_sku: Option<String>,
    pub(super) parts: Vec<PartWish>,
}

/// Cuts a grid for the shop's bed class.
///
/// # Errors
/// Sentences that a person can act on; never empty.
pub(super) fn cut(properties: &[(String, String)], rules: &GridRules<'_>) -> Result<Cut, Vec<String>> {
    let wish = parse_properties(properties, rules.names)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let bed = [f64::from(rules.bed_mm[0]), f64::from(rules.bed_mm[1])];
    let product = GridParams { bed_size: Some(bed), ..GridParams::default() };
    let spec = GridSpec::check(&wish.to_params(&product))
        .map_err(|faults| faults.list().iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let plan = gridflock::plan(&spec).map_err(|fault| vec![fault.to_string()])?;
    let key = spec.grid_key();
    let wants = Wants { material: rules.material.cloned(), bed_mm: Some(bed), ..Wants::default() };
    let part = |plate: &gridflock::Plate| PartWish {
        label: plate.slot.to_string(),
        artifact_key: format!("{key}/{}", plate.slot),
        artifact: Artifact::Grid { spec: Box::new(spec.clone()), plate: plate.slot.to_string() },
        wants: wants.clone(),
        box_mm: [0.0, 0.0, plate.size.x.mm(), plate.size.y.mm()],
        per_piece: 1,
    };
    Ok(Cut {
        readable_sku: spec.sku().map(|sku| sku.to_string()),
        parts: plan.plates.iter().map(part).collect(),
    })
}
