//! The HTTP side of the stand-in: authentication, announce, documents, cancel, and the control state.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::store::{Announced, Shipment};
use super::{Sendcloud, check, label};
use crate::control::{FaultKind, under_fault};

pub(super) fn routes(service: Sendcloud) -> Router {
    Router::new()
        .route("/api/v3/user/auth/metadata", get(metadata))
        .route("/api/v3/shipments/announce", post(announce))
        .route("/api/v3/shipments", get(list))
        .route("/api/v3/shipments/{id}", get(one))
        .route("/api/v3/shipments/{id}/cancel", post(cancel))
        .route("/api/v3/shipping-options", post(options))
        .route("/api/v3/parcels/{id}/documents/{kind}", get(document))
        .route("/__control/state", get(state))
        .with_state(service)
}

fn error(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = json!({ "errors": [{ "status": status.as_str(), "code": code, "detail": detail }] });
    (status, Json(body)).into_response()
}

impl Sendcloud {
    /// The refusal of a request without the right keys.
    fn stranger(&self, headers: &HeaderMap) -> Option<Response> {
        let pair = format!("{}:{}", self.config.public_key, self.config.secret_key);
        let expected = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        (given != Some(&expected))
            .then(|| error(StatusCode::UNAUTHORIZED, "authentication_failed", "Invalid username/password."))
    }
}

