//! Sendcloud's answers as they come. Response prices are numbers or texts; we read none of them.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct One {
    pub(super) data: Shipment,
}

#[derive(Debug, Deserialize)]
pub(super) struct Many {
    #[serde(default)]
    pub(super) data: Vec<Shipment>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Shipment {
    pub(super) id: String,
    #[serde(default)]
    pub(super) external_reference_id: Option<String>,
    #[serde(default)]
    pub(super) parcels: Vec<Parcel>,
    #[serde(default)]
    pub(super) errors: Vec<Fault>,
    #[serde(default)]
    pub(super) ship_with: Option<ShipWith>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShipWith {
    #[serde(default)]
    pub(super) properties: Option<ShipProperties>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShipProperties {
    #[serde(default)]
    pub(super) shipping_option_code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Parcel {
    pub(super) id: u64,
    pub(super) status: Status,
    #[serde(default)]
    pub(super) tracking_number: String,
    #[serde(default)]
    pub(super) tracking_url: Option<String>,
    #[serde(default)]
    pub(super) label_file: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) code: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Faults {
    #[serde(default)]
    pub(super) errors: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fault {
    #[serde(default)]
    pub(super) detail: String,
    #[serde(default)]
    pub(super) source: Option<Source>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    pub(super) pointer: String,
}
