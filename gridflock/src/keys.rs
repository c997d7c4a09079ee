//! Loose keys: what holds plates together whose seams have sockets on both sides.
//!
//! One key goes into every place where sockets of two plates meet. It is a little lower than the plates, so that it
//! never stands out. Keys are parts of their own: of every set there are as many as it has such places.

use crate::error::GenerateError;
use crate::feature::{Detail, Site};
use crate::generate::build_part;
use crate::plan::Plan;
use crate::shape::connector::key;
use crate::solid::Mesh;
use crate::solid::layers::{Action, Height::Flat, Layers, Region};
use protocol::grid::{GridSpec, Length};

/// A key is this much lower than its plates, tenths of a micrometre.
const LOWER: i32 = 2_000;
/// Between two keys in one file, tenths of a micrometre.
const GAP: i32 = 30_000;

/// Makes one key for the plates of `plan`, standing on z = 0; `None` if they need none.
///
/// # Errors
/// `Part` for faults of this program: every mesh is proven closed and two-manifold first.
pub fn generate_key(spec: &GridSpec, plan: &Plan) -> Result<Option<Mesh>, GenerateError> {
    let Some(fit) = spec.connectors().intersection.filter(|_| plan.keys_n > 0) else {
        return Ok(None);
    };
    let Some(plate) = plan.plates.first() else { return Ok(None) };
    let site = Site::new(spec, plan, plate, Detail::Full);
    let mut layers = Layers::default();
    layers.push(Region::of(key(fit)), Action::Add(Flat(0), Flat(site.top - site.bottom - LOWER)));
    build_part(layers, "key").map(Some)
}

/// Lays all keys of `plan` out in rows on beds of the specification: one mesh per bed.
#[must_use]
pub fn lay_out_keys(spec: &GridSpec, plan: &Plan, key: &Mesh) -> Vec<Mesh> {
    let [wide, deep, _] = key.size();
    let fits =
        |bed: Length, size: i32| usize::try_from(bed.tenths_um() / i64::from(size + GAP)).unwrap_or(1).max(1);
    let (columns, rows) = (fits(spec.bed_size().x, wide), fits(spec.bed_size().y, deep));
    let places: Vec<usize> = (0..plan.keys_n).collect();
    let bed = |places: &[usize]| {
        let mut all = Mesh::default();
        for place in 0..places.len() {
            let step = |n: usize, size: i32| i32::try_from(n).unwrap_or(0) * (size + GAP);
            let (x, y) = (step(place % columns, wide), step(place / columns, deep));
            let mut mesh = key.clone();
            mesh.map(|[px, py, pz]| [px + x, py + y, pz]);
            all.append(&mesh);
        }
        crate::generate::place(&mut all, false);
        all
    };
    places.chunks(columns * rows).map(bed).collect()
}
