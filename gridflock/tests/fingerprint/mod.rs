//! A numeric fingerprint of a plate, and whether a mesh has it.
//!
//! Four views that together see a filled magnet hole, a connector moved by 0.05 mm or a scale of 2·10⁻⁴: volume;
//! outer size; 600 vertical rays with their solid intervals; and the Fourier integral of the solid at 32 fixed
//! frequencies, exact by the divergence theorem, whose error never exceeds the volume that differs.

use serde::Deserialize;
use std::f64::consts::TAU;

const RAYS: usize = 600;
const FREQUENCIES: usize = 32;
const FREQUENCY_SEED: u64 = 20_240_917;
/// Limits of a passing mesh.
const RAY_MM: f64 = 0.01;
const RAY_SHARE: f64 = 0.003;
const VOLUME_SHARE: f64 = 1e-5;
const SIZE_MM: f64 = 0.002;
const SPECTRUM: [f64; 2] = [6e-6, 0.03];
/// Rays closer than this to an edge are not judged; gaps and walls thinner than `THIN` are closed.
const EDGE_MM: f64 = 2e-4;
const THIN: f64 = 0.002;

pub(crate) type Triangle = [[f64; 3]; 3];

#[derive(Deserialize)]
pub(crate) struct Fingerprint {
    pub(crate) params: serde_json::Value,
    pub(crate) bodies: Vec<Body>,
}

