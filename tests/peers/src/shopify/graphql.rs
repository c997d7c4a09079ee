//! Validates a request, charges its cost, performs it and shapes the answer as the Admin API does.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Field, Operation};
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::store::{BUCKET_MAX, now_ms};
use super::{Shopify, cost, fulfil, project, shape, subscriptions};
use crate::control::{Fault, FaultKind, under_fault};

/// A GraphQL request over HTTP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    query: String,
    #[serde(default)]
    variables: Option<Value>,
    #[serde(default, rename = "operationName")]
    operation_name: Option<String>,
}

/// Everything that a checked request needs to run.
struct Checked<'a> {
    shopify: &'a Shopify,
    operation: &'a Operation,
    variables: &'a JsonMap,
}

/// The answer to `request`; HTTP 200 for nearly every failure, as recorded.
pub(super) async fn answer(shopify: &Shopify, request: &Request) -> Response {
    let document =
        match ExecutableDocument::parse_and_validate(&shopify.schema, &request.query, "request.graphql") {
            Ok(document) => document,
            Err(faults) => return refuse(shopify, "undefinedField", &faults.errors.to_string()),
        };
    let operation = match document.operations.get(request.operation_name.as_deref()) {
        Ok(operation) => operation,
        Err(error) => return refuse(shopify, "missingOperation", &error.message().to_string()),
    };
    let raw = request.variables.clone().unwrap_or_else(|| json!({}));
    let parsed: Result<JsonMap, _> = serde_json::from_value(raw);
    let variables = match parsed
        .map(|v| apollo_compiler::request::coerce_variable_values(&shopify.schema, operation, &v))
    {
        Ok(Ok(variables)) => variables,
        Ok(Err(error)) => return refuse(shopify, "INVALID_VARIABLE", &error.message().to_string()),
        Err(error) => return refuse(shopify, "INVALID_VARIABLE", &error.to_string()),
    };
    report_deprecated(shopify, operation);
    let name = operation.name.as_ref().map_or_else(String::new, ToString::to_string);
    let points = cost::of(&shopify.schema, operation, &variables);
    let fault = shopify.control.fault(&name);
    let kind = fault.as_ref().map(|f| f.kind);
    let taken = shopify.lock().bucket.take(f64::from(points), now_ms());
    let available = match (taken, kind) {
        (Ok(available), kind) if kind != Some(FaultKind::Throttled) => available,
        (Ok(available) | Err(available), _) => return throttled(shopify, points, available),
    };
    let checked = Checked { shopify, operation, variables: &variables };
    if let Some(denied) = checked.denied(kind) {
        return Json(denied).into_response();
    }
    let extensions = cost_block(shopify, points, Some(points), available);
    if kind == Some(FaultKind::ErrorAfter) {
        let _lost = checked.run();
        return Json(json!({ "errors": [{ "message": "Internal error. Looks like something went wrong on our end. Request ID: 0-0",
            "extensions": { "code": "INTERNAL_SERVER_ERROR", "requestId": "0-0" } }], "extensions": extensions })).into_response();
    }
    under_fault(fault.as_ref(), async { checked.finish(fault.as_ref(), &extensions) }).await
}

