//! Intersection puzzle: the shapes of half a tab and half a socket. `seam` places one at each end of each cell.
//!
//! The two point lists are GridFlock's (Jonas Konrad, MIT / CC-BY 4.0): tight and loose, blended by the fit. Frame of
//! a half: origin at the cell corner on the seam, x out of the plate, y < 0 along the seam into the half's own cell.
//! North and east sides carry tabs, south and west sides sockets.

use super::boolean::{difference, hull, intersection, union};
use super::{Contour, Point, circle, counter_clockwise, from_mm, rectangle};
use crate::plan::Style;
use protocol::grid::Share;

/// How far a tab of the original reaches past the end of its seam, tenths of a micrometre.
pub(crate) const SEAM_END: i64 = 3_000;
/// Longer than half a connector along the seam, tenths of a micrometre: with this much padding there is room for the
/// half beyond the outermost cell corner.
pub(super) const HALF_LENGTH: i32 = 33_500;
/// Where the padding is wider than this, tenths of a micrometre, a socket at its seam's end keeps a wall.
const WALL_PADDING: i32 = 10_000;
/// How far such a socket reaches into the padding: past the tab's end (0.3 mm) with some clearance.
const SOCKET_END: i32 = 4_500;
/// So much padding holds a whole socket of a key with a wall beside it, tenths of a micrometre.
pub(crate) const KEY_ROOM: i32 = 26_000;
/// Clearance of a key in its socket, mm: tight and loose.
const KEY_CLEARANCE_MM: [f64; 2] = [0.05, 0.15];
/// Wider than the neck of a socket, where the list begins to flare for the tab, tenths of a micrometre.
const NECK: i32 = 22_000;
/// The corner of the pocket beside a cell corner: radius and distance, mm.
const CORNER_MM: f64 = 4.0;
/// Further out than any connector reaches, tenths of a micrometre.
pub(super) const BEYOND: i32 = 50_000;

type List = [(f64, f64)];

const MALE_TIGHT: &List = &[
    (-4.0, 0.0),
    (-0.0641, -3.2775),
    (0.0655, -3.2977),
    (-0.7093, -1.2147),
    (-0.6089, -0.6789),
    (-0.0932, -0.7529),
    (0.4644, -1.4506),
    (0.8743, -1.4937),
    (1.18, -1.1057),
    (1.18, 0.3),
];
const MALE_LOOSE: &List = &[
    (-4.0, 0.0),
    (-0.1530, -2.9125),
    (-0.1076, -2.8859),
    (-0.9479, -1.0369),
    (-0.7025, -0.3560),
    (0.0565, -0.4254),
    (0.4738, -1.1090),
    (0.8462, -1.2223),
    (1.1753, -0.8577),
    (1.18, 0.3),
];
const FEMALE_TIGHT: &List = &[
    (0.0, -3.0175),
    (0.5739, -1.3200),
    (0.4729, -0.9643),
    (0.0675, -1.0136),
    (-0.2576, -1.4464),
    (-0.5700, -1.6145),
    (-0.7957, -1.6070),
    (-1.2582, -1.0802),
    (-1.2457, 0.2989),
    (2.5640, 0.2991),
    (2.5351, -3.0171),
];
const FEMALE_LOOSE: &List = &[
    (-0.0047, -3.0175),
    (0.2557, -1.6850),
    (0.1875, -1.4603),
    (-0.0354, -1.4394),
    (-0.3091, -1.8348),
    (-0.6308, -1.8531),
    (-0.9641, -1.8176),
    (-1.2535, -1.3656),
    (-1.2457, 0.2989),
    (2.5640, 0.2991),
    (2.5351, -3.0171),
];

fn blend(tight: &List, loose: &List, fit: Share) -> Contour {
    let fit = fit.number();
    let mix = |a: f64, b: f64| from_mm(a * fit + b * (1.0 - fit));
    tight.iter().zip(loose).map(|(t, l)| Point::new(mix(t.0, l.0), mix(t.1, l.1))).collect()
}

/// How far tabs and the lips of sockets stick out, tenths of a micrometre.
pub(crate) fn reach(fit: Share, style: Style) -> [i64; 2] {
    let halves = Halves::new(fit, style);
    [halves.tab(None), halves.socket(None)].map(|half| i64::from(furthest(&half.added)))
}

/// Whether a seam has a connector at its end, at an outermost cell corner with this padding (tenths of a micrometre).
/// Where that corner is cut off, half a tab would hang on a thin neck or be loose; the original makes it all the same.
pub(crate) fn has_end(style: Style, padding: i64) -> bool {
    style == Style::UpstreamExact || padding >= 0
}

fn furthest(contours: &[Contour]) -> i32 {
    contours.iter().flatten().map(|point| point.x).max().unwrap_or(0)
}

/// Half a socket for a key: the socket of a tab as far as it is inside of its plate.
pub(crate) fn key_socket(fit: Share) -> Vec<Contour> {
    let shape = counter_clockwise(blend(FEMALE_TIGHT, FEMALE_LOOSE, fit));
    intersection(&[shape], &[rectangle(Point::new(-BEYOND, -NECK), Point::new(0, 0))])
}

