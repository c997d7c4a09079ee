//! Our words into Sendcloud's: the announce request. Weights and sizes of parcels are texts there.

use serde_json::{Value, json};

use crate::config::{Sender, Shipping};
use crate::store::{Address, LabelIntent};

/// The option that costs nothing: an unstamped letter.
pub(super) const TEST_OPTION: &str = "sendcloud:letter";
/// Label resolution, dots per inch.
const DPI: u32 = 72;

/// The option to ship with: real only where the owner said so.
pub(super) fn option(shipping: &Shipping) -> &str {
    match (&shipping.option, shipping.real_labels) {
        (Some(option), true) => option,
        (Some(_) | None, _) => TEST_OPTION,
    }
}

/// The announce request; the same intent gives the same request.
pub(super) fn announce(intent: &LabelIntent, shipping: &Shipping, from: &Sender) -> Value {
    let kg = format!("{}.{:03}", shipping.weight_g / 1000, shipping.weight_g % 1000);
    json!({
        "external_reference_id": intent.reference,
        "order_number": intent.order_name,
        "label_details": { "mime_type": "application/pdf", "dpi": DPI },
        "ship_with": { "type": "shipping_option_code", "properties": { "shipping_option_code": option(shipping) } },
        "to_address": to(&intent.to, intent.email.as_deref()),
        "from_address": { "name": from.name, "address_line_1": from.street, "house_number": from.house_number,
            "postal_code": from.postal_code, "city": from.city, "country_code": from.country },
        "parcels": [{ "weight": { "value": kg, "unit": "kg" } }],
    })
}

fn to(address: &Address, email: Option<&str>) -> Value {
    let (street, house_number) = split_house_number(&address.street);
    let mut out = json!({ "name": address.name, "address_line_1": street, "postal_code": address.postal_code,
        "city": address.city, "country_code": address.country });
    let optional = [
        ("house_number", house_number),
        ("company_name", address.company.as_deref()),
        ("address_line_2", address.extra.as_deref()),
        ("email", email),
        ("phone_number", address.phone.as_deref()),
    ];
    if let Some(object) = out.as_object_mut() {
        for (key, value) in optional {
            if let Some(value) = value {
                object.insert(key.to_owned(), json!(value));
            }
        }
    }
    out
}

/// The house number belongs in its own field: taken off where it is clearly the last word, else left alone.
fn split_house_number(street: &str) -> (&str, Option<&str>) {
    match street.trim().rsplit_once(' ') {
        Some((name, last)) if last.starts_with(|c: char| c.is_ascii_digit()) && !name.trim().is_empty() => {
            (name.trim_end_matches([' ', ',']), Some(last))
        }
        _whole => (street.trim(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::split_house_number;

    #[test]
    fn a_house_number_is_taken_off_only_where_it_is_clear() {
        let rows = [
            ("Kerkstraat 1", ("Kerkstraat", Some("1"))),
            ("Rue de la Loi 16b", ("Rue de la Loi", Some("16b"))),
            ("12 High Street", ("12 High Street", None)),
            ("Dok", ("Dok", None)),
            ("Kerkstraat, 5", ("Kerkstraat", Some("5"))),
        ];
        for (street, expected) in rows {
            assert_eq!(split_house_number(street), expected, "{street}");
        }
    }
}