impl Checked<'_> {
    fn finish(&self, fault: Option<&Fault>, extensions: &Value) -> Response {
        let (data, mut errors) = self.run();
        if fault.is_some_and(|f| f.kind == FaultKind::ErrorBesideData) {
            errors.push(json!({ "message": "Access denied for heldByApp field. Required access: `read_apps` access scope.",
                "extensions": { "code": "ACCESS_DENIED" }, "path": ["fulfillmentCreate", "fulfillment", "originAddress"] }));
        }
        let mut body = json!({ "data": data, "extensions": extensions });
        if let (false, Some(object)) = (errors.is_empty(), body.as_object_mut()) {
            object.insert("errors".into(), Value::Array(errors));
        }
        Json(body).into_response()
    }

    /// A missing scope refuses the field and nothing is done.
    fn denied(&self, kind: Option<FaultKind>) -> Option<Value> {
        for field in self.operation.selection_set.fields() {
            let root = field.name.as_str();
            let needs: &[&str] = match root {
                "fulfillmentCreate" | "fulfillmentTrackingInfoUpdate" => {
                    &["write_merchant_managed_fulfillment_orders"]
                }
                "order" | "orders" => &["read_orders", "write_orders"],
                "fulfillmentOrder" => {
                    &["read_merchant_managed_fulfillment_orders", "write_merchant_managed_fulfillment_orders"]
                }
                _open => &[],
            };
            let has = |scope: &&str| self.shopify.config.scopes.iter().any(|s| s == *scope);
            let is_denied =
                kind == Some(FaultKind::AccessDenied) || !(needs.is_empty() || needs.iter().any(has));
            if is_denied {
                let needed = needs.join("`, `");
                let message =
                    format!("Access denied for {root} field. Required access: `{needed}` access scope.");
                let mut data = Map::new();
                data.insert(field.response_key().to_string(), Value::Null);
                return Some(json!({ "data": data, "errors": [{ "message": message,
                    "extensions": { "code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes", "requiredAccess": needed }, "path": [root] }] }));
            }
        }
        None
    }

    fn run(&self) -> (Value, Vec<Value>) {
        let (mut data, mut errors) = (Map::new(), Vec::new());
        for field in self.operation.selection_set.fields() {
            let key = field.response_key().to_string();
            match self.root(field) {
                Ok(full @ Value::Array(_)) => {
                    let holder = json!({ field.name.as_str(): full });
                    let one = project::object(&holder, &self.operation.selection_set, self.variables);
                    data.insert(key.clone(), one.get(&key).cloned().unwrap_or(Value::Null));
                }
                Ok(Value::Null) => {
                    data.insert(key, Value::Null);
                }
                Ok(full) => {
                    data.insert(key, project::object(&full, &field.selection_set, self.variables));
                }
                Err(error) => {
                    data.insert(key, Value::Null);
                    errors.push(error);
                }
            }
        }
        (Value::Object(data), errors)
    }

    /// The complete object of a root field; `project` cuts it down.
    fn root(&self, field: &Field) -> Result<Value, Value> {
        let argument = |name: &str| project::argument(field, name, self.variables);
        let id = fulfil::gid(argument("id").as_ref());
        let mut shop = self.shopify.lock();
        match field.name.as_str() {
            "shop" => Ok(shape::shop(&self.shopify.config.shop)),
            "currentAppInstallation" => {
                let scopes = self.shopify.config.scopes.iter().map(|s| json!({ "handle": s }));
                Ok(
                    json!({ "id": shape::gid("AppInstallation", 1), "accessScopes": scopes.collect::<Vec<_>>() }),
                )
            }
            "order" => Ok(shop.orders.get(&id).map_or(Value::Null, shape::order)),
            "orders" => {
                let query = argument("query").and_then(|v| v.as_str().map(String::from)).unwrap_or_default();
                Ok(Value::Array(updated_since(&shop, &query)))
            }
            "fulfillmentOrder" => {
                let all = shop.orders.values().flat_map(|o| {
                    let shape = shape::order(o);
                    shape.get("fulfillmentOrders").and_then(Value::as_array).cloned().unwrap_or_default()
                });
                let wanted = shape::gid("FulfillmentOrder", id);
                Ok(all
                    .into_iter()
                    .find(|f| f.get("id").and_then(Value::as_str) == Some(&wanted))
                    .unwrap_or(Value::Null))
            }
            "webhookSubscriptions" => {
                Ok(Value::Array(shop.subscriptions.iter().map(subscriptions::shape_of).collect()))
            }
            "webhookSubscriptionCreate" => {
                let topic = argument("topic").and_then(|t| t.as_str().map(String::from)).unwrap_or_default();
                let input = argument("webhookSubscription").unwrap_or(Value::Null);
                Ok(subscriptions::create(&mut shop, &topic, &input))
            }
            "webhookSubscriptionUpdate" => {
                let input = argument("webhookSubscription").unwrap_or(Value::Null);
                Ok(subscriptions::update(&mut shop, id, &input))
            }
            "fulfillmentCreate" => {
                let input = argument("fulfillment").unwrap_or(Value::Null);
                if input
                    .get("lineItemsByFulfillmentOrder")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .any(|g| g.get("fulfillmentOrderLineItems").is_none())
                {
                    self.shopify.control.violation(
                        "fulfillmentCreate without fulfillmentOrderLineItems ships everything that remains",
                    );
                }
                Ok(match fulfil::create(&mut shop, &input) {
                    Ok((order, id)) => {
                        let order = shop.orders.get(&order);
                        let made = order
                            .and_then(|o| o.fulfilments.iter().find(|f| f.id == id))
                            .map(shape::fulfilment);
                        json!({ "fulfillment": made, "userErrors": [] })
                    }
                    Err((path, message)) => {
                        json!({ "fulfillment": null, "userErrors": [{ "field": path, "message": message }] })
                    }
                })
            }
            other => {
                self.shopify.control.violation(format!("the stand-in does not know {other}"));
                Err(json!({ "message": "not implemented", "path": [other] }))
            }
        }
    }
}

