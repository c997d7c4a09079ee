//! How one product is made: its files, or that it is only packed. Orders that waited for it are read again at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Multipart, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Redirect, Response};
use axum::{Extension, Form};
use protocol::ids::Sha256;
use serde::Deserialize;

use super::layout::{Page, show};
use super::products::link;
use crate::hub::Hub;
use crate::models::{self, Model};
use crate::store::{Mapping, StaticPart};
use crate::web::api::{no_room, plain_name};
use crate::web::auth::Who;
use crate::web::problem::Problem;

/// Longest SKU, characters: the shop's own limit is 255.
const SKU_CHARS_MAX: usize = 255;
/// Longest name of a part or a material, characters.
const WORD_CHARS_MAX: usize = 60;
/// Most parts of one kind in a piece.
const PER_PIECE_MAX: u32 = 100;
/// Kinds of parts of one product.
const PARTS_MAX: usize = 50;

struct Part {
    label: String,
    file: String,
    size: String,
    per_piece: u32,
    material: String,
}

#[derive(Template)]
#[template(path = "product.html")]
struct ProductPage {
    page: Page,
    sku: String,
    is_pick: bool,
    parts: Vec<Part>,
}

#[derive(Deserialize)]
pub(super) struct Which {
    sku: String,
}

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Query(Which { sku }): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sku = sound_sku(&sku)?;
    let mapping = hub.store.mapping(who.user.tenant, sku.clone()).await?;
    let is_pick = matches!(mapping, Some(Mapping::Pick));
    let parts = parts_of(mapping).iter().map(shown).collect();
    let page = Page::new(&hub, &headers, "products", format!("How {sku} is made")).of(&who, link(&sku));
    show(&ProductPage { page, sku, is_pick, parts })
}

fn shown(part: &StaticPart) -> Part {
    let size = part.size_mm.map(|[x, y]| format!("{x:.0} × {y:.0} mm")).unwrap_or_default();
    let (label, file) = (part.label.clone(), part.name.clone());
    let material = part.material.clone().unwrap_or_else(|| "any material".into());
    Part { label, file, size, per_piece: part.per_piece, material }
}

fn parts_of(mapping: Option<Mapping>) -> Vec<StaticPart> {
    match mapping {
        Some(Mapping::Static { parts }) => parts,
        Some(Mapping::Pick) | None => Vec::new(),
    }
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "product", detail)
}

fn sound_sku(sku: &str) -> Result<String, Problem> {
    let sku = sku.trim();
    if sku.is_empty() || sku.chars().count() > SKU_CHARS_MAX {
        return Err(bad(format!("A SKU has 1 to {SKU_CHARS_MAX} characters.")));
    }
    Ok(sku.to_owned())
}

/// Stores a mapping with whoever set it, and wakes the reading of orders that waited for it.
async fn save(hub: &Hub, who: Who, sku: String, mapping: Mapping, what: String) -> Result<Redirect, Problem> {
    hub.store.put_mapping(who.user.tenant, sku.clone(), mapping).await?;
    hub.store.audit(who.user.name, "mapping set", sku.clone(), what).await?;
    hub.inbox_wake.notify_one();
    Ok(Redirect::to(&link(&sku)))
}

/// `POST /products/pick`: only packed.
pub(super) async fn pick(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Form(Which { sku }): Form<Which>,
) -> Result<Redirect, Problem> {
    save(&hub, who, sound_sku(&sku)?, Mapping::Pick, "only packed".into()).await
}

#[derive(Deserialize)]
pub(super) struct Gone {
    sku: String,
    label: String,
}

/// `POST /products/remove`: a part less; the file stays for orders that use it.
pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Form(it): Form<Gone>,
) -> Result<Redirect, Problem> {
    let sku = sound_sku(&it.sku)?;
    let mut parts = parts_of(hub.store.mapping(who.user.tenant, sku.clone()).await?);
    let before = parts.len();
    parts.retain(|p| p.label != it.label);
    if parts.len() == before {
        return Err(Problem::new(StatusCode::CONFLICT, "not-now", "This part has been removed already."));
    }
    save(&hub, who, sku, Mapping::Static { parts }, format!("without {}", it.label)).await
}

/// What the form of a new part says.
#[derive(Debug, Default)]
struct Wish {
    sku: String,
    label: String,
    per_piece: String,
    material: String,
    file: Option<(String, Vec<u8>)>,
}

/// `POST /products/part`: a file becomes a part of the product.
pub(super) async fn add(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    form: Multipart,
) -> Result<Redirect, Problem> {
    let wish = read(form).await?;
    let sku = sound_sku(&wish.sku)?;
    let (name, bytes) = wish.file.ok_or_else(|| bad("Choose a file: a model (.stl) or G-code (.gcode)."))?;
    let size_mm = match models::look(&name, &bytes).map_err(bad)? {
        Model::Mesh { size_mm } => Some(size_mm),
        Model::Gcode => None,
    };
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let label = word("name", if wish.label.trim().is_empty() { stem } else { &wish.label })?;
    let material = Some(wish.material.trim()).filter(|m| !m.is_empty()).map(|m| word("material", m));
    let per_piece = wish.per_piece.trim().parse().ok().filter(|n| (1..=PER_PIECE_MAX).contains(n));
    let per_piece = per_piece
        .ok_or_else(|| bad(format!("How many per piece: a whole number from 1 to {PER_PIECE_MAX}.")))?;
    let mut parts = parts_of(hub.store.mapping(who.user.tenant, sku.clone()).await?);
    if parts.iter().any(|p| p.label == label) {
        return Err(bad(format!(
            "There is a part {label} already: remove it first, or give this one another name."
        )));
    }
    if parts.len() >= PARTS_MAX {
        return Err(bad(format!("A product has at most {PARTS_MAX} kinds of parts.")));
    }
    let (sha256, length) = (Sha256::of(&bytes), u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    hub.blobs.put(sha256, bytes).await.map_err(|error| no_room(&error))?;
    hub.store.put_blob(sha256, length, name.clone()).await?;
    let what = format!("with {label}, {name}");
    parts.push(StaticPart {
        label,
        sha256,
        bytes: length,
        name,
        per_piece,
        material: material.transpose()?,
        size_mm,
    });
    save(&hub, who, sku, Mapping::Static { parts }, what).await
}

fn word(what: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.chars().count() > WORD_CHARS_MAX || text.contains(char::is_control) {
        return Err(bad(format!(
            "The {what} has more than {WORD_CHARS_MAX} characters, or characters that nobody sees."
        )));
    }
    Ok(text.to_owned())
}

async fn read(mut form: Multipart) -> Result<Wish, Problem> {
    let cut_off =
        |_error| bad("The file did not arrive whole, or is larger than 256 MB: nothing was stored.");
    let mut wish = Wish::default();
    while let Some(field) = form.next_field().await.map_err(cut_off)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let file = plain_name(field.file_name().unwrap_or_default());
            let bytes = field.bytes().await.map_err(cut_off)?;
            // A form whose file was not chosen sends an empty one without a name.
            wish.file = (!file.is_empty()).then(|| (file, bytes.to_vec()));
            continue;
        }
        let text = field.text().await.map_err(cut_off)?;
        match name.as_str() {
            "sku" => wish.sku = text,
            "label" => wish.label = text,
            "per_piece" => wish.per_piece = text,
            "material" => wish.material = text,
            _other => {}
        }
    }
    Ok(wish)
}
