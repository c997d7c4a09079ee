//! A plate without seams once more, as solids that other kernels add and cut: made from the facts of the profile alone,
//! independent of the program's own shapes.
//!
//! Every solid is convex in plan: rings of equally many corners, one above the other.

use gridflock::{Mesh, Plan};
use manifold_rust::csg_tree::CsgNode;
use manifold_rust::linalg::Vec3;
use manifold_rust::manifold::Manifold;
use manifold_rust::types::{MeshGL64, OpType};
use protocol::grid::{GridSpec, MagnetStyle, Magnets};
use serde::Serialize;
use std::collections::BTreeMap;

type Ring = Vec<[f64; 2]>;

/// Rings from below to above, with their heights.
pub(crate) type Solid = Vec<(f64, Ring)>;

/// One step: the first adds to nothing.
#[derive(Serialize)]
pub(crate) struct Step {
    op: &'static str,
    solids: Vec<Solid>,
}

fn on_circle([x, y]: [f64; 2], radius: f64, step: i32) -> [f64; 2] {
    let angle = f64::from(step) * std::f64::consts::TAU / 40.0;
    [x + radius * angle.cos(), y + radius * angle.sin()]
}

fn prism(ring: Ring, low: f64, high: f64) -> Solid {
    vec![(low, ring.clone()), (high, ring)]
}

fn rectangle([x0, y0]: [f64; 2], [x1, y1]: [f64; 2]) -> Ring {
    vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}

/// A rectangle with round corners, whose centres lie `inset` within it.
fn rounded([x0, y0]: [f64; 2], [x1, y1]: [f64; 2], inset: f64, radius: f64) -> Ring {
    let centres = [
        [x1 - inset, y1 - inset],
        [x0 + inset, y1 - inset],
        [x0 + inset, y0 + inset],
        [x1 - inset, y0 + inset],
    ];
    let corner = |(quarter, centre): (i32, [f64; 2])| {
        (0..=10).map(move |step| on_circle(centre, radius, 10 * quarter + step))
    };
    (0..).zip(centres).flat_map(corner).collect()
}

/// What the steps are made from.
pub(crate) struct Ground {
    pub(crate) low: [f64; 2],
    pub(crate) high: [f64; 2],
    /// Both corners of each cell.
    pub(crate) cells: Vec<[[f64; 2]; 2]>,
    magnets: Option<Magnets>,
    bottom: f64,
    /// Bottom of the level of the magnets.
    level: f64,
    radius: f64,
}

impl Ground {
    pub(crate) fn of(spec: &GridSpec, plan: &Plan) -> Self {
        let mm = |tenths_um: i64| tenths_um as f64 / 1e4;
        let (x, y) = (&plan.axes.x, &plan.axes.y);
        let corner = |column: usize, row: usize| [mm(x.span(0, column)), mm(y.span(0, row))];
        let cells = |row: usize| {
            (0..x.cells.len()).map(move |column| [corner(column, row), corner(column + 1, row + 1)])
        };
        let magnets = spec.magnets();
        let level = -magnets.map_or(0.0, |magnets| magnets.level().mm());
        Self {
            low: [-mm(x.start), -mm(y.start)],
            high: [mm(x.outer() - x.start), mm(y.outer() - y.start)],
            cells: (0..y.cells.len()).flat_map(cells).collect(),
            magnets,
            bottom: level - spec.solid_base().mm(),
            level,
            radius: spec.corner_radius().mm(),
        }
    }

    fn pocket(&self, [from, to]: [[f64; 2]; 2]) -> Solid {
        let floor = if self.bottom < self.level { self.level } else { self.bottom - 1.0 };
        let ring = |radius: f64| rounded(from, to, 4.0, radius);
        let profile = [(floor, 1.15), (0.0, 1.15), (0.7, 1.85), (2.5, 1.85), (4.65, 4.0), (6.0, 4.0)];
        profile.map(|(z, radius)| (z, ring(radius))).to_vec()
    }

