//! A shaded picture of a mesh, seen from the south and above; a small rasteriser of its own, no graphics card.
//!
//! Parallel projection, depth per pixel, one distant light and some from all around; four samples per pixel. Numbers
//! are computed in the same order on every machine, so a picture has the same bytes everywhere.

use super::png::Picture;
use crate::solid::Mesh;

/// Direction of view: turned by this about the upright axis and tilted by this from above, radians.
const TURN: f64 = 0.5;
const TILT: f64 = 0.95;
/// Samples per pixel in each direction.
const SAMPLES: usize = 2;
const BACKGROUND: [f64; 3] = [250.0, 251.0, 252.0];
const SURFACE: [f64; 3] = [72.0, 132.0, 196.0];
/// Direction to the light in the picture's frame (right, up, towards the viewer), of length 1.
const LIGHT: [f64; 3] = [-0.408, 0.577, 0.707];
const AMBIENT: f64 = 0.35;
/// Share of the picture that stays free around the mesh.
const MARGIN: f64 = 0.04;
/// Largest side of a picture, pixels.
pub const PICTURE_SIDE_MAX: u32 = 4096;

/// From where a mesh is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// From above.
    Above,
    /// From below, to see magnets and numbers.
    Below,
}

/// Draws `mesh` into a picture of a size in pixels, each side at least 1 and at most [`PICTURE_SIDE_MAX`].
#[must_use]
pub fn render(mesh: &Mesh, width: u32, height: u32, view: View) -> Picture {
    let (width, height) = (width.clamp(1, PICTURE_SIDE_MAX), height.clamp(1, PICTURE_SIDE_MAX));
    let [across, down] = [width, height].map(|side| usize::try_from(side).unwrap_or(1) * SAMPLES);
    let camera = Camera::new(mesh, across as f64, down as f64, view);
    let mut canvas = Canvas {
        across,
        down,
        depths: vec![f32::NEG_INFINITY; across * down],
        shades: vec![0; across * down],
    };
    for triangle in mesh.triangles_mm() {
        canvas.draw(triangle.map(|corner| camera.see(corner)));
    }
    Picture { width, height, pixels: canvas.pixels() }
}

struct Camera {
    /// Right, up and towards the viewer.
    axes: [[f64; 3]; 3],
    scale: f64,
    shift: [f64; 2],
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    let ([ax, ay, az], [bx, by, bz]) = (a, b);
    ax * bx + ay * by + az * bz
}

impl Camera {
    fn new(mesh: &Mesh, across: f64, down: f64, view: View) -> Self {
        let (turn_sin, turn_cos) = (libm::sin(TURN), libm::cos(TURN));
        let (tilt_sin, tilt_cos) = (libm::sin(TILT), libm::cos(TILT));
        let side = match view {
            View::Above => 1.0,
            View::Below => -1.0,
        };
        let right = [turn_cos, turn_sin, 0.0];
        let towards = [turn_sin * tilt_cos, -turn_cos * tilt_cos, side * tilt_sin];
        let up = [-turn_sin * tilt_sin * side, turn_cos * tilt_sin * side, tilt_cos];
        let [low, high] = mesh.bounds().map(|corner| corner.map(|v| f64::from(v) / 10_000.0));
        let (mut least, mut most) = ([f64::MAX; 2], [f64::MIN; 2]);
        let ([x0, y0, z0], [x1, y1, z1]) = (low, high);
        for x in [x0, x1] {
            for y in [y0, y1] {
                for z in [z0, z1] {
                    let seen = [dot(right, [x, y, z]), dot(up, [x, y, z])];
                    for ((value, least), most) in seen.iter().zip(&mut least).zip(&mut most) {
                        *least = least.min(*value);
                        *most = most.max(*value);
                    }
                }
            }
        }
        let ([left, bottom], [far, top]) = (least, most);
        let room = 1.0 - 2.0 * MARGIN;
        let scale = (across * room / (far - left).max(1e-6)).min(down * room / (top - bottom).max(1e-6));
        let shift = [
            across / 2.0 - scale * f64::midpoint(left, far),
            down / 2.0 + scale * f64::midpoint(bottom, top),
        ];
        Self { axes: [right, up, towards], scale, shift }
    }

    /// Place in the picture, counted down from the top, and nearness.
    fn see(&self, point: [f64; 3]) -> [f64; 3] {
        let [right, up, towards] = self.axes;
        let [left, top] = self.shift;
        [
            left + self.scale * dot(right, point),
            top - self.scale * dot(up, point),
            self.scale * dot(towards, point),
        ]
    }
}

struct Canvas {
    across: usize,
    down: usize,
    depths: Vec<f32>,
    /// Light of each sample, 1 … 255; 0 where there is nothing.
    shades: Vec<u8>,
}

