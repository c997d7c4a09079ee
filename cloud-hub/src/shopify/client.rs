//! Calls to one shop's Admin GraphQL endpoint. Decides by the data, never by "there are errors".

use std::time::Duration;

use reqwest::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::error::ShopifyError;
use super::subscriptions::Seen;
use super::types::{
    Answer, Connection, FulfillPayload, Order, OrderFulfillments, OrderLines, OrderStub, Said, Subscription,
};
use crate::secrets::Secret;

/// Wait after a throttling answer that does not say how long.
const THROTTLE_WAIT: Duration = Duration::from_secs(2);
/// Longest wait that an answer can ask for.
const THROTTLE_WAIT_MAX: Duration = Duration::from_secs(60);
/// Pages of 100 lines that are read; more lines than this is no order of a person.
const LINE_PAGES_MAX: usize = 10;
/// Largest answer, bytes.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

const ORDER: &str = include_str!("operations/order.graphql");
const ORDER_LINES: &str = include_str!("operations/order_lines.graphql");
const ORDER_FULFILLMENTS: &str = include_str!("operations/order_fulfillments.graphql");
const ORDERS_PAGE: &str = include_str!("operations/orders_page.graphql");
const FULFILL: &str = include_str!("operations/fulfill.graphql");
const SHOP: &str = include_str!("operations/shop.graphql");
const SUBSCRIPTIONS: &str = include_str!("operations/subscriptions.graphql");
const SUBSCRIBE: &str = include_str!("operations/subscription_create.graphql");
const LEAD: &str = include_str!("operations/subscription_update.graphql");

/// All operations with their names, for the check against the schema.
pub const OPERATIONS: [(&str, &str); 9] = [
    ("HubOrder", ORDER),
    ("HubOrderLines", ORDER_LINES),
    ("HubOrderFulfillments", ORDER_FULFILLMENTS),
    ("HubOrdersPage", ORDERS_PAGE),
    ("HubFulfill", FULFILL),
    ("HubShop", SHOP),
    ("HubWebhookSubscriptions", SUBSCRIPTIONS),
    ("HubWebhookSubscriptionCreate", SUBSCRIBE),
    ("HubWebhookSubscriptionUpdate", LEAD),
];

/// A connected shop.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Url,
    token: Secret,
}

/// One page of changed orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) orders: Vec<(String, String)>,
    pub(super) next: Option<String>,
}

impl Client {
    /// A client for `base` (`https://SHOP` in real life).
    ///
    /// # Errors
    /// When the address cannot carry a path.
    pub fn new(
        http: reqwest::Client,
        base: &Url,
        version: &str,
        token: Secret,
    ) -> Result<Self, url::ParseError> {
        let endpoint = base.join(&format!("/admin/api/{version}/graphql.json"))?;
        Ok(Self { http, endpoint, token })
    }

    /// The complete order; `None`: the shop does not know it.
    pub(super) async fn order(&self, id: &str) -> Result<Option<Order>, ShopifyError> {
        let found: Option<Order> =
            self.call("HubOrder", ORDER, json!({ "id": gid("Order", id) }), "order").await?;
        let Some(mut order) = found else { return Ok(None) };
        for _page in 0..LINE_PAGES_MAX {
            let info = &order.line_items.page_info;
            let Some(after) = info.end_cursor.clone().filter(|_| info.has_next_page) else {
                return Ok(Some(order));
            };
            let variables = json!({ "id": gid("Order", id), "after": after });
            let more: Option<OrderLines> =
                self.call("HubOrderLines", ORDER_LINES, variables, "order").await?;
            let Some(more) = more else { return Ok(None) };
            if more.updated_at != order.updated_at {
                // Changed between two pages: read as if nothing had come, the retry sees one state.
                return Err(no_answer("HubOrder", "the order changed while it was read"));
            }
            order.line_items.nodes.extend(more.line_items.nodes);
            order.line_items.page_info = more.line_items.page_info;
        }
        Ok(Some(order))
    }

