//! Pages and JSON: parse, ask the store, render. No SQL and no rule lives here.
//!
//! Reading order: [`permissions`] (how a route exists at all), [`auth`], [`problem`], [`api`], [`events`],
//! [`pages`], [`serve`].

pub mod api;
pub mod auth;
pub mod events;
mod health;
mod install;
pub mod limits;
pub mod openapi;
pub mod pages;
pub mod permissions;
pub mod problem;
mod proxy;
pub mod serve;