/// Orders changed at or after the time in `updated_at:>='…'`, oldest change first.
fn updated_since(shop: &super::store::Shop, query: &str) -> Vec<Value> {
    let since = query
        .split('\'')
        .nth(1)
        .and_then(|t| t.parse::<jiff::Timestamp>().ok())
        .map_or(0, |t| t.as_millisecond());
    let mut found: Vec<_> = shop.orders.values().filter(|o| o.updated_ms >= since).collect();
    found.sort_by_key(|o| (o.updated_ms, o.id));
    found.into_iter().map(shape::order).collect()
}

pub(super) fn report_deprecated(shopify: &Shopify, operation: &Operation) {
    let mut open: Vec<&Field> = operation.selection_set.fields().map(|f| &**f).collect();
    while let Some(field) = open.pop() {
        if field.definition.directives.has("deprecated") {
            shopify.control.violation(format!("deprecated field {}", field.name));
        }
        for argument in &field.arguments {
            let known = field.definition.argument_by_name(&argument.name);
            if known.is_some_and(|a| a.directives.has("deprecated")) {
                shopify.control.violation(format!("deprecated argument {} of {}", argument.name, field.name));
            }
        }
        open.extend(field.selection_set.fields().map(|f| &**f));
    }
    for variable in &operation.variables {
        if let Some(ExtendedType::InputObject(input)) =
            shopify.schema.types.get(variable.ty.inner_named_type())
            && input.directives.has("deprecated")
        {
            shopify.control.violation(format!("deprecated input {}", variable.name));
        }
    }
}

fn refuse(shopify: &Shopify, code: &str, message: &str) -> Response {
    shopify.control.violation(format!("invalid GraphQL: {message}"));
    (StatusCode::OK, Json(json!({ "errors": [{ "message": message, "extensions": { "code": code } }] })))
        .into_response()
}

fn throttled(shopify: &Shopify, points: u32, available: f64) -> Response {
    shopify.lock().counters.throttled_n += 1;
    let extensions = cost_block(shopify, points, None, available);
    let documentation = "https://shopify.dev/api/usage/rate-limits";
    Json(json!({ "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED", "documentation": documentation } }],
        "extensions": extensions })).into_response()
}

fn cost_block(shopify: &Shopify, requested: u32, actual: Option<u32>, available: f64) -> Value {
    json!({ "cost": { "requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": {
        "maximumAvailable": BUCKET_MAX, "currentlyAvailable": available.floor(), "restoreRate": shopify.lock().bucket.restore_per_s() } } })
}
