//! A drawer grid, from its specification to watertight plates.
//!
//! Two doors: [`plan()`] cuts a grid into plates that fit the bed, [`generate_plate`] makes the mesh of one plate.
//! Frame: x east, y north, z up; every length is a whole number of tenths of a micrometre, so that results are equal
//! bytes on every machine. Invariant: no mesh leaves this crate that is not proven a closed two-manifold.
//! The library never opens files, reads clocks or starts threads; plates may be made in parallel by the caller.
//!
//! Reading order: [`mod@plan`] → `shape` (outlines) → `feature` (which outlines stand where, in which order, between
//! which heights) → `solid` (layers to triangles) → `generate` → [`export`].

mod coupon;
pub mod error;
pub mod export;
mod feature;
mod generate;
mod keys;
pub mod plan;
mod preview;
pub mod schema;
mod shape;
mod solid;
mod stack;

pub use coupon::{Coupon, coupons, in_a_row};
pub use error::{GenerateError, PlanError, SolidError};
pub use export::{plan_svg, plate_svg, render, write_3mf, write_png, write_stl};
pub use generate::generate_plate;
pub use keys::{generate_key, lay_out_keys};
pub use plan::{Plan, Plate, Slot, Style, plan, plan_upstream};
pub use preview::{PreviewCache, generate_preview};
pub use solid::{Mesh, NotManifold};
pub use stack::generate_stack;
