//! HTML pages on the design system: server-rendered, every action a form, works without script.
//!
//! Reading order: `layout` (what every page has), `assets` (what it is drawn with), `words` (how states and times read), then one file per page.

mod act;
mod activity;
mod assets;
mod farm;
mod layout;
mod login;
mod order;
mod orders;
mod product;
mod products;
mod settings;
mod words;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::permissions::{Permission, Routes};

pub(super) use layout::{problem_page, theme_of};

/// Adds the pages.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    use Permission::{Administer, Operate, Public, See};
    routes
        .route("/", See, get(orders::page))
        .route("/orders/{id}", See, get(order::page))
        .route("/orders/{id}/hold", Operate, post(act::hold))
        .route("/orders/{id}/release", Operate, post(act::release))
        .route("/jobs/{id}/retry", Operate, post(act::retry))
        .route("/effects/{id}/{wish}", Operate, post(act::effect))
        .route("/labels/{sha256}", See, get(super::api::download_file))
        .route("/farm", See, get(farm::page))
        .route("/farm/code", Administer, post(farm::code))
        .route("/products", See, get(products::page))
        .route("/products/edit", See, get(product::page))
        .route("/products/pick", Operate, post(product::pick))
        .route("/products/remove", Operate, post(product::remove))
        .route(
            "/products/part",
            Operate,
            post(product::add).layer(DefaultBodyLimit::max(super::api::FILE_BYTES_MAX)),
        )
        .route("/settings", See, get(settings::page))
        .route("/activity", See, get(activity::page))
        .route("/login", Public, get(login::page).post(login::submit))
        .route("/logout", See, post(login::leave))
        .route("/theme", Public, post(layout::theme))
        .route("/ui/{file}", Public, get(assets::file))
}
