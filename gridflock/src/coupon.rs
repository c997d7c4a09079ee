//! Fit coupons: small parts to print first, with the connectors and magnet holes of a grid in graded clearances.
//!
//! Every place has a mark engraved beside it. Two bars for connectors: one with tabs, one with sockets, and places of
//! the same mark belong together. The geometry is that of the plates, so what fits here fits there.

use crate::error::GenerateError;
use crate::generate::{build_part, place};
use crate::plan::Style;
use crate::shape::connector::{Halves, key};
use crate::shape::magnet::ribs;
use crate::shape::number::label;
use crate::shape::pocket::TOP;
use crate::shape::{Contour, Point, circle, coordinate, edge, from_mm, rectangle};
use crate::solid::Mesh;
use crate::solid::layers::{Action, Height::Flat, Layers, Region};
use protocol::grid::{EdgePuzzle, GridSpec, Length, MagnetStyle, Magnets, SeamStyle, Share};

/// Fits of the intersection puzzle, in tenths.
const FITS: [i64; 6] = [0, 2, 4, 6, 8, 10];
/// Gaps of the edge puzzle, hundredths of a millimetre.
const GAPS: [i64; 6] = [5, 10, 15, 20, 25, 30];
/// Diameters of magnet holes beside that of the grid, tenths of a millimetre.
const DIAMETERS: [i64; 6] = [-2, -1, 0, 1, 2, 3];
/// Distance of places for the intersection puzzle, and depth of a bar, tenths of a micrometre.
const STEP: i32 = 120_000;
const DEPTH: i32 = 120_000;
/// Height of a mark and its depth, tenths of a micrometre.
const MARK: i32 = 35_000;
const MARK_DEEP: i32 = 4_000;
/// Material around the bars of the edge puzzle and around magnets, tenths of a micrometre.
const AROUND: i32 = 30_000;
/// Higher and lower than anything, tenths of a micrometre.
const FAR: i32 = 10_000_000;

/// One part to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// Its name: letters and dashes.
    pub name: &'static str,
    /// What its marks mean.
    pub marks: &'static str,
    /// The part, standing on z = 0.
    pub mesh: Mesh,
}

/// The coupons for the connectors and magnets of `spec`; none if it has neither.
///
/// # Errors
/// `Part` for faults of this program: every mesh is proven closed and two-manifold first.
pub fn coupons(spec: &GridSpec) -> Result<Vec<Coupon>, GenerateError> {
    let mut all = Vec::new();
    if spec.connectors().intersection.is_some() {
        let marks = "intersection_puzzle_fit in tenths";
        let seams = spec.connectors().seams;
        all.push(coupon("corner-tabs", marks, intersection(seams, true))?);
        all.push(coupon("corner-sockets", marks, intersection(seams, false))?);
    }
    if let Some(puzzle) = spec.connectors().edge {
        let marks = "edge_puzzle_gap in hundredths of a millimetre";
        all.push(coupon("edge-tabs", marks, edge_puzzle(&puzzle, true))?);
        all.push(coupon("edge-sockets", marks, edge_puzzle(&puzzle, false))?);
    }
    if let Some(found) = spec.magnets() {
        all.push(coupon("magnets", "magnet_diameter in hundredths of a millimetre", magnets(found))?);
    }
    Ok(all)
}

/// Meshes one behind the other from south to north, as one mesh to look at.
#[must_use]
pub fn in_a_row(meshes: &[&Mesh]) -> Mesh {
    let (mut all, mut y) = (Mesh::default(), 0);
    for mesh in meshes {
        let mut mesh = (*mesh).clone();
        let [low, high] = mesh.bounds();
        mesh.map(|[px, py, pz]| [px, py - low[1] + y, pz]);
        y += high[1] - low[1] + 2 * AROUND;
        all.append(&mesh);
    }
    all
}

fn coupon(name: &'static str, marks: &'static str, layers: Layers<'_>) -> Result<Coupon, GenerateError> {
    let mut mesh = build_part(layers, "coupon")?;
    place(&mut mesh, false);
    Ok(Coupon { name, marks, mesh })
}

/// A bar along x between two heights in y, as high as said, with marks from above.
fn bar<'a>([low, high]: [i32; 2], length: i32, top: i32) -> Layers<'a> {
    let mut layers = Layers::default();
    let outline = rectangle(Point::new(0, low), Point::new(length, high));
    layers.push(Region::of(vec![outline]), Action::Add(Flat(0), Flat(top)));
    layers
}

