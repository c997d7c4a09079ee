//! A whole grid to look at, as one mesh: from plates that are kept by what they are made of.
//!
//! Invariant: a kept plate is used again only where a new one would have the same triangles. Small grids are shown
//! exactly but for their numbers; larger ones with less detail, every plate closed all the same, so that any grid takes
//! less than a second and some megabytes.

use crate::error::GenerateError;
use crate::feature::{Detail, Likeness, Site};
use crate::generate::{in_own_frame, place};
use crate::plan::Plan;
use crate::shape::coordinate;
use crate::solid::Mesh;
use protocol::grid::{GridParams, GridSpec};
use std::collections::BTreeMap;

/// Most cells that are shown exactly, and most of which corners and magnets are still shown.
const EXACT_CELLS_MAX: usize = 100;
const COARSE_CELLS_MAX: usize = 300;
/// Most triangles that are kept, about 20 MB; beyond, all kept plates are dropped.
const KEPT_TRIANGLES_MAX: usize = 600_000;

/// Plates that were made for previews, kept by their content: grids of other sizes have many of them in common.
#[derive(Debug, Default)]
pub struct PreviewCache {
    plates: BTreeMap<Content, Mesh>,
    triangles_n: usize,
}

/// What decides the triangles of a plate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Content {
    detail: Detail,
    /// The specification as far as it decides the shape of a plate of known cells.
    features: String,
    likeness: Likeness,
}

/// As [`PreviewCache::preview`], without keeping anything.
///
/// # Errors
/// As [`crate::generate_plate`].
pub fn generate_preview(spec: &GridSpec, plan: &Plan) -> Result<Mesh, GenerateError> {
    PreviewCache::default().preview(spec, plan)
}

impl PreviewCache {
    /// All plates where they lie in the assembled grid, as one mesh to look at (tabs lie in sockets: it is not one
    /// solid). Without numbers; of a large grid without what is hardly seen.
    ///
    /// # Errors
    /// As [`crate::generate_plate`].
    pub fn preview(&mut self, spec: &GridSpec, plan: &Plan) -> Result<Mesh, GenerateError> {
        let detail = if cells(plan) <= EXACT_CELLS_MAX { Detail::Unnumbered } else { coarse(plan) };
        self.assemble(spec, plan, detail)
    }

    /// As [`Self::preview`], but small grids have little detail, too: a mesh for a browser.
    ///
    /// # Errors
    /// As [`crate::generate_plate`].
    pub fn sketch(&mut self, spec: &GridSpec, plan: &Plan) -> Result<Mesh, GenerateError> {
        self.assemble(spec, plan, coarse(plan))
    }

    fn assemble(&mut self, spec: &GridSpec, plan: &Plan, detail: Detail) -> Result<Mesh, GenerateError> {
        let features = features(spec);
        let mut all = Mesh::default();
        for plate in &plan.plates {
            let site = Site::new(spec, plan, plate, detail);
            let content = Content { detail, features: features.clone(), likeness: site.likeness() };
            let mut mesh = match self.plates.get(&content) {
                Some(known) => known.clone(),
                None => self.keep(content, in_own_frame(site)?),
            };
            let [x, y] = [(&plan.axes.x, plate.first_cell[0]), (&plan.axes.y, plate.first_cell[1])]
                .map(|(axis, first)| coordinate(axis.span(0, first)));
            mesh.map(|[px, py, pz]| [px + x, py + y, pz]);
            all.append(&mesh);
        }
        place(&mut all, false);
        Ok(all)
    }

    fn keep(&mut self, content: Content, mesh: Mesh) -> Mesh {
        if self.triangles_n + mesh.triangles_n() > KEPT_TRIANGLES_MAX {
            self.plates.clear();
            self.triangles_n = 0;
        }
        self.triangles_n += mesh.triangles_n();
        self.plates.insert(content, mesh.clone());
        mesh
    }
}

fn cells(plan: &Plan) -> usize {
    plan.axes.x.cells.len() * plan.axes.y.cells.len()
}

fn coarse(plan: &Plan) -> Detail {
    if cells(plan) <= COARSE_CELLS_MAX { Detail::Coarse } else { Detail::Plain }
}

