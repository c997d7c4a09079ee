//! How products are made: read and set by SKU. A change takes effect with the next reading of an order.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::read;
use crate::hub::Hub;
use crate::store::Mapping;
use crate::web::auth::Who;
use crate::web::problem::Problem;

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
) -> Result<Json<Value>, Problem> {
    let all = hub.store.mappings(who.user.tenant).await?;
    let rows: Vec<Value> =
        all.into_iter().map(|(sku, mapping)| json!({ "sku": sku, "mapping": mapping })).collect();
    Ok(Json(json!({ "mappings": rows })))
}

pub(super) async fn put(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    Path(sku): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let mapping: Mapping = read(&body)?;
    if let Mapping::Static { parts } = &mapping {
        for (n, part) in parts.iter().enumerate() {
            if hub.store.blob(part.sha256).await?.is_none() {
                let problem = Problem::new(
                    StatusCode::BAD_REQUEST,
                    "no-file",
                    "A file of this mapping has not been uploaded.",
                );
                return Err(problem.field(format!("/parts/{n}/sha256"), "upload it at /api/v1/files first"));
            }
        }
    }
    hub.store.put_mapping(who.user.tenant, sku.clone(), mapping).await?;
    hub.store.audit(who.user.name, "mapping set", sku, String::new()).await?;
    Ok(StatusCode::NO_CONTENT)
}