    /// Frames and holes of the magnets of some cells.
    fn magnets(&self, cells: &[[[f64; 2]; 2]]) -> [Vec<Solid>; 2] {
        let (mut frames, mut holes) = (Vec::new(), Vec::new());
        for &cell in cells {
            if let Some(magnets) = self.magnets {
                corner_magnets(magnets, cell, [self.bottom, self.level], &mut frames, &mut holes);
            }
        }
        [frames, holes]
    }

    /// Blocks of which pockets are cut, and everything else in its order.
    pub(crate) fn steps(&self, blocks: Vec<Solid>, cells: &[[[f64; 2]; 2]]) -> Vec<Step> {
        let pockets = cells.iter().map(|&cell| self.pocket(cell)).collect();
        let [frames, holes] = self.magnets(cells);
        let all = [("add", blocks), ("cut", pockets), ("add", frames), ("cut", holes)];
        all.into_iter()
            .filter(|(_, solids)| !solids.is_empty())
            .map(|(op, solids)| Step { op, solids })
            .collect()
    }

    pub(crate) fn outline(&self) -> Step {
        let Self { low, high, radius, .. } = *self;
        let outline = if radius > 0.0 { rounded(low, high, radius, radius) } else { rectangle(low, high) };
        Step { op: "keep", solids: vec![prism(outline, self.bottom - 1.0, 6.0)] }
    }

    pub(crate) fn block(&self, low: [f64; 2], high: [f64; 2]) -> Solid {
        prism(rectangle(low, high), self.bottom, 4.65)
    }
}

/// The steps of the only plate of `plan`, in the frame of its first cell.
pub(crate) fn steps(spec: &GridSpec, plan: &Plan) -> Vec<Step> {
    let ground = Ground::of(spec, plan);
    let mut steps = ground.steps(vec![ground.block(ground.low, ground.high)], &ground.cells);
    steps.push(ground.outline());
    steps
}

/// The magnets of one cell; which corners have one is the original's rule.
fn corner_magnets(
    magnets: Magnets,
    [from, to]: [[f64; 2]; 2],
    [bottom, level]: [f64; 2],
    frames: &mut Vec<Solid>,
    holes: &mut Vec<Solid>,
) {
    let (radius, reach) = (magnets.diameter.mm() / 2.0, magnets.diameter.mm() / 2.0 + magnets.border.mm());
    let far = 8.0 + reach;
    let [wide, deep] = [to[0] - from[0], to[1] - from[1]];
    if wide.min(deep) < far {
        return;
    }
    let (narrow, shallow) = (wide < 42.0, deep < 42.0);
    let direction = if narrow == shallow && wide <= 42.0 && deep <= 42.0 { 5 } else { 0 };
    let corners = [
        (from, !narrow),
        ([to[0], from[1]], !shallow),
        (to, !narrow),
        ([from[0], to[1]], narrow || !shallow),
    ];
    for (quarters, (corner, _)) in (0..4).zip(corners).filter(|(_, (_, used))| *used) {
        let turned = |[x, y]: [f64; 2]| {
            let (sin, cos) = [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)][quarters];
            [corner[0] + x * cos - y * sin, corner[1] + x * sin + y * cos]
        };
        let moved = |ring: Ring| -> Ring { ring.into_iter().map(turned).collect() };
        let axis = [8.0, 8.0];
        let arc = |radius: f64, steps: std::ops::RangeInclusive<i32>| {
            steps.map(move |step| on_circle(axis, radius, step)).collect::<Ring>()
        };
        let frame = [vec![[0.0, 0.0], [far, 0.0]], arc(reach, 0..=10), vec![[0.0, far]]].concat();
        frames.push(prism(moved(frame), level, 0.0));
        let stadium = |radius: f64, length: f64, direction: i32| {
            let end = on_circle(axis, length, direction);
            let back = arc(radius, direction + 10..=direction + 30);
            let front: Ring =
                (direction - 10..=direction + 10).map(|step| on_circle(end, radius, step)).collect();
            [back, front].concat()
        };
        let (floor, ceiling) = (level + magnets.bottom.mm(), -magnets.top.mm());
        let under = bottom - 1.0;
        let release = magnets.release_width.map(|width| width.mm() / 2.0);
        if magnets.style == MagnetStyle::PressFit {
            // A half circle, then straight on.
            let ahead = on_circle([0.0, 0.0], reach, direction);
            let mut slot = arc(radius, direction + 10..=direction + 30);
            for step in [direction + 30, direction + 10] {
                let [x, y] = on_circle(axis, radius, step);
                slot.push([x + ahead[0], y + ahead[1]]);
            }
            holes.push(prism(moved(slot), floor, ceiling));
            let ring = release.map(|half| stadium(half, radius + 2.0, direction + 20));
            holes.extend(ring.map(|ring| prism(moved(ring), under, ceiling)));
        } else {
            let [low, high] =
                if magnets.style == MagnetStyle::GlueTop { [floor, 0.5] } else { [under, ceiling] };
            holes.push(prism(moved(arc(radius, 0..=39)), low, high));
            holes.extend(release.map(|half| prism(moved(arc(half, 0..=39)), under, 0.5)));
        }
    }
}

