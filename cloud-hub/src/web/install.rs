//! Connecting a shop by installing the app: away to Shopify, and back with a code that is good once.

use std::sync::Arc;

use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::auth::Who;
use super::permissions::{Permission, Routes};
use super::problem::Problem;
use crate::config::App;
use crate::hub::Hub;
use crate::shopify::oauth;
use crate::sources;
use crate::store::Shop;

/// Remembers in the browser which answer belongs to it; ends with the answer.
const COOKIE: &str = "shop_install";
/// How long a merchant may take to agree, seconds.
const WAIT_S: u32 = 600;

/// Adds the routes.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .route("/shopify/oauth/authorize", Permission::Administer, get(begin))
        .route("/shopify/oauth/callback", Permission::Administer, get(end))
        .route("/api/v1/shopify/oauth/status", Permission::See, get(status))
        .route("/api/v1/shopify/oauth/shops", Permission::See, get(shops))
}

fn problem(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "shopify", detail)
}

/// The app and the hub's public address; both are settings.
fn settings(hub: &Hub) -> Result<(&App, &Url), Problem> {
    match (&hub.config.shopify.app, &hub.config.web.public_url) {
        (Some(app), Some(public)) => Ok((app, public)),
        (None, _) => Err(problem(
            "No app is set: fill in shopify.client_id and shopify.client_secret in the settings of the hub.",
        )),
        (_, None) => {
            Err(problem("The hub does not know its own address: fill in web.public_url in its settings."))
        }
    }
}

#[derive(Deserialize)]
struct Wish {
    shop: String,
}

async fn begin(State(hub): State<Arc<Hub>>, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    let (app, public) = settings(&hub)?;
    let wrong = || {
        problem(format!("{:?} is no address of a shop: it ends with .myshopify.com.", wish.shop))
            .field("/shop", "NAME.myshopify.com, as in the address of the shop's admin")
    };
    let domain = oauth::domain(&wish.shop).ok_or_else(wrong)?;
    let base = hub.shops.base(&domain).ok_or_else(wrong)?;
    let back_to = public.join("/shopify/oauth/callback").map_err(|_bad| wrong())?;
    let state = sources::token();
    let to = oauth::agree_at(&base, app, &back_to, &state);
    let cookie = cookie(&hub, &state, WAIT_S);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to.as_str())).into_response())
}

fn cookie(hub: &Hub, state: &str, age_s: u32) -> String {
    let secure = if hub.config.web.secure_cookies { "; Secure" } else { "" };
    format!("{COOKIE}={state}; Path=/shopify/oauth; HttpOnly; SameSite=Lax; Max-Age={age_s}{secure}")
}

async fn end(
    State(hub): State<Arc<Hub>>,
    Extension(who): Extension<Who>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (app, _public) = settings(&hub)?;
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    let mut pairs = all.flat_map(|v| v.split(';')).filter_map(|p| p.trim().split_once('='));
    let state = pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned());
    let now = hub.clock.wall();
    let query = query.unwrap_or_default();
    let agreed = oauth::answer(&query, app, state.as_deref(), now).map_err(problem)?;
    let base = hub
        .shops
        .base(&agreed.domain)
        .ok_or_else(|| problem("The answer names no shop of Shopify: begin again."))?;
    let grant = oauth::exchange(&hub.shops.http, &base, app, &agreed.code, now).await.map_err(|error| {
        tracing::warn!(error = %error, "a shop is not connected: {error}");
        Problem::new(StatusCode::BAD_GATEWAY, "shopify", format!("{} Nothing was changed.", error.words()))
    })?;
    hub.store.put_grant(agreed.domain.clone(), app.client_secret.clone(), grant).await?;
    hub.shops.refresh(&*hub.store).await?;
    hub.store.audit(who.user.name, "shop connected", agreed.domain, String::new()).await?;
    hub.shops.connected.notify_waiters();
    hub.inbox_wake.notify_one();
    let forget = cookie(&hub, "", 0);
    Ok(([(header::SET_COOKIE, forget)], Redirect::to("/settings")).into_response())
}

async fn status(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let is_ready = settings(&hub).is_ok();
    let connected = hub.shops.all().iter().filter(|s| s.token.is_some()).count();
    Json(json!({ "configured": is_ready, "scopes": oauth::SCOPES, "connected_shops": connected }))
}

async fn shops(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let row = |s: &Shop| {
        let missing = if s.is_app { oauth::missing_scopes(&s.scopes) } else { Vec::new() };
        json!({ "id": s.id, "domain": s.domain, "state": s.state.word(), "note": s.note, "is_app": s.is_app,
            "has_token": s.token.is_some(), "missing_scopes": missing,
            "token_expires": s.expires.map(crate::clock::stamp) })
    };
    Json(json!({ "shops": hub.shops.all().iter().map(row).collect::<Vec<_>>() }))
}