impl Canvas {
    fn draw(&mut self, [a, b, c]: [[f64; 3]; 3]) {
        let ([ax, ay, az], [bx, by, bz], [cx, cy, cz]) = (a, b, c);
        let area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
        // Counter-clockwise seen from outside is clockwise where rows count down: others look away.
        if area >= 0.0 {
            return;
        }
        let (ux, uy, uz, vx, vy, vz) = (bx - ax, ay - by, bz - az, cx - ax, ay - cy, cz - az);
        let normal = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
        let length = libm::sqrt(dot(normal, normal)).max(1e-12);
        let light = AMBIENT + (1.0 - AMBIENT) * (dot(normal, LIGHT) / length).max(0.0);
        let shade = whole((light * 254.0).clamp(0.0, 254.0)) + 1;
        let rows = span(ay.min(by).min(cy), ay.max(by).max(cy), self.down);
        let columns = span(ax.min(bx).min(cx), ax.max(bx).max(cx), self.across);
        for row in rows {
            let y = row as f64 + 0.5;
            for column in columns.clone() {
                let x = column as f64 + 0.5;
                let of_a = ((bx - x) * (cy - y) - (cx - x) * (by - y)) / area;
                let of_b = ((cx - x) * (ay - y) - (ax - x) * (cy - y)) / area;
                let of_c = 1.0 - of_a - of_b;
                if of_a < 0.0 || of_b < 0.0 || of_c < 0.0 {
                    continue;
                }
                let at = row * self.across + column;
                #[expect(clippy::cast_possible_truncation, reason = "single precision is enough for depth")]
                let depth = (of_a * az + of_b * bz + of_c * cz) as f32;
                if let (Some(known), Some(pixel)) = (self.depths.get_mut(at), self.shades.get_mut(at))
                    && depth > *known
                {
                    *known = depth;
                    *pixel = u8::try_from(shade).unwrap_or(u8::MAX);
                }
            }
        }
    }

    /// The mean of the samples of each pixel.
    fn pixels(&self) -> Vec<[u8; 3]> {
        let mut pixels = Vec::with_capacity(self.shades.len() / (SAMPLES * SAMPLES));
        for row in (0..self.down).step_by(SAMPLES) {
            for column in (0..self.across).step_by(SAMPLES) {
                let mut sum = [0.0; 3];
                for sample in 0..SAMPLES * SAMPLES {
                    let at = (row + sample / SAMPLES) * self.across + column + sample % SAMPLES;
                    let shade = self.shades.get(at).copied().unwrap_or(0);
                    let colour = if shade == 0 {
                        BACKGROUND
                    } else {
                        SURFACE.map(|part| part * f64::from(shade) / 200.0)
                    };
                    for (sum, part) in sum.iter_mut().zip(colour) {
                        *sum += part.min(255.0);
                    }
                }
                let samples = (SAMPLES * SAMPLES) as f64;
                pixels.push(sum.map(|part| u8::try_from(whole(part / samples)).unwrap_or(u8::MAX)));
            }
        }
        pixels
    }
}

/// Samples whose middle lies between two coordinates.
fn span(low: f64, high: f64, count: usize) -> std::ops::Range<usize> {
    let limit = |value: f64| whole(value.clamp(0.0, count as f64));
    limit((low - 0.5).ceil())..limit((high + 0.5).floor()).min(count)
}

fn whole(value: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rounded, and saturating for absurd values"
    )]
    let whole = value.round() as usize;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_above_is_seen_from_above_and_lit() {
        let mesh = Mesh {
            corners: vec![[0, 0, 0], [100_000, 0, 0], [0, 100_000, 0], [0, 0, 100_000]],
            triangles: vec![[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]],
        };
        let (above, below) = (render(&mesh, 40, 30, View::Above), render(&mesh, 40, 30, View::Below));
        assert_eq!(above.pixels.len(), 40 * 30);
        let background = [250, 251, 252];
        let seen = |picture: &Picture| picture.pixels.iter().filter(|pixel| **pixel != background).count();
        assert!(seen(&above) > 100 && seen(&below) > 100, "{} {}", seen(&above), seen(&below));
        assert_ne!(above, below);
        assert_eq!(above, render(&mesh, 40, 30, View::Above));
    }

    #[test]
    fn from_below_the_underside_is_seen_and_not_the_inside_of_the_top() {
        // A flat tent: three sloping sides above one flat underside.
        let mesh = Mesh {
            corners: vec![[0, 0, 0], [100_000, 0, 0], [0, 100_000, 0], [33_000, 33_000, 20_000]],
            triangles: vec![[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]],
        };
        let below = render(&mesh, 80, 60, View::Below);
        let mut shades = std::collections::BTreeMap::<[u8; 3], usize>::new();
        for pixel in below.pixels.iter().filter(|pixel| **pixel != [250, 251, 252]) {
            *shades.entry(*pixel).or_default() += 1;
        }
        let (seen, most) = (shades.values().sum::<usize>(), shades.values().max().copied().unwrap_or(0));
        assert!(most * 10 > seen * 8, "{most} of {seen} pixels are one flat side");
    }
}
