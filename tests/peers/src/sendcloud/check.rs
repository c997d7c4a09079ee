//! The rules of the announce request as the published document has them: required fields and which numbers are texts.

use serde_json::{Value, json};

const ADDRESS: [&str; 5] = ["name", "address_line_1", "postal_code", "city", "country_code"];
const WEIGHT_UNITS: [&str; 4] = ["kg", "g", "lbs", "oz"];
const PARCELS_MAX: usize = 15;

/// All faults of an announce request, as the errors of a 400.
pub(super) fn announce(body: &Value) -> Vec<Value> {
    let mut faults = Faults::default();
    for address in ["to_address", "from_address"] {
        for field in ADDRESS {
            faults.text(body, &format!("/{address}/{field}"));
        }
        let country = body.pointer(&format!("/{address}/country_code")).and_then(Value::as_str);
        if country.is_some_and(|c| c.len() != 2) {
            faults.add(&format!("/{address}/country_code"), "invalid", "Enter a two-letter country code.");
        }
    }
    faults.text(body, "/ship_with/properties/shipping_option_code");
    if body.pointer("/ship_with/type").and_then(Value::as_str) != Some("shipping_option_code") {
        faults.add("/ship_with/type", "invalid_choice", "Only shipping_option_code is allowed.");
    }
    let dpi = body.pointer("/label_details/dpi").and_then(Value::as_i64);
    if dpi.is_some_and(|d| ![72, 203, 300, 600].contains(&d)) {
        faults.add("/label_details/dpi", "invalid_choice", "Not a valid choice.");
    }
    let parcels = body.get("parcels").and_then(Value::as_array).map_or(0, Vec::len);
    if parcels == 0 || parcels > PARCELS_MAX {
        faults.add("/parcels", "required", "Between 1 and 15 parcels.");
    }
    for at in 0..parcels {
        parcel(&mut faults, body, at);
    }
    faults.0
}

fn parcel(faults: &mut Faults, body: &Value, at: usize) {
    faults.text(body, &format!("/parcels/{at}/weight/value"));
    let unit = body.pointer(&format!("/parcels/{at}/weight/unit")).and_then(Value::as_str);
    if !unit.is_some_and(|u| WEIGHT_UNITS.contains(&u)) {
        faults.add(&format!("/parcels/{at}/weight/unit"), "invalid_choice", "Not a valid choice.");
    }
    if body.pointer(&format!("/parcels/{at}/dimensions")).is_some_and(|d| !d.is_null()) {
        for field in ["length", "width", "height", "unit"] {
            faults.text(body, &format!("/parcels/{at}/dimensions/{field}"));
        }
    }
    let items = body.pointer(&format!("/parcels/{at}/parcel_items")).and_then(Value::as_array);
    for (n, item) in items.into_iter().flatten().enumerate() {
        let pointer = format!("/parcels/{at}/parcel_items/{n}");
        for field in ["description", "hs_code", "price/value"] {
            faults.text(body, &format!("{pointer}/{field}"));
        }
        if !item.pointer("/weight/value").is_some_and(Value::is_number) {
            faults.add(&format!("{pointer}/weight/value"), "invalid", "A valid number is required.");
        }
    }
}

#[derive(Default)]
struct Faults(Vec<Value>);

impl Faults {
    fn add(&mut self, pointer: &str, code: &str, detail: &str) {
        self.0.push(
            json!({ "status": "400", "code": code, "detail": detail, "source": { "pointer": pointer } }),
        );
    }

    fn text(&mut self, body: &Value, pointer: &str) {
        match body.pointer(pointer) {
            Some(Value::String(text)) if !text.trim().is_empty() => {}
            Some(Value::Null) | None => self.add(pointer, "required", "This field is required."),
            Some(Value::String(_)) => self.add(pointer, "blank", "This field may not be blank."),
            Some(_other) => self.add(pointer, "invalid", "Not a valid string."),
        }
    }
}