    pub(super) async fn fulfillments(&self, id: &str) -> Result<Option<OrderFulfillments>, ShopifyError> {
        self.call("HubOrderFulfillments", ORDER_FULFILLMENTS, json!({ "id": gid("Order", id) }), "order")
            .await
    }

    pub(super) async fn changed_since(&self, since: &str, after: Option<&str>) -> Result<Page, ShopifyError> {
        let query = format!("updated_at:>='{since}'");
        let variables = json!({ "query": query, "after": after });
        let page: Option<Connection<OrderStub>> =
            self.call("HubOrdersPage", ORDERS_PAGE, variables, "orders").await?;
        let Some(page) = page else { return Ok(Page { orders: Vec::new(), next: None }) };
        let next = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        let number = |gid: String| gid.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Page { orders: page.nodes.into_iter().map(|o| (number(o.id), o.updated_at)).collect(), next })
    }

    pub(super) async fn fulfill(&self, input: Value) -> Result<FulfillPayload, ShopifyError> {
        let payload =
            self.call("HubFulfill", FULFILL, json!({ "fulfillment": input }), "fulfillmentCreate").await?;
        payload.ok_or_else(|| no_answer("HubFulfill", "an empty payload"))
    }

    /// One page of webhook subscriptions, and where the next begins.
    pub(super) async fn subscriptions_page(
        &self,
        after: Option<&str>,
    ) -> Result<(Vec<Seen>, Option<String>), ShopifyError> {
        const OPERATION: &str = "HubWebhookSubscriptions";
        let variables = json!({ "after": after });
        let page: Option<Connection<Subscription>> =
            self.call(OPERATION, SUBSCRIPTIONS, variables, "webhookSubscriptions").await?;
        let page = page.ok_or_else(|| no_answer(OPERATION, "no list of subscriptions"))?;
        let next = page.page_info.end_cursor.filter(|_| page.page_info.has_next_page);
        Ok((page.nodes.into_iter().map(|s| Seen { id: s.id, topic: s.topic, uri: s.uri }).collect(), next))
    }

    /// Makes a subscription; what the shop said against it.
    pub(super) async fn subscribed(&self, variables: Value) -> Result<Vec<String>, ShopifyError> {
        let root = "webhookSubscriptionCreate";
        let said: Option<Said> =
            self.call("HubWebhookSubscriptionCreate", SUBSCRIBE, variables, root).await?;
        Ok(words(said))
    }

    /// Changes where a subscription leads; what the shop said against it.
    pub(super) async fn led(&self, variables: Value) -> Result<Vec<String>, ShopifyError> {
        let root = "webhookSubscriptionUpdate";
        let said: Option<Said> = self.call("HubWebhookSubscriptionUpdate", LEAD, variables, root).await?;
        Ok(words(said))
    }

    /// Whether the shop answers with our token.
    ///
    /// # Errors
    /// Why not.
    pub async fn ping(&self) -> Result<(), ShopifyError> {
        self.call::<Value>("HubShop", SHOP, json!({}), "shop").await.map(drop)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        query: &str,
        variables: Value,
        root: &str,
    ) -> Result<Option<T>, ShopifyError> {
        let body = json!({ "query": query, "variables": variables, "operationName": operation });
        let request = self
            .http
            .post(self.endpoint.clone())
            .header("x-shopify-access-token", self.token.expose())
            .json(&body);
        let answer = request.send().await.map_err(|source| {
            if source.is_connect() {
                ShopifyError::NotSent { operation, source }
            } else {
                no_answer(operation, &source.without_url().to_string())
            }
        })?;
        let status = answer.status();
        let wait = retry_after(&answer);
        let bytes = answer.bytes().await.map_err(|e| no_answer(operation, &e.without_url().to_string()))?;
        if bytes.len() > ANSWER_BYTES_MAX {
            return Err(no_answer(operation, "an answer that is too large"));
        }
        match status {
            StatusCode::OK => read(operation, &bytes, root),
            StatusCode::TOO_MANY_REQUESTS => Err(ShopifyError::Throttled { operation, wait }),
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::PAYMENT_REQUIRED
            | StatusCode::LOCKED => {
                let text = serde_json::from_slice::<Value>(&bytes)
                    .ok()
                    .and_then(|v| v.get("errors")?.as_str().map(String::from));
                Err(ShopifyError::Denied { operation, what: text.unwrap_or_else(|| status.to_string()) })
            }
            other if other.is_client_error() => {
                Err(ShopifyError::Refused { operation, what: other.to_string() })
            }
            other => Err(no_answer(operation, &other.to_string())),
        }
    }
}