fn base(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

fn shape(shipment: &Shipment, headers: &HeaderMap) -> Value {
    let pdf = label::pdf(&shipment.tracking_number());
    let text = shipment.announced.then(|| base64::engine::general_purpose::STANDARD.encode(pdf));
    shipment.shape(&base(headers), text.as_deref())
}

async fn metadata(State(service): State<Sendcloud>, headers: HeaderMap) -> Response {
    let fault = service.control.fault("metadata");
    under_fault(fault.as_ref(), async {
        service
            .stranger(&headers)
            .unwrap_or_else(|| Json(json!({ "data": { "user_id": 1, "integration_id": 1 } })).into_response())
    })
    .await
}

async fn announce(State(service): State<Sendcloud>, headers: HeaderMap, body: Bytes) -> Response {
    let fault = service.control.fault("announce");
    let kind = fault.as_ref().map(|f| f.kind);
    under_fault(fault.as_ref(), async {
        if let Some(refused) = service.stranger(&headers) {
            return refused;
        }
        let Ok(body) = serde_json::from_slice::<Value>(&body) else {
            service.control.violation("announce: the body is not JSON");
            return error(StatusCode::BAD_REQUEST, "parse_error", "JSON parse error");
        };
        let mut faults = check::announce(&body);
        if kind == Some(FaultKind::Refuse) {
            faults.push(json!({ "status": "400", "code": "invalid", "detail": "The postal code is not known to the carrier.",
                "source": { "pointer": "/to_address/postal_code" } }));
        } else if !faults.is_empty() {
            service.control.violation(format!("announce: {}", json!(faults)));
        }
        if !faults.is_empty() {
            return (StatusCode::BAD_REQUEST, Json(json!({ "errors": faults }))).into_response();
        }
        if body.get("external_reference_id").and_then(Value::as_str).is_none() {
            service.control.violation("announce without external_reference_id cannot be repeated safely");
        }
        let works = kind != Some(FaultKind::FailedAnnounce);
        let announced = service.lock().announce(&body, works);
        match announced {
            Announced::Made(it) => (StatusCode::CREATED, Json(json!({ "data": shape(&it, &headers) }))).into_response(),
            Announced::Existing(it) => (StatusCode::CONFLICT, Json(json!({ "data": shape(&it, &headers) }))).into_response(),
        }
    })
    .await
}

#[derive(Deserialize)]
struct Filter {
    external_reference_id: Option<String>,
    order_number: Option<String>,
}

async fn list(
    State(service): State<Sendcloud>,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Response {
    let fault = service.control.fault("list");
    under_fault(fault.as_ref(), async {
        if let Some(refused) = service.stranger(&headers) {
            return refused;
        }
        let desk = service.lock();
        let matches = |s: &&Shipment| {
            filter.external_reference_id.as_ref().is_none_or(|r| s.reference.as_ref() == Some(r))
                && filter.order_number.as_ref().is_none_or(|n| s.order_number.as_ref() == Some(n))
        };
        let found: Vec<Value> =
            desk.shipments.iter().filter(matches).map(|s| s.shape(&base(&headers), None)).collect();
        Json(json!({ "data": found, "next": null, "previous": null })).into_response()
    })
    .await
}

async fn one(State(service): State<Sendcloud>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Some(refused) = service.stranger(&headers) {
        return refused;
    }
    match service.lock().shipments.iter().find(|s| s.id == id) {
        Some(found) => Json(json!({ "data": found.shape(&base(&headers), None) })).into_response(),
        None => error(StatusCode::NOT_FOUND, "not_found", "No Shipment matches the given query."),
    }
}

async fn cancel(State(service): State<Sendcloud>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let fault = service.control.fault("cancel");
    under_fault(fault.as_ref(), async {
        if let Some(refused) = service.stranger(&headers) {
            return refused;
        }
        let mut desk = service.lock();
        match desk.shipments.iter_mut().find(|s| s.id == id) {
            None => error(StatusCode::NOT_FOUND, "not_found", "No Shipment matches the given query."),
            Some(found) if found.cancelled => {
                error(StatusCode::CONFLICT, "invalid", "This shipment is already being cancelled.")
            }
            Some(found) => {
                found.cancelled = true;
                Json(json!({ "data": { "status": "cancelled", "message": "Shipment has been cancelled" } }))
                    .into_response()
            }
        }
    })
    .await
}

async fn options(State(service): State<Sendcloud>, headers: HeaderMap) -> Response {
    let fault = service.control.fault("options");
    under_fault(fault.as_ref(), async {
        if let Some(refused) = service.stranger(&headers) {
            return refused;
        }
        let option = |code: &str, name: &str, carrier: &str| {
            json!({ "code": code, "name": name, "carrier": { "code": carrier, "name": carrier }, "product": { "code": code, "name": name },
                "functionalities": { "last_mile": "home_delivery", "tracked": true }, "contract": { "id": 517 },
                "weight": { "min": { "value": "0.001", "unit": "kg" }, "max": { "value": "23.001", "unit": "kg" } }, "quotes": [] })
        };
        let all = [option("sendcloud:letter", "Unstamped letter", "sendcloud"), option("postnl:standard", "Standard", "postnl")];
        Json(json!({ "data": all })).into_response()
    })
    .await
}

async fn document(
    State(service): State<Sendcloud>,
    headers: HeaderMap,
    Path((id, kind)): Path<(u64, String)>,
) -> Response {
    let fault = service.control.fault("document");
    under_fault(fault.as_ref(), async {
        if let Some(refused) = service.stranger(&headers) {
            return refused;
        }
        if kind != "label" {
            return error(StatusCode::BAD_REQUEST, "invalid", "Invalid document type.");
        }
        let mut desk = service.lock();
        desk.label_downloads_n += 1;
        match desk.shipments.iter().find(|s| s.parcel == id && s.announced) {
            Some(found) => {
                ([("content-type", "application/pdf")], label::pdf(&found.tracking_number())).into_response()
            }
            None => error(StatusCode::NOT_FOUND, "not_found", "No Parcel matches the given query."),
        }
    })
    .await
}

async fn state(State(service): State<Sendcloud>, headers: HeaderMap) -> Json<Value> {
    let desk = service.lock();
    let all: Vec<Value> = desk.shipments.iter().map(|s| s.shape(&base(&headers), None)).collect();
    Json(
        json!({ "shipments": all, "duplicates": desk.duplicates_n(), "counters": { "announce_calls_n": desk.announce_calls_n,
        "label_downloads_n": desk.label_downloads_n }, "violations": service.control.violations() }),
    )
}
