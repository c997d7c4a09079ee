//! Every line of an order to what it is made of; every reason why something must wait, in words.

use std::collections::BTreeMap;

use protocol::units::WallMs;
use protocol::wire::v1::{Artifact, Wants};

use super::grid::{GridRules, cut};
use super::{Payment, SeenLine, SeenOrder};
use crate::config::{Grid, Production};
use crate::store::{HoldReason, LineKind, LineWish, Mapping, OrderWish, PartWish, Shop, StaticPart};

/// Plates that one order may need; more is a mistake or an attack, and a person looks at it.
const PLATES_MAX: u64 = 2_000;
/// Pieces of one line.
const PIECES_MAX: u32 = 1_000;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What decides about an order besides the order.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The shop.
    pub shop: &'a Shop,
    /// `[grid]`
    pub grid: &'a Grid,
    /// `[production]`
    pub production: &'a Production,
    /// Mappings of the SKUs in this order.
    pub mappings: &'a BTreeMap<String, Mapping>,
}

/// Resolves a whole order.
#[must_use]
pub fn resolve(seen: &SeenOrder, rules: Rules<'_>) -> OrderWish {
    let mut holds = Vec::new();
    let mut lines = Vec::new();
    for (position, line) in (0..).zip(&seen.lines) {
        let (wish, reasons) = resolve_line(line, position, rules);
        if wish.wanted > 0 {
            let subject = format!("line {}", line.id);
            let text = reasons.join(" ");
            if !text.is_empty() {
                holds.push(HoldReason { subject, reason: format!("{}: {text}", line.title) });
            }
        }
        lines.push(wish);
    }
    let plates: u64 = lines
        .iter()
        .map(|l: &LineWish| u64::from(l.wanted) * l.parts.iter().map(|p| u64::from(p.per_piece)).sum::<u64>())
        .sum();
    let is_too_large = plates > PLATES_MAX;
    let mut whole =
        |subject: &str, reason: String| holds.push(HoldReason { subject: subject.into(), reason });
    if is_too_large {
        whole(
            "size",
            format!(
                "This order needs {plates} plates; more than {PLATES_MAX} are not started without a person."
            ),
        );
    }
    match seen.payment {
        Payment::Good => {}
        Payment::Open => whole("payment", "Not paid yet: printing starts when the shop says so.".into()),
        Payment::Returned => whole(
            "payment",
            "The money was given back in the shop: cancel the order there, or release it here.".into(),
        ),
    }
    let is_test = seen.is_test && !rules.production.print_test_orders;
    if is_test {
        whole(
            "test",
            "A test order of the shop: nothing is printed for it (setting production.print_test_orders)."
                .into(),
        );
    }
    let sent: u32 = seen.lines.iter().map(|l| l.sent).sum();
    if sent > 0 && seen.stands == crate::store::Stands::Open {
        whole("partly sent", "A part of it was sent by hand in the shop: look at what is left.".into());
    }
    let days = i64::try_from(rules.production.promised_days).unwrap_or(0);
    OrderWish {
        shop: rules.shop.id,
        tenant: rules.shop.tenant,
        shop_order_id: seen.shop_order_id.clone(),
        name: seen.name.clone(),
        customer: seen.customer.clone(),
        email: seen.email.clone(),
        address: seen.address.clone(),
        currency: seen.currency.clone(),
        total: seen.total.clone(),
        is_test: seen.is_test,
        placed: seen.placed,
        updated: seen.updated,
        due: Some(WallMs(seen.placed.0.saturating_add(days * DAY_MS))),
        stands: seen.stands,
        may_print: seen.payment == Payment::Good && !is_test && !is_too_large,
        replacements: rules.production.replacements,
        lines,
        holds,
    }
}

fn resolve_line(line: &SeenLine, position: u32, rules: Rules<'_>) -> (LineWish, Vec<String>) {
    let mut wish = LineWish {
        shop_line_id: line.id.clone(),
        position,
        title: line.title.clone(),
        sku: line.sku.clone(),
        wanted: line.wanted,
        kind: LineKind::Unresolved,
        readable_sku: None,
        properties: line.properties.iter().filter(|(name, _)| !name.starts_with('_')).cloned().collect(),
        parts: Vec::new(),
    };
    if line.is_gift_card || (line.sku.is_none() && !line.requires_shipping) {
        wish.kind = LineKind::None;
        return (wish, Vec::new());
    }
    if line.wanted > PIECES_MAX {
        return (
            wish,
            vec![format!(
                "{} pieces were ordered; more than {PIECES_MAX} are not started without a person.",
                line.wanted
            )],
        );
    }
    let sku = line.sku.as_deref().unwrap_or_default();
    if !sku.is_empty() && sku.starts_with(&rules.grid.sku_prefix) {
        let grid = GridRules {
            names: &rules.grid.names,
            bed_mm: rules.grid.bed_mm,
            material: rules.grid.material.as_ref(),
        };
        return match cut(&line.properties, &grid) {
            Ok(made) => (
                LineWish { kind: LineKind::Grid, readable_sku: made.readable_sku, parts: made.parts, ..wish },
                Vec::new(),
            ),
            Err(reasons) => (wish, reasons),
        };
    }
    match rules.mappings.get(sku) {
        Some(Mapping::Pick) => (LineWish { kind: LineKind::Pick, ..wish }, Vec::new()),
        Some(Mapping::Static { parts }) if !parts.is_empty() => {
            (LineWish { kind: LineKind::Static, parts: parts.iter().map(static_part).collect(), ..wish }, Vec::new())
        }
        Some(Mapping::Static { .. }) => (wish, vec![format!("The product with SKU {sku:?} is mapped to no file: add one on the products page.")]),
        None if sku.is_empty() => (wish, vec!["The product has no SKU, so nobody can know how it is made: give it one in the shop, or cancel the line.".into()]),
        None => (wish, vec![format!("Nobody has said yet how SKU {sku:?} is made: map it to files, or say that it is only packed.")]),
    }
}

fn static_part(it: &StaticPart) -> PartWish {
    PartWish {
        label: it.label.clone(),
        artifact_key: it.sha256.to_string(),
        artifact: Artifact::Blob { sha256: it.sha256, bytes: it.bytes, name: it.name.clone() },
        wants: Wants { material: it.material.clone(), ..Wants::default() },
        box_mm: it.size_mm.map_or([0.0; 4], |[x, y]| [0.0, 0.0, x, y]),
        per_piece: it.per_piece.max(1),
    }
}
