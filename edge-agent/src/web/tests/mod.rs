//! Doors that stay shut, words that say why, and every page with data on it.

mod bench;
mod doors;
mod forms;
mod pages;
