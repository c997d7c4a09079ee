//! The operators' pages: server-rendered, every action a form, works without script.
//!
//! Reading order: `layout` (what every page has), `form` (what forms carry), `words` (how states and times read),
//! `look` (the floor at one moment), then one file per page. No rule lives here: `actions` has them.

mod act;
mod board;
mod finish;
mod form;
mod grid;
mod layout;
mod look;
mod pair;
mod picture;
mod printer;
mod queue;
mod unknown;
mod wall;
mod words;

pub(super) use layout::dress_problems;

use super::{assets, auth::Need, routes::Routes};
use crate::ledger::devices::Role;

/// Adds the pages, their forms and their files.
pub(super) fn add(routes: Routes) -> Routes {
    let operator = Need::Role(Role::Operator);
    routes
        .get("/", operator, board::page)
        .get("/queue", operator, queue::page)
        .get("/wall", operator, wall::page)
        .get("/grid", operator, grid::page)
        .get("/p/{printer}", operator, printer::page)
        .get("/finish/{incarnation}/{n}", operator, finish::page)
        .get("/unknown/{incarnation}/{n}", operator, unknown::page)
        .get("/pair", Need::Nothing, pair::page)
        .get("/ui/{file}", Need::Nothing, assets::file)
        .post("/pair", Need::Nothing, pair::submit)
        .post("/theme", Need::Nothing, layout::theme)
        .post("/grid", operator, grid::make)
        .post("/beds/clear", operator, act::beds)
        .post("/p/{printer}/{what}", operator, act::printer)
        .post("/p/{printer}/confirm", Need::Role(Role::Admin), act::confirm)
        .post("/jobs/{job}/{what}", operator, act::job)
        .post("/attempts/{incarnation}/{n}/{what}", operator, act::attempt)
}