/// The specification without what only decides which cells a plate has: that is in its likeness. The heights of a rim
/// depend on the place in the whole grid.
fn features(spec: &GridSpec) -> String {
    if spec.wall().is_some() {
        return spec.canonical_text();
    }
    let params = GridParams {
        plate_size: None,
        bed_size: None,
        more_beds: None,
        filler_x: None,
        filler_y: None,
        filler_fraction: None,
        filler_minimum_size: None,
        alignment: None,
        edge_adjust: None,
        cell_override: None,
        separate_edge_padding: None,
        numbering: None,
        ..spec.to_params()
    };
    // Cells of one size that are reached another way are still made alike.
    GridSpec::check(&params).map_or_else(|_| spec.canonical_text(), |spec| spec.canonical_text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solid::check;

    fn grid(json: &str) -> (GridSpec, Plan) {
        let spec = GridSpec::check(&GridParams::from_json(json).unwrap()).unwrap();
        let plan = crate::plan(&spec).unwrap();
        (spec, plan)
    }

    #[test]
    fn a_small_grid_is_shown_exactly() {
        let (spec, plan) = grid(r#"{"plate_size":[450,320],"magnets":true,"numbering":false}"#);
        let preview = generate_preview(&spec, &plan).unwrap();
        let made = |plate: &crate::Plate| crate::generate_plate(&spec, &plan, plate.slot).unwrap();
        let plates: Vec<Mesh> = plan.plates.iter().map(made).collect();
        assert_eq!(preview.triangles_n(), plates.iter().map(Mesh::triangles_n).sum::<usize>());
        let volume: f64 = plates.iter().map(Mesh::volume_mm3).sum();
        assert!((preview.volume_mm3() - volume).abs() < 1e-6);
        let sketch = PreviewCache::default().sketch(&spec, &plan).unwrap();
        assert!(sketch.triangles_n() * 3 < preview.triangles_n(), "{}", sketch.triangles_n());
    }

    #[test]
    fn a_large_grid_has_few_triangles_and_every_plate_is_closed() {
        for (json, most) in [
            (r#"{"plate_size":[640,640],"magnets":true,"click":true,"solid_base":2}"#, 160_000),
            (r#"{"plate_size":[2000,2000],"magnets":true,"vertical_screw_other":true}"#, 130_000),
            (
                r#"{"plate_size":[2000,1999],"bed_size":[2000,2000],"plate_wall_thickness":[3,3,3,3]}"#,
                130_000,
            ),
        ] {
            let (spec, plan) = grid(json);
            let mut cache = PreviewCache::default();
            let preview = cache.preview(&spec, &plan).unwrap();
            assert!(preview.triangles_n() < most, "{json}: {} triangles", preview.triangles_n());
            assert!(cache.plates.len() <= plan.plates.len().min(20), "{} kept", cache.plates.len());
            assert!(cache.plates.values().all(|mesh| check(mesh).is_ok()), "{json}");
            let (outer, size) = (plan.outer(), preview.size());
            let [wide, deep] = [outer.x, outer.y].map(|side| coordinate(side.tenths_um()));
            assert!(size[0] == wide && size[1] == deep, "{json}: {size:?}");
        }
    }

    #[test]
    fn plates_are_kept_by_their_content_and_nothing_else() {
        let mut cache = PreviewCache::default();
        for json in [
            r#"{"plate_size":[450,320],"magnets":true}"#,
            r#"{"plate_size":[450,320],"magnets":true}"#,
            r#"{"plate_size":[870,320],"magnets":true}"#,
            r#"{"plate_size":[450,320],"magnets":true,"numbering":false,"bed_size":[251,221]}"#,
            r#"{"plate_size":[450,320],"magnets":true,"magnet_diameter":6}"#,
            r#"{"plate_size":[450,320],"seam_style":1}"#,
            r#"{"plate_size":[450,320],"edge_adjust":[0,9,0,9],"separate_edge_padding":true}"#,
            r#"{"plate_size":[450,320],"plate_wall_thickness":[3,3,3,3],"plate_wall_above":[0,0,9,0]}"#,
            r#"{"plate_size":[450,320],"plate_wall_thickness":[3,3,3,3],"plate_wall_above":[0,0,0,9]}"#,
            r#"{"plate_size":[450,320],"vertical_screw_plate_corners":true}"#,
            r#"{"plate_size":[450,320],"cell_override":"cscse"}"#,
            r#"{"plate_size":[450,320],"cell_override":"ccsse"}"#,
        ] {
            let (spec, plan) = grid(json);
            let fresh = generate_preview(&spec, &plan).unwrap();
            assert!(cache.preview(&spec, &plan).unwrap() == fresh, "{json}");
        }
        let kept = cache.plates.len();
        let (spec, plan) = grid(r#"{"plate_size":[450,320],"magnets":true}"#);
        cache.preview(&spec, &plan).unwrap();
        assert_eq!(cache.plates.len(), kept, "nothing is made twice");
        // The limit drops what is kept.
        cache.triangles_n = KEPT_TRIANGLES_MAX;
        let (spec, plan) = grid(r#"{"plate_size":[42,84]}"#);
        cache.preview(&spec, &plan).unwrap();
        assert_eq!(cache.plates.len(), 1);
    }
}
