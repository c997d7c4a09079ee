//! Is every connection healthy, and what to do where one is not.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::layout::{Page, clock, show};
use super::words::{self, Clock, Sign};
use crate::hub::Hub;
use crate::shopify::oauth;
use crate::store::{OutboxRow, Shop, ShopState};
use crate::web::auth::Who;
use crate::web::permissions::Permission;
use crate::web::problem::Problem;
use crate::web::serve::CSP;

/// Calls that are looked at.
const CALLS_MAX: u32 = 500;

struct Card {
    name: String,
    state: Sign,
    text: String,
    facts: Vec<(&'static str, String)>,
    /// The shop to connect again, if that helps.
    again: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    page: Page,
    cards: Vec<Card>,
    may_connect: bool,
    cannot_connect: &'static str,
}

pub(super) async fn page(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let clock = clock(&hub);
    let mut cards = Vec::new();
    for shop in hub.shops.all() {
        let read = hub.store.reconciled_until(shop.id).await?;
        cards.push(of_shop(&hub, &shop, read.map(|at| at.0), &clock));
    }
    let calls = hub.store.effects(who.user.tenant, CALLS_MAX).await?;
    let calls: Vec<&OutboxRow> = calls.iter().filter(|c| c.service == "sendcloud").collect();
    cards.push(sendcloud(hub.sendcloud.is_some(), &calls));
    let failing = cards.iter().filter(|c| c.state.word == "Failing").count();
    let title = match failing {
        0 => "Settings".to_owned(),
        1 => "1 connection needs you".to_owned(),
        n => format!("{n} connections need you"),
    };
    let cannot_connect = match (&hub.config.shopify.app, &hub.config.web.public_url) {
        (Some(_), Some(_)) => "",
        (None, _) => {
            "To connect a shop here, fill in shopify.client_id and shopify.client_secret in the settings of the hub."
        }
        (_, None) => "To connect a shop here, fill in web.public_url in the settings of the hub.",
    };
    let may_connect = Permission::Administer.is_granted_to(&who.user.role);
    let page = Page::new(&hub, &headers, "settings", title).of(&who, "/settings");
    let mut answer = show(&SettingsPage { page, cards, may_connect, cannot_connect })?;
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, csp(&hub)?);
    Ok(answer)
}

/// The form that connects a shop leads away, and browsers apply `form-action` to where it leads as well.
fn csp(hub: &Hub) -> Result<HeaderValue, Problem> {
    let base =
        hub.config.shopify.base_url.as_ref().map(|url| format!(" {}", url.origin().ascii_serialization()));
    let to = format!(
        "form-action 'self' https://*.myshopify.com https://*.shopify.com{}",
        base.unwrap_or_default()
    );
    let text = CSP.replace("form-action 'self'", &to);
    HeaderValue::from_str(&text).map_err(|_bad| Problem::not_found("page"))
}

fn of_shop(hub: &Hub, shop: &Shop, read_ms: Option<i64>, clock: &Clock) -> Card {
    let missing = if shop.is_app { oauth::missing_scopes(&shop.scopes) } else { Vec::new() };
    let (word, text) = match (shop.state, shop.token.is_some()) {
        (ShopState::Refused, _) => ("Failing", shop.note.clone()),
        (ShopState::Uninstalled, _) => ("Not connected", "The app was removed in the shop. Orders that were taken over go on; new ones do not come.".into()),
        (ShopState::Connected, false) => ("Attention", "Without an access token the hub sees only what the shop sends by itself, and cannot tell it what was sent.".into()),
        (ShopState::Connected, true) if !missing.is_empty() => {
            ("Attention", format!("Connected, and not allowed to: {}. Connect it again to ask for that.", missing.join(", ")))
        }
        (ShopState::Connected, true) => ("Connected", "Orders come from here, and it hears what was sent.".into()),
    };
    let told = match (&hub.config.web.public_url, shop.is_app) {
        (Some(_), _) => "At once, and looked for every few minutes",
        (None, _) => "Looked for every few minutes; at once with web.public_url",
    };
    let read = read_ms.map_or_else(|| "Not yet".to_owned(), |ms| clock.time(ms));
    let mut facts = vec![("Orders read until", read), ("Changes", told.to_owned())];
    if let Some(at) = shop.expires {
        facts.push(("Token renewed by itself before", clock.time(at.0)));
    }
    let again = if word == "Connected" || !shop.is_app { String::new() } else { shop.domain.clone() };
    Card { name: shop.domain.clone(), state: words::of(word), text, facts, again }
}

/// Labels: judged by the calls themselves, the newest word of the service first.
fn sendcloud(is_set: bool, calls: &[&OutboxRow]) -> Card {
    let waiting: Vec<&&OutboxRow> =
        calls.iter().filter(|c| matches!(c.state.as_str(), "due" | "unknown" | "dead")).collect();
    let trouble = waiting.iter().find(|c| !c.note.is_empty());
    let (word, text) = match (is_set, trouble) {
        (false, _) => (
            "Not connected",
            "Labels wait until [sendcloud] is filled in in the settings of the hub.".to_owned(),
        ),
        (true, Some(call)) => ("Failing", call.note.clone()),
        (true, None) => ("Ready", "Buys labels when all parts of an order are good.".to_owned()),
    };
    let waits = words::count(waiting.len(), "label", "labels");
    Card {
        name: "Sendcloud".into(),
        state: words::of(word),
        text,
        facts: if is_set { vec![("Waits", waits)] } else { Vec::new() },
        again: String::new(),
    }
}
