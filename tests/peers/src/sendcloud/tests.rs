//! The stand-in's rules: required fields, text against number, one shipment per reference.

use serde_json::json;

use super::store::{Announced, Desk};
use super::{check, label};

fn good() -> serde_json::Value {
    let address = json!({ "name": "A B", "address_line_1": "Kerkstraat", "house_number": "1", "postal_code": "9000", "city": "Gent", "country_code": "BE" });
    json!({ "external_reference_id": "r1", "order_number": "#1042", "label_details": { "mime_type": "application/pdf", "dpi": 72 },
        "ship_with": { "type": "shipping_option_code", "properties": { "shipping_option_code": "sendcloud:letter" } },
        "to_address": address, "from_address": address, "parcels": [{ "weight": { "value": "0.900", "unit": "kg" } }] })
}

#[test]
fn requests_are_checked_field_by_field() {
    let cases = [
        ("/parcels/0/weight/value", json!(0.9), "Not a valid string."),
        ("/from_address/city", json!(null), "This field is required."),
        ("/to_address/name", json!(""), "This field may not be blank."),
        ("/label_details/dpi", json!(150), "Not a valid choice."),
        ("/to_address/country_code", json!("Belgium"), "Enter a two-letter country code."),
    ];
    assert_eq!(check::announce(&good()), Vec::<serde_json::Value>::new());
    for (pointer, value, detail) in cases {
        let mut body = good();
        *body.pointer_mut(pointer).unwrap() = value;
        let faults = check::announce(&body);
        assert_eq!(faults.len(), 1, "{pointer}");
        assert_eq!(faults[0]["source"]["pointer"], pointer);
        assert_eq!(faults[0]["detail"], detail);
    }
}

#[test]
fn a_reused_reference_finds_the_first_shipment() {
    let mut desk = Desk::new(1);
    assert!(matches!(desk.announce(&good(), true), Announced::Made(_)));
    assert!(matches!(desk.announce(&good(), true), Announced::Existing(_)));
    assert_eq!((desk.shipments.len(), desk.duplicates_n()), (1, 0));
    let mut other = good();
    other["external_reference_id"] = json!("r2");
    assert!(matches!(desk.announce(&other, true), Announced::Made(_)));
    assert_eq!(desk.duplicates_n(), 1, "a second label of the same order is counted");
}

#[test]
fn the_label_is_a_pdf() {
    let pdf = label::pdf("3S1");
    assert!(pdf.starts_with(b"%PDF-1.4") && pdf.ends_with(b"%%EOF\n"));
}
