//! What was sold that nobody can print yet, and how everything else is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use protocol::units::WallMs;
use serde::Deserialize;

use super::layout::{Page, clock, show};
use super::words::{self, Sign};
use crate::hub::Hub;
use crate::store::{Mapping, SoldRow, StaticPart};
use crate::web::auth::Who;
use crate::web::problem::Problem;

/// Sales of this long are counted, milliseconds: 30 days.
const SOLD_MS: i64 = 30 * 86_400_000;
/// Products of one list.
const ROWS_MAX: usize = 500;

struct Row {
    title: String,
    sku: String,
    /// The SKU within an address.
    link: String,
    printed_as: String,
    sold: String,
    state: Sign,
    /// What the button says; none for products that are planned from their size.
    action: &'static str,
}

#[derive(Template)]
#[template(path = "products.html")]
struct ProductsPage {
    page: Page,
    q: String,
    unmapped: Vec<Row>,
    mapped: Vec<Row>,
    more_n: usize,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
}

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let since = WallMs(clock(&hub).now_ms - SOLD_MS);
    let sold = hub.store.sold(who.user.tenant, since).await?;
    let mut mappings: BTreeMap<_, _> = hub.store.mappings(who.user.tenant).await?.into_iter().collect();
    let mut rows: Vec<Row> = sold
        .iter()
        .map(|sold| {
            row(&hub.config.grid.sku_prefix, &sold.sku, Some(sold), mappings.remove(&sold.sku).as_ref())
        })
        .collect();
    rows.extend(
        mappings.iter().map(|(sku, mapping)| row(&hub.config.grid.sku_prefix, sku, None, Some(mapping))),
    );
    let q = asked.q.trim().to_lowercase();
    rows.retain(|r| r.title.to_lowercase().contains(&q) || r.sku.to_lowercase().contains(&q));
    let (unmapped, mut mapped): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|r| r.state.word == "Unknown");
    mapped.sort_by(|a, b| a.sku.cmp(&b.sku));
    let more_n = mapped.len().saturating_sub(ROWS_MAX);
    mapped.truncate(ROWS_MAX);
    let title = match unmapped.len() {
        0 => "Every product that was sold can be printed".to_owned(),
        1 => "1 product was sold but cannot be printed yet".to_owned(),
        n => format!("{n} products were sold but cannot be printed yet"),
    };
    let page = Page::new(&hub, &headers, "products", title).of(&who, "/products");
    show(&ProductsPage { page, q: asked.q, unmapped, mapped, more_n })
}

fn row(grid_prefix: &str, sku: &str, sold: Option<&SoldRow>, mapping: Option<&Mapping>) -> Row {
    let is_grid = sku.starts_with(grid_prefix);
    let (printed_as, state, action) = match mapping {
        _ if is_grid => ("Planned from width and height, one part per plate".into(), words::of("Ready"), ""),
        Some(Mapping::Pick) => ("Only packed, nothing is printed".into(), words::of("Ready"), "Change"),
        Some(Mapping::Static { parts }) if !parts.is_empty() => {
            (in_words(parts), words::of("Ready"), "Change")
        }
        Some(Mapping::Static { .. }) | None => ("Nothing yet".into(), words::of("Unknown"), "Choose parts"),
    };
    let waits = sold.map(|s| &s.waiting).filter(|w| !w.is_empty() && state.word == "Unknown");
    let waits = waits.map(|w| format!(" · {} {}", w.join(", "), if w.len() == 1 { "waits" } else { "wait" }));
    Row {
        title: sold.map_or_else(|| sku.to_owned(), |s| s.title.clone()),
        sku: sku.to_owned(),
        link: link(sku),
        printed_as,
        sold: format!("{}{}", sold.map_or(0, |s| s.pieces), waits.unwrap_or_default()),
        state,
        action,
    }
}

/// `2 lid.stl PLA, body.stl`.
fn in_words(parts: &[StaticPart]) -> String {
    let of = |p: &StaticPart| {
        let times = if p.per_piece > 1 { format!("{} × ", p.per_piece) } else { String::new() };
        let material = p.material.as_ref().map(|m| format!(", {m}")).unwrap_or_default();
        format!("{times}{}{material}", p.label)
    };
    parts.iter().map(of).collect::<Vec<_>>().join(" · ")
}

/// A SKU as part of an address: merchants write anything into it.
pub(super) fn link(sku: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("sku", sku).finish();
    format!("/products/edit?{query}")
}