fn solid(rings: &Solid) -> Manifold {
    let n = rings[0].1.len();
    let corners: Vec<[f64; 3]> =
        rings.iter().flat_map(|(z, ring)| ring.iter().map(move |[x, y]| [*x, *y, *z])).collect();
    let top = (rings.len() - 1) * n;
    let mut triangles: Vec<[usize; 3]> = Vec::new();
    for i in 1..n - 1 {
        triangles.extend([[0, i + 1, i], [top, top + i, top + i + 1]]);
    }
    for level in (0..top).step_by(n) {
        for i in 0..n {
            let (a, b) = (level + i, level + (i + 1) % n);
            triangles.extend([[a, b, b + n], [a, b + n, a + n]]);
        }
    }
    manifold(&corners, &triangles)
}

fn manifold(corners: &[[f64; 3]], triangles: &[[usize; 3]]) -> Manifold {
    Manifold::from_mesh_gl64(&MeshGL64 {
        num_prop: 3,
        vert_properties: corners.concat(),
        tri_verts: triangles.iter().flatten().map(|&corner| corner as u64).collect(),
        ..MeshGL64::default()
    })
}

/// The operands as this kernel's own solids, so that a bench times the booleans alone.
pub(crate) fn operands(steps: &[Step]) -> Vec<(&'static str, Vec<Manifold>)> {
    steps.iter().map(|step| (step.op, step.solids.iter().map(solid).collect())).collect()
}

/// All steps, each as one batch.
pub(crate) fn evaluate(operands: &[(&'static str, Vec<Manifold>)]) -> Manifold {
    let mut plate = Manifold::empty();
    for (op, solids) in operands {
        let leaves = || solids.iter().map(|solid| CsgNode::leaf(solid.as_impl().clone()));
        let before = CsgNode::leaf(plate.into_impl());
        let node = match *op {
            "add" => CsgNode::op_n(OpType::Add, std::iter::once(before).chain(leaves()).collect()),
            "cut" => CsgNode::op_n(OpType::Subtract, std::iter::once(before).chain(leaves()).collect()),
            _ => CsgNode::op_n(OpType::Intersect, std::iter::once(before).chain(leaves()).collect()),
        };
        plate = Manifold::from_impl(node.evaluate());
    }
    plate
}

/// A mesh of the program, moved so that its lowest corner is at `low`.
pub(crate) fn imported(mesh: &Mesh, low: [f64; 3]) -> Manifold {
    let [from, _] = mesh.bounds();
    let shift = [0, 1, 2].map(|axis: usize| low[axis] - f64::from(from[axis]) / 1e4);
    let mut known: BTreeMap<[u64; 3], usize> = BTreeMap::new();
    let (mut corners, mut triangles) = (Vec::new(), Vec::new());
    for triangle in mesh.triangles_mm() {
        triangles.push(triangle.map(|corner| {
            *known.entry(corner.map(|v| (v + 0.0).to_bits())).or_insert_with(|| {
                corners.push([0, 1, 2].map(|axis: usize| corner[axis] + shift[axis]));
                corners.len() - 1
            })
        }));
    }
    manifold(&corners, &triangles)
}

/// Lowest corner of a solid.
pub(crate) fn lowest(solid: &Manifold) -> [f64; 3] {
    let Vec3 { x, y, z } = solid.bounding_box().min;
    [x, y, z]
}
