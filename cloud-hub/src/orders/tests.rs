//! Lines to parts or to sentences.

use std::collections::BTreeMap;

use protocol::units::WallMs;

use super::{Payment, Rules, SeenLine, SeenOrder, resolve};
use crate::config::Config;
use crate::secrets::Secret;
use crate::store::{LineKind, Mapping, OrderWish, Shop, Stands};

fn line(sku: Option<&str>, properties: &[(&str, &str)]) -> SeenLine {
    SeenLine {
        id: "1".into(),
        title: "Grid".into(),
        sku: sku.map(String::from),
        wanted: 1,
        sent: 0,
        requires_shipping: true,
        is_gift_card: false,
        properties: properties.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
    }
}

fn seen(lines: Vec<SeenLine>) -> SeenOrder {
    SeenOrder {
        shop_order_id: "1".into(),
        name: "#1".into(),
        customer: String::new(),
        email: None,
        address: None,
        currency: String::new(),
        total: String::new(),
        is_test: false,
        placed: WallMs(0),
        updated: WallMs(0),
        stands: Stands::Open,
        payment: Payment::Good,
        lines,
    }
}

fn apply(order: &SeenOrder) -> OrderWish {
    let config = Config::load(None, []).unwrap();
    let (id, tenant) = (crate::sources::shop(), crate::sources::tenant());
    let shop = Shop {
        id,
        tenant,
        domain: String::new(),
        endpoint: String::new(),
        secret: Secret::default(),
        token: None,
        refresh: None,
        expires: None,
        scopes: String::new(),
        is_app: false,
        state: crate::store::ShopState::Connected,
        note: String::new(),
    };
    let mappings = BTreeMap::from([("SCREWS".to_owned(), Mapping::Pick)]);
    resolve(
        order,
        Rules { shop: &shop, grid: &config.grid, production: &config.production, mappings: &mappings },
    )
}

#[test]
fn a_grid_line_becomes_one_part_per_plate() {
    let wish = apply(&seen(vec![line(
        Some("GRID-CUSTOM"),
        &[("Width (mm)", "450"), ("Height (mm)", "320"), ("Magnets", "Yes")],
    )]));
    let made = &wish.lines[0];
    let slots: Vec<&str> = made.parts.iter().map(|p| p.label.as_str()).collect();
    assert_eq!((slots.as_slice(), made.kind), (["A1", "A2", "B1", "B2"].as_slice(), LineKind::Grid));
    assert!(made.readable_sku.as_deref().unwrap().starts_with("GF-450x320-IP-MAG"));
    assert!(wish.may_print && wish.holds.is_empty());
}

#[test]
fn what_cannot_be_made_says_why_and_the_other_lines_go_on() {
    let grid = |properties: &[(&str, &str)]| line(Some("GRID-CUSTOM"), properties);
    let cases = [
        (grid(&[("Width (mm)", "450")]), "Height (mm)"),
        (grid(&[("Width (mm)", "450"), ("Height (mm)", "99999")]), "99999"),
        (grid(&[("Width (mm)", "450"), ("Height (mm)", "12,5")]), "12,5"),
        (
            line(Some("W-1"), &[]),
            "Nobody has said yet how SKU \"W-1\" is made: map it to files, or say that it is only packed.",
        ),
        (line(None, &[]), "The product has no SKU"),
    ];
    for (bad, words) in cases {
        let good = SeenLine { id: "2".into(), ..line(Some("SCREWS"), &[]) };
        let wish = apply(&seen(vec![bad, good]));
        assert_eq!(wish.holds.len(), 1, "{words}");
        assert!(wish.holds[0].reason.contains(words), "{:?} lacks {words:?}", wish.holds[0].reason);
        assert_eq!((wish.lines[0].kind, wish.lines[1].kind), (LineKind::Unresolved, LineKind::Pick));
    }
}

#[test]
fn nothing_is_printed_for_tests_and_before_the_money() {
    let grid = || line(Some("GRID-CUSTOM"), &[("Width (mm)", "100"), ("Height (mm)", "100")]);
    let unpaid = SeenOrder { payment: Payment::Open, ..seen(vec![grid()]) };
    let test = SeenOrder { is_test: true, ..seen(vec![grid()]) };
    let many = seen(vec![SeenLine { wanted: 5_000, ..grid() }]);
    for (order, subject) in [(unpaid, "payment"), (test, "test")] {
        let wish = apply(&order);
        assert!(!wish.may_print && wish.holds[0].subject == subject);
    }
    assert_eq!(
        apply(&many).holds[0].reason,
        "Grid: 5000 pieces were ordered; more than 1000 are not started without a person."
    );
}