fn words(said: Option<Said>) -> Vec<String> {
    said.map(|s| s.user_errors.into_iter().map(|e| e.message).collect()).unwrap_or_default()
}

/// A gid of a numeric id.
fn gid(kind: &str, id: &str) -> String {
    format!("gid://shopify/{kind}/{id}")
}

fn no_answer(operation: &'static str, what: &str) -> ShopifyError {
    ShopifyError::NoAnswer { operation, what: what.to_owned() }
}

/// `Retry-After` is in seconds (Shopify's own client takes it for milliseconds).
fn retry_after(answer: &reqwest::Response) -> Duration {
    let header = answer.headers().get("retry-after").and_then(|v| v.to_str().ok());
    let seconds = header.and_then(|t| t.parse().ok()).map(Duration::from_secs);
    seconds.unwrap_or(THROTTLE_WAIT).min(THROTTLE_WAIT_MAX)
}

/// Shopify answers 200 to nearly everything; a mutation can succeed and still carry `errors`.
fn read<T: DeserializeOwned>(
    operation: &'static str,
    bytes: &[u8],
    root: &str,
) -> Result<Option<T>, ShopifyError> {
    let answer: Answer = serde_json::from_slice(bytes).map_err(|e| no_answer(operation, &e.to_string()))?;
    let value = answer.data.as_ref().and_then(|d| d.get(root)).filter(|v| !v.is_null());
    if let Some(value) = value {
        if let Some(errors) = &answer.errors {
            tracing::warn!(operation, "the shop answered {operation} with data and errors: {errors}");
        }
        return T::deserialize(value).map(Some).map_err(|e| no_answer(operation, &e.to_string()));
    }
    let Some(errors) = answer.errors else { return Ok(None) };
    let first = errors.get(0);
    let text =
        |pointer: &str| first.and_then(|e| e.pointer(pointer)).and_then(Value::as_str).unwrap_or_default();
    let what = if errors.is_string() {
        errors.as_str().unwrap_or_default().to_owned()
    } else {
        text("/message").to_owned()
    };
    Err(match text("/extensions/code") {
        "THROTTLED" => ShopifyError::Throttled { operation, wait: bucket_wait(answer.extensions.as_ref()) },
        "ACCESS_DENIED" => ShopifyError::Denied { operation, what },
        "INTERNAL_SERVER_ERROR" => no_answer(operation, &what),
        _refused => ShopifyError::Refused { operation, what },
    })
}

/// How long until the bucket holds what the call costs.
fn bucket_wait(extensions: Option<&Value>) -> Duration {
    let number = |pointer: &str| extensions?.pointer(pointer)?.as_f64();
    let wait = || {
        let missing =
            number("/cost/requestedQueryCost")? - number("/cost/throttleStatus/currentlyAvailable")?;
        Duration::try_from_secs_f64(missing / number("/cost/throttleStatus/restoreRate")?).ok()
    };
    wait().unwrap_or(THROTTLE_WAIT).clamp(Duration::from_millis(100), THROTTLE_WAIT_MAX)
}