/// The key that lies in two such sockets, seen from above, around the corner of the cells. It leaves the bins' space
/// free as tabs do.
pub(crate) fn key(fit: Share) -> Vec<Contour> {
    let [tight, loose] = KEY_CLEARANCE_MM;
    let clearance = from_mm(tight * fit.number() + loose * (1.0 - fit.number()));
    // The same outline, less wide, and less deep where it is deep.
    let depth = key_socket(fit).iter().flatten().map(|p| p.x).min().unwrap_or(0) + clearance;
    let narrower = |p: &Point| Point::new(p.x.max(depth), (p.y + clearance).min(0));
    let half: Vec<Contour> = key_socket(fit).iter().map(|c| c.iter().map(narrower).collect()).collect();
    let mirrored = |x: i32, y: i32| {
        half.iter().map(move |c| counter_clockwise(c.iter().map(|p| Point::new(x * p.x, y * p.y)).collect()))
    };
    let all: Vec<Contour> =
        [(1, 1), (-1, 1), (1, -1), (-1, -1)].into_iter().flat_map(|(x, y)| mirrored(x, y)).collect();
    let corner = from_mm(CORNER_MM);
    let pockets = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
        .map(|(x, y)| circle(Point::new(x * corner, y * corner), CORNER_MM));
    difference(&union(&all), &pockets)
}

/// Half a connector in its own frame.
#[derive(Clone)]
pub(crate) struct Half {
    /// Cut from the plate first.
    pub(crate) removed: Vec<Contour>,
    /// Added after everything else, at full height.
    pub(crate) added: Vec<Contour>,
}

impl Half {
    /// With its other half behind the corner.
    pub(crate) fn whole(self) -> Self {
        let both = |half: Vec<Contour>| {
            let mirrored = |c: &Contour| counter_clockwise(c.iter().map(|p| Point::new(p.x, -p.y)).collect());
            let other: Vec<Contour> = half.iter().map(mirrored).collect();
            [half, other].concat()
        };
        Self { removed: both(self.removed), added: both(self.added) }
    }
}

/// Half tabs and half sockets of one fit.
pub(crate) struct Halves {
    tab: Half,
    socket: Half,
    keyed: Half,
    style: Style,
}

impl Halves {
    pub(crate) fn new(fit: Share, style: Style) -> Self {
        let shape = counter_clockwise(blend(MALE_TIGHT, MALE_LOOSE, fit));
        let corner = from_mm(CORNER_MM);
        let pocket = [circle(Point::new(-corner, -corner), CORNER_MM)];
        let tab =
            Half { removed: difference(&[hull(&shape)], &pocket), added: difference(&[shape], &pocket) };
        let shape = counter_clockwise(blend(FEMALE_TIGHT, FEMALE_LOOSE, fit));
        let added = difference(&[hull(&shape)], std::slice::from_ref(&shape));
        let keyed = Half { removed: key_socket(fit), added: Vec::new() };
        Self { tab, socket: Half { removed: vec![shape], added }, keyed, style }
    }

    /// Half a socket for a key, which has no lips: both sides of the seam have one.
    pub(crate) fn keyed(&self) -> Half {
        self.keyed.clone()
    }

    /// Half a tab. `end` is the padding behind the corner if the seam ends there without another half.
    ///
    /// The lists reach 0.3 mm past the corner, into the other half. Where there is none the original overhangs the
    /// grid or collides with the next plate; ours ends at the corner, or in the padding.
    pub(crate) fn tab(&self, end: Option<i32>) -> Half {
        let past = end.map_or(0, |padding| padding.min(from_mm(SEAM_END as f64 / 10_000.0)));
        self.ended(&self.tab, past)
    }

    /// Half a socket, as [`Self::tab`]. At the end of a seam it is longer than the tab, and open to the outside where
    /// only a thin wall would be left.
    pub(crate) fn socket(&self, end: Option<i32>) -> Half {
        let mut half = self.ended(&self.socket, 0);
        if let Some(padding) = end.filter(|&padding| padding > 0 && self.style == Style::Better) {
            let past = if padding < WALL_PADDING { padding } else { SOCKET_END };
            let depth = half.removed.iter().flatten().map(|point| point.x).min().unwrap_or(0);
            half.removed.push(rectangle(Point::new(depth, 0), Point::new(BEYOND, past)));
        }
        half
    }

    fn ended(&self, half: &Half, past: i32) -> Half {
        if self.style == Style::UpstreamExact {
            return Half { removed: half.removed.clone(), added: half.added.clone() };
        }
        let cut = |contours: &[Contour], x: i32, y: i32| {
            intersection(contours, &[rectangle(Point::new(-BEYOND, -BEYOND), Point::new(x, y))])
        };
        let own = cut(&half.added, BEYOND, 0);
        // No end sticks out further than the halves within the seam, so that plates have one size.
        let added = if past > 0 { cut(&half.added, furthest(&own), past) } else { own };
        Half { removed: cut(&half.removed, BEYOND, past), added }
    }
}