fn mark(layers: &mut Layers<'_>, marks: Vec<Contour>, top: i32) {
    layers.push(Region::of(marks), Action::Cut(Flat(top - MARK_DEEP.min(top / 2)), Flat(FAR)));
}

fn centres(count: usize, step: i32) -> impl Iterator<Item = i32> {
    (0..count).map(move |index| i32::try_from(index).unwrap_or(0) * step + step / 2)
}

/// Tabs on the northern side of a bar, or sockets in the southern one.
fn intersection<'a>(seams: SeamStyle, is_tabs: bool) -> Layers<'a> {
    let depth = if is_tabs { [-DEPTH, 0] } else { [0, DEPTH] };
    let length = i32::try_from(FITS.len()).unwrap_or(0) * STEP;
    let mut layers = bar(depth, length, TOP);
    let (mut removed, mut added, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    let quarters = if is_tabs { 1 } else { 3 };
    for (tenths, x) in FITS.into_iter().zip(centres(FITS.len(), STEP)) {
        let Some(fit) = Share::from_number(tenths as f64 / 10.0) else { continue };
        let halves = Halves::new(fit, Style::Better);
        let whole = match (seams == SeamStyle::Keyed, is_tabs) {
            (true, true) => crate::shape::connector::Half { removed: Vec::new(), added: key(fit) },
            (true, false) => halves.keyed().whole(),
            (false, true) => halves.tab(None).whole(),
            (false, false) => halves.socket(None).whole(),
        };
        let moved = |contour: Contour| -> Contour {
            contour.into_iter().map(|p| Point::new(x, 0).plus(p.turned(quarters))).collect()
        };
        removed.extend(whole.removed.into_iter().map(moved));
        added.extend(whole.added.into_iter().map(moved));
        let y = if is_tabs { -DEPTH * 2 / 3 } else { DEPTH * 2 / 3 };
        marks.extend(label(&tenths.to_string(), Point::new(x, y), MARK));
    }
    layers.push(Region::of(removed), Action::Cut(Flat(-FAR), Flat(FAR)));
    layers.push(Region::of(added), Action::Add(Flat(0), Flat(TOP)));
    mark(&mut layers, marks, TOP);
    layers
}

/// Pieces on the northern side of a bar, all alike, or sockets of different gaps in the southern one.
fn edge_puzzle<'a>(puzzle: &EdgePuzzle, is_tabs: bool) -> Layers<'a> {
    let step = coordinate(puzzle.bar[0].tenths_um()) + 2 * AROUND;
    let deep = coordinate(edge::reach(puzzle)) + MARK + 2 * AROUND;
    let (depth, y) =
        if is_tabs { ([-deep, 0], -deep + AROUND + MARK / 2) } else { ([0, deep], deep - AROUND - MARK / 2) };
    let height = coordinate(puzzle.height.tenths_um());
    let top = height + AROUND / 2;
    let length = i32::try_from(GAPS.len()).unwrap_or(0) * step;
    let mut layers = bar(depth, length, top);
    let (mut pieces, mut marks) = (Vec::new(), Vec::new());
    for (hundredths, x) in GAPS.into_iter().zip(centres(GAPS.len(), step)) {
        let graded = EdgePuzzle { gap: Length::from_tenths_um(hundredths * 100), ..*puzzle };
        let shape = if is_tabs { edge::tab(puzzle) } else { edge::socket(&graded, Style::Better) };
        pieces.extend(shape.iter().map(|c| c.iter().map(|p| p.plus(Point::new(x, 0))).collect::<Contour>()));
        marks.extend(label(&hundredths.to_string(), Point::new(x, y), MARK));
    }
    let action = if is_tabs {
        Action::Add(Flat(0), Flat(height - coordinate(puzzle.male_delta.tenths_um())))
    } else {
        Action::Cut(Flat(-FAR), Flat(height))
    };
    layers.push(Region::of(pieces), action);
    mark(&mut layers, marks, top);
    layers
}

/// A slab with holes as the grid has them: from above, or from the northern side where magnets are pressed in.
fn magnets<'a>(magnets: Magnets) -> Layers<'a> {
    let diameter = coordinate(magnets.diameter.tenths_um());
    let is_pressed = magnets.style == MagnetStyle::PressFit;
    let step = diameter + 3 * AROUND;
    let deep = diameter + MARK + 3 * AROUND;
    // A floor below glued magnets in any case: the slab is printed as it lies.
    let floor = coordinate(magnets.bottom.max(magnets.top).tenths_um());
    let hole = [floor, floor + coordinate(magnets.height.tenths_um())];
    let top = if is_pressed { hole[1] + coordinate(magnets.top.tenths_um()) } else { hole[1] };
    let length = i32::try_from(DIAMETERS.len()).unwrap_or(0) * step;
    let mut layers = bar([0, deep], length, top);
    let (mut holes, mut ribbed, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    for (tenths, x) in DIAMETERS.into_iter().zip(centres(DIAMETERS.len(), step)) {
        let graded = Length::from_tenths_um(magnets.diameter.tenths_um() + tenths * 1000);
        let centre = Point::new(x, deep - AROUND - diameter / 2);
        let half = from_mm(graded.mm() / 2.0);
        holes.push(circle(centre, graded.mm() / 2.0));
        if is_pressed {
            holes.push(rectangle(centre.plus(Point::new(-half, 0)), Point::new(x + half, deep)));
        }
        let graded = Magnets { diameter: graded, ..magnets };
        ribbed.extend(magnets.ribs.into_iter().flat_map(|found| ribs(centre, graded, found)));
        let hundredths = graded.diameter.tenths_um() / 100;
        marks.extend(label(&hundredths.to_string(), Point::new(x, AROUND + MARK / 2), MARK));
    }
    let reaches = if is_pressed { hole[1] } else { FAR };
    layers.push(Region::of(holes), Action::Cut(Flat(hole[0]), Flat(reaches)));
    if !ribbed.is_empty() {
        layers.push(Region::of(ribbed), Action::Add(Flat(hole[0]), Flat(hole[1] - MARK_DEEP)));
    }
    mark(&mut layers, marks, top);
    layers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::boolean::{difference, intersection as overlap};
    use crate::shape::twice_area;
    use protocol::grid::GridParams;

    fn made(json: &str) -> Vec<Coupon> {
        coupons(&GridSpec::check(&GridParams::from_json(json).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn a_grid_has_coupons_for_what_it_has() {
        let names = |json: &str| made(json).iter().map(|coupon| coupon.name).collect::<Vec<_>>();
        assert_eq!(names("{}"), ["corner-tabs", "corner-sockets"]);
        assert_eq!(names(r#"{"seam_style":2}"#), ["corner-tabs", "corner-sockets"]);
        assert!(names(r#"{"connector_intersection_puzzle":false}"#).is_empty());
        let all = names(r#"{"connector_edge_puzzle":true,"magnets":true}"#);
        assert_eq!(all, ["corner-tabs", "corner-sockets", "edge-tabs", "edge-sockets", "magnets"]);
        for style in 0..3 {
            for diameter in [3.0, 5.9, 10.0] {
                let rest = if style == 1 { "" } else { r#","magnet_rib_count":6"# };
                let json = format!(
                    r#"{{"magnets":true,"magnet_style":{style},"magnet_diameter":{diameter},"magnet_release_width":0{rest}}}"#
                );
                let coupon = made(&json).pop().unwrap();
                assert_eq!(coupon.name, "magnets");
                assert_eq!(coupon.mesh.bounds()[0][2], 0, "it stands on the bed");
            }
        }
    }

    #[test]
    fn holes_and_sockets_become_looser_from_mark_to_mark() {
        // The volume of each place, from the parts cut between them.
        let fits: Vec<f64> = FITS
            .iter()
            .map(|&tenths| {
                let fit = Share::from_number(tenths as f64 / 10.0).unwrap();
                let halves = Halves::new(fit, Style::Better);
                let (tab, socket) = (halves.tab(None).whole(), halves.socket(None).whole());
                let outside = [rectangle(Point::new(0, -60_000), Point::new(60_000, 60_000))];
                let tab = overlap(&tab.added, &outside);
                // Turned by half, the socket lies where the tab goes.
                let turned = |c: &Contour| c.iter().map(|p| p.turned(2)).collect::<Contour>();
                let socket: Vec<Contour> = socket.removed.iter().map(turned).collect();
                let free = difference(&overlap(&socket, &outside), &tab);
                free.iter().map(|c| twice_area(c)).sum::<i64>() as f64 / 2e8
            })
            .collect();
        assert!(fits.windows(2).all(|pair| pair[0] > pair[1] + 0.1), "{fits:?}");
        // Tabs stick out by 1.18 mm, lips of sockets by 0.57 mm at most.
        let deep = |n: usize| made("{}").swap_remove(n).mesh.size()[1];
        assert_eq!([deep(0), deep(1)], [131_800, 125_739]);
    }
}