#[derive(Deserialize)]
pub(crate) struct Body {
    pub(crate) volume: f64,
    area: f64,
    pub(crate) size: [f64; 3],
    rays: Rays,
    spectrum: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Rays {
    intervals: Vec<Vec<i64>>,
    index: Vec<i64>,
}

/// Numbers in [0, 1) from a seed (splitmix64).
fn random(seed: u64, count: usize) -> Vec<f64> {
    let number = |step: u64| {
        let mut z = seed.wrapping_add(step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    (1..=count as u64).map(number).collect()
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Volume and outer size, for finding the body that a mesh should be.
pub(crate) fn volume_and_size(mesh: &[Triangle]) -> (f64, [f64; 3]) {
    let volume = mesh.iter().map(|[a, b, c]| dot(*a, cross(*b, *c)) / 6.0).sum();
    let (low, high) = bounds(mesh);
    (volume, minus(high, low))
}

fn bounds(mesh: &[Triangle]) -> ([f64; 3], [f64; 3]) {
    let fold = |start: f64, pick: fn(f64, f64) -> f64| {
        mesh.iter()
            .flatten()
            .fold([start; 3], |all, corner| [0, 1, 2].map(|axis| pick(all[axis], corner[axis])))
    };
    (fold(f64::MAX, f64::min), fold(f64::MIN, f64::max))
}

/// Everything that is wrong with a mesh that should be `body`, of which so much may have another shape.
pub(crate) fn differences(body: &Body, mesh: &[Triangle], other_mm3: f64) -> Vec<String> {
    let mut found = Vec::new();
    let (low, _) = bounds(mesh);
    let mesh: Vec<Triangle> = mesh.iter().map(|triangle| triangle.map(|corner| minus(corner, low))).collect();
    let (volume, size) = volume_and_size(&mesh);
    if (volume - body.volume).abs() > (VOLUME_SHARE * body.volume).max(0.002) + other_mm3 {
        found.push(format!("volume {volume} mm³ instead of {}", body.volume));
    }
    if size.iter().zip(body.size).any(|(a, b)| (a - b).abs() > SIZE_MM) {
        found.push(format!("size {size:?} instead of {:?}", body.size));
    }
    found.extend(ray_differences(body, &mesh));
    let weight = |[a, b, c]: &Triangle| dot(*a, cross(*b, *c)) / 24.0;
    let centre = [0, 1, 2].map(|axis| {
        mesh.iter().map(|t| weight(t) * (t[0][axis] + t[1][axis] + t[2][axis])).sum::<f64>() / volume
    });
    let limit = SPECTRUM[0] * body.area + SPECTRUM[1] + other_mm3;
    let worst = spectrum(&mesh, centre)
        .iter()
        .zip(&body.spectrum)
        .map(|(ours, theirs)| (ours[0] - theirs[0]).hypot(ours[1] - theirs[1]))
        .fold(0.0, f64::max);
    if worst > limit {
        found.push(format!("spectrum differs by {worst} mm³, limit {limit}"));
    }
    found
}

fn ray_differences(body: &Body, mesh: &[Triangle]) -> Option<String> {
    let [x, y, z] = body.size.map(|side| (side * 1e4).round() as u64);
    let seed = u128::from(x) * 1_000_003 + u128::from(y);
    let seed = (seed * 1_000_033 + u128::from(z)) % (1 << 63);
    let places = random(seed as u64, 2 * RAYS);
    let (mut judged, mut wrong, mut skipped) = (0, 0, 0);
    let mut examples = Vec::new();
    for (place, &expected) in places.chunks_exact(2).zip(&body.rays.index) {
        let at = [place[0] * x as f64 / 1e4, place[1] * y as f64 / 1e4];
        let Ok(expected) = usize::try_from(expected) else {
            continue;
        };
        let Some(ours) = ray(mesh, at) else {
            skipped += 1;
            continue;
        };
        judged += 1;
        let theirs: Vec<f64> = body.rays.intervals[expected].iter().map(|&z| z as f64 / 1e4).collect();
        let same =
            ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() <= RAY_MM);
        wrong += usize::from(!same);
        if !same && examples.len() < 5 {
            examples.push(format!("at {at:.3?} {ours:?} instead of {theirs:?}"));
        }
    }
    let fails = wrong as f64 > RAY_SHARE * f64::from(judged) || skipped * 20 > judged;
    fails.then(|| format!("{wrong} of {judged} rays differ, {skipped} could not be judged: {examples:#?}"))
}

/// Ends of the solid intervals of a vertical ray; `None` if it runs along an edge.
fn ray(mesh: &[Triangle], at: [f64; 2]) -> Option<Vec<f64>> {
    let mut hits: Vec<(f64, i32)> = Vec::new();
    for triangle in mesh {
        let outside = |axis: usize| {
            let values = triangle.map(|corner| corner[axis]);
            let low = values.iter().copied().fold(f64::MAX, f64::min);
            let high = values.iter().copied().fold(f64::MIN, f64::max);
            at[axis] < low - EDGE_MM || at[axis] > high + EDGE_MM
        };
        if outside(0) || outside(1) {
            continue;
        }
        let mut sides = [0.0; 3];
        for (index, side) in sides.iter_mut().enumerate() {
            let (from, to) = (triangle[index], triangle[(index + 1) % 3]);
            let (edge, to_point) = ([to[0] - from[0], to[1] - from[1]], [at[0] - from[0], at[1] - from[1]]);
            *side = edge[0] * to_point[1] - edge[1] * to_point[0];
            let length = edge[0] * edge[0] + edge[1] * edge[1];
            let along =
                if length > 0.0 { (to_point[0] * edge[0] + to_point[1] * edge[1]) / length } else { 0.0 };
            let along = along.clamp(0.0, 1.0);
            if (to_point[0] - along * edge[0]).hypot(to_point[1] - along * edge[1]) < EDGE_MM {
                return None;
            }
        }
        let is_inside = sides.iter().all(|s| *s > 0.0) || sides.iter().all(|s| *s < 0.0);
        if is_inside {
            let sum: f64 = sides.iter().sum();
            let z = (sides[1] * triangle[0][2] + sides[2] * triangle[1][2] + sides[0] * triangle[2][2]) / sum;
            hits.push((z, if sum > 0.0 { 1 } else { -1 }));
        }
    }
    hits.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (mut depth, mut start, mut ends) = (0, 0.0, Vec::new());
    for (z, change) in hits {
        let after = depth - change;
        if depth <= 0 && after > 0 {
            start = z;
        } else if depth > 0 && after <= 0 {
            ends.extend([start, z]);
        }
        depth = after;
    }
    (depth == 0).then(|| without_thin(&ends))
}

fn without_thin(ends: &[f64]) -> Vec<f64> {
    let mut joined: Vec<f64> = Vec::new();
    for pair in ends.chunks_exact(2) {
        match joined.last_mut() {
            Some(last) if pair[0] - *last < THIN => *last = pair[1],
            _ => joined.extend(pair),
        }
    }
    joined.chunks_exact(2).filter(|pair| pair[1] - pair[0] >= THIN).flatten().copied().collect()
}

/// The integral of exp(i k · (x − centre)) over the solid, for each frequency.
fn spectrum(mesh: &[Triangle], centre: [f64; 3]) -> Vec<[f64; 2]> {
    random(FREQUENCY_SEED, 3 * FREQUENCIES)
        .chunks_exact(3)
        .map(|u| {
            let size = TAU / (2.5 * 6.0_f64.powf(u[0]));
            let k = [size * (TAU * u[1]).cos(), size * (TAU * u[1]).sin(), (2.0 * u[2] - 1.0) * TAU / 6.0];
            let mut sum = [0.0; 2];
            for triangle in mesh {
                let [a, b, c] = triangle.map(|corner| minus(corner, centre));
                let weight = dot(cross(minus(b, a), minus(c, a)), k);
                let [re, im] = over_triangle([dot(a, k), dot(b, k), dot(c, k)]);
                sum = [sum[0] + weight * re, sum[1] + weight * im];
            }
            // Divided by i |k|².
            [sum[1] / dot(k, k), -sum[0] / dot(k, k)]
        })
        .collect()
}

/// The mean of exp(i t) over a triangle with these phases at its corners, times one half: a divided difference.
fn over_triangle(mut phases: [f64; 3]) -> [f64; 2] {
    phases.sort_by(f64::total_cmp);
    let [a, b, d] = phases;
    let mean = |low: f64, high: f64| {
        let (half, middle) = ((high - low) / 2.0, (high + low) / 2.0);
        let size = if half.abs() < 1e-9 { 1.0 } else { half.sin() / half };
        [size * middle.cos(), size * middle.sin()]
    };
    let spread = d - a;
    if spread <= 1e-3 {
        let third = (a + b + d) / 3.0;
        return [0.5 * third.cos(), 0.5 * third.sin()];
    }
    let (first, second) = (mean(a, b), mean(b, d));
    // (second − first) / (i spread)
    [(second[1] - first[1]) / spread, -(second[0] - first[0]) / spread]
}
