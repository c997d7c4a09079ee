//! Shipments of the stand-in, by external reference. Knows no HTTP.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// All shipments.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) shipments: Vec<Shipment>,
    pub(super) announce_calls_n: u64,
    pub(super) label_downloads_n: u64,
    next_id: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Shipment {
    pub(super) id: String,
    pub(super) parcel: u64,
    pub(super) reference: Option<String>,
    pub(super) order_number: Option<String>,
    pub(super) option: String,
    pub(super) announced: bool,
    pub(super) cancelled: bool,
    pub(super) announced_ms: i64,
    pub(super) to: Value,
}

/// What an announcement made or found.
pub(super) enum Announced {
    Made(Shipment),
    Existing(Shipment),
}

impl Desk {
    pub(super) fn new(id_base: u64) -> Self {
        Self { shipments: Vec::new(), announce_calls_n: 0, label_downloads_n: 0, next_id: id_base }
    }

    /// Makes a shipment unless its reference exists; `works` = false is the 201 that failed.
    pub(super) fn announce(&mut self, body: &Value, works: bool) -> Announced {
        self.announce_calls_n += 1;
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(String::from);
        let reference = text("external_reference_id");
        if let Some(found) = self.shipments.iter().find(|s| reference.is_some() && s.reference == reference) {
            return Announced::Existing(found.clone());
        }
        self.next_id += 1;
        let option = body.pointer("/ship_with/properties/shipping_option_code").and_then(Value::as_str);
        let made = Shipment {
            id: format!("019a0000-0000-7000-8000-{:012}", self.next_id),
            parcel: self.next_id,
            reference,
            order_number: text("order_number"),
            option: option.unwrap_or_default().to_owned(),
            announced: works,
            cancelled: false,
            announced_ms: jiff::Timestamp::now().as_millisecond(),
            to: body.get("to_address").cloned().unwrap_or(Value::Null),
        };
        self.shipments.push(made.clone());
        Announced::Made(made)
    }

    /// Living labels of one order beyond the first.
    pub(super) fn duplicates_n(&self) -> usize {
        let mut by_order = BTreeMap::new();
        for shipment in self.shipments.iter().filter(|s| s.announced && !s.cancelled) {
            *by_order.entry(shipment.order_number.as_deref()).or_insert(0_usize) += 1;
        }
        by_order.values().map(|n| n - 1).sum()
    }
}

impl Shipment {
    pub(super) fn tracking_number(&self) -> String {
        format!("3SYZX{}", self.parcel)
    }

    /// The shipment as the API shows it; `base` is the address of this service.
    pub(super) fn shape(&self, base: &str, label: Option<&str>) -> Value {
        let (code, message) = match (self.announced, self.cancelled) {
            (_, true) => ("CANCELLED", "Cancelled"),
            (true, false) => ("READY_TO_SEND", "Ready to send"),
            (false, false) => ("ANNOUNCEMENT_FAILED", "Announcement failed"),
        };
        let link = format!("{base}/api/v3/parcels/{}/documents/label", self.parcel);
        let documents = if self.announced {
            vec![json!({ "type": "label", "size": "a6", "link": link })]
        } else {
            Vec::new()
        };
        let tracking = if self.announced { self.tracking_number() } else { String::new() };
        let at =
            jiff::Timestamp::from_millisecond(self.announced_ms).map(|t| t.to_string()).unwrap_or_default();
        json!({
            "id": self.id,
            "external_reference_id": self.reference,
            "order_number": self.order_number,
            "to_address": self.to,
            "ship_with": { "type": "shipping_option_code", "properties": { "shipping_option_code": self.option } },
            "parcels": [{ "id": self.parcel, "status": { "code": code, "message": message }, "documents": documents,
                "tracking_number": tracking, "tracking_url": format!("https://tracking.example/{tracking}"),
                "label_file": label, "announced_at": at }],
            "errors": if self.announced { vec![] } else {
                vec![json!({ "status": "500", "code": "parcel_announcement_error", "detail": "The carrier did not accept the parcel." })] },
        })
    }
}
