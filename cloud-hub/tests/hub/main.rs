//! The hub as a real process through its public doors, between stand-ins.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod doors;
mod farm;
mod main_job;
mod pages;
mod proxy;
mod restore;
mod shop;
