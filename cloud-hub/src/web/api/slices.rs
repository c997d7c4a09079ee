//! G-code without a print: asked for here, made by an agent, fetched at `/api/v1/files`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use protocol::grid::{GridParams, GridSpec};
use protocol::ids::Sha256;
use protocol::wire::v1::{Artifact, Wants};
use serde::Deserialize;
use serde_json::Value;

use super::jobs::done;
use super::read;
use crate::hub::Hub;
use crate::store::SliceWish;
use crate::web::auth::Who;
use crate::web::problem::Problem;

/// Longest name of a printer model or a material, characters.
const WORD_CHARS_MAX: usize = 80;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    kind: Kind,
    /// A file of `/api/v1/files`.
    file: Option<Sha256>,
    /// Or a drawer grid, with one of its plates.
    grid: Option<GridParams>,
    plate: Option<String>,
    /// Printer model as an agent calls it: `creality/ender-3`.
    profile: String,
    material: Option<String>,
}

/// What may be made by hand; a print belongs to an order or to a workshop.
#[derive(Deserialize)]
enum Kind {
    SliceOnly,
}

/// `POST /api/v1/print-jobs`: 202 with the job's number; its row tells when it is made.
pub(super) async fn make(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let body: Body = read(&body)?;
    let Kind::SliceOnly = body.kind;
    let (profile, material) = (word("/profile", &body.profile)?, body.material.as_deref());
    let material = material.map(|m| word("/material", m)).transpose()?;
    let (label, artifact) = match (body.file, &body.grid, &body.plate) {
        (Some(file), None, None) => of_file(&hub, file).await?,
        (None, Some(grid), Some(plate)) => of_grid(grid, plate)?,
        (file, grid, _) => {
            let pointer = if file.is_some() || grid.is_none() { "/file" } else { "/plate" };
            let text = "Say what to slice: either a file, or a grid and one of its plates.";
            return Err(
                bad(text).field(pointer, "\"file\": SHA-256, or \"grid\": {…} with \"plate\": \"A1\"")
            );
        }
    };
    let wants = Wants { profiles: vec![profile], material, ..Wants::default() };
    let wish = hub.store.make_slice(who.user.tenant, SliceWish { label, artifact, wants }).await?;
    Ok((StatusCode::ACCEPTED, done(&hub, wish)?))
}

fn bad(text: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-slice", text)
}

fn word(pointer: &str, text: &str) -> Result<String, Problem> {
    let is_sound =
        !text.is_empty() && text.chars().count() <= WORD_CHARS_MAX && !text.contains(char::is_control);
    if is_sound {
        return Ok(text.to_owned());
    }
    let wanted = format!("1 to {WORD_CHARS_MAX} characters, such as creality/ender-3 or PLA");
    Err(bad("The printer model or the material has no usable name.").field(pointer, wanted))
}

async fn of_file(hub: &Hub, sha256: Sha256) -> Result<(String, Artifact), Problem> {
    let Some((bytes, name)) = hub.store.blob(sha256).await? else {
        return Err(bad("The file has not been uploaded.").field("/file", "upload it at /api/v1/files first"));
    };
    Ok((name.clone(), Artifact::Blob { sha256, bytes, name }))
}

fn of_grid(params: &GridParams, plate: &str) -> Result<(String, Artifact), Problem> {
    let spec = GridSpec::check(params).map_err(|faults| {
        let problem = bad("The grid cannot be made.");
        faults.list().iter().fold(problem, |p, fault| p.field("/grid", fault.to_string()))
    })?;
    let plan = gridflock::plan(&spec)
        .map_err(|fault| bad("The grid cannot be cut.").field("/grid", fault.to_string()))?;
    let slots: Vec<String> = plan.plates.iter().map(|p| p.slot.to_string()).collect();
    if !slots.iter().any(|slot| slot == plate) {
        let problem = bad("The grid has no such plate.");
        return Err(problem.field("/plate", format!("one of {}", slots.join(", "))));
    }
    Ok((plate.to_owned(), Artifact::Grid { spec: Box::new(spec), plate: plate.to_owned() }))
}
