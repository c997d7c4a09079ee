//! Intersection puzzle: half a tab or half a socket at each end of each cell along a seam.
//!
//! The two point lists are GridFlock's (Jonas Konrad, MIT / CC-BY 4.0): tight and loose, blended by the fit. Frame of
//! a half: origin at the cell corner on the seam, x out of the plate, y < 0 along the seam into the half's own cell.
//! North and east sides carry tabs, south and west sides sockets.

use super::boolean::{difference, hull, intersection};
use super::{Contour, Point, circle, counter_clockwise, from_mm, rectangle};
use crate::plan::{Sides, Style};
use protocol::grid::Share;

/// How far a tab of the original reaches past the end of its seam, tenths of a micrometre.
pub(crate) const SEAM_END: i64 = 3_000;
/// The corner of the pocket beside a cell corner: radius and distance, mm.
const CORNER_MM: f64 = 4.0;
/// Further out than any connector reaches, tenths of a micrometre.
const BEYOND: i32 = 50_000;

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

/// How far a tab sticks out, tenths of a micrometre.
pub(crate) fn male_reach(fit: Share) -> i64 {
    blend(MALE_TIGHT, MALE_LOOSE, fit).iter().map(|p| i64::from(p.x)).max().unwrap_or(0)
}

/// How far the lips of a socket stick out, tenths of a micrometre.
pub(crate) fn female_reach(fit: Share) -> i64 {
    // The last two points bound the cut outside of the plate.
    let points = blend(FEMALE_TIGHT, FEMALE_LOOSE, fit);
    points.iter().rev().skip(2).map(|p| i64::from(p.x)).max().unwrap_or(0)
}

/// What connectors take from a plate and what they add to it.
#[derive(Debug, Default)]
pub(crate) struct Connectors {
    /// Cut from the plate first.
    pub(crate) removed: Vec<Contour>,
    /// Added after everything else, at full height.
    pub(crate) added: Vec<Contour>,
    /// Where anything may be at all; empty = everywhere.
    pub(crate) allowed: Vec<Contour>,
}

/// The plate as its connectors see it.
pub(crate) struct Seams<'a> {
    /// Ends of the cells in x, first to last.
    pub(crate) lines_x: &'a [i32],
    /// Ends of the cells in y.
    pub(crate) lines_y: &'a [i32],
    /// Outline without connectors.
    pub(crate) low: Point,
    /// Outline without connectors.
    pub(crate) high: Point,
    /// Sides with a seam.
    pub(crate) neighbours: Sides<bool>,
    /// Ours, or the original's.
    pub(crate) style: Style,
}

/// One kind of half connector in its own frame.
struct Half {
    removed: Vec<Contour>,
    added: Vec<Contour>,
}

fn male(fit: Share) -> Half {
    let shape = counter_clockwise(blend(MALE_TIGHT, MALE_LOOSE, fit));
    let corner = from_mm(CORNER_MM);
    let pocket = [circle(Point::new(-corner, -corner), CORNER_MM)];
    Half { removed: difference(&[hull(&shape)], &pocket), added: difference(&[shape], &pocket) }
}

fn female(fit: Share) -> Half {
    let shape = counter_clockwise(blend(FEMALE_TIGHT, FEMALE_LOOSE, fit));
    let added = difference(&[hull(&shape)], std::slice::from_ref(&shape));
    Half { removed: vec![shape], added }
}

/// All connectors of a plate.
pub(crate) fn connectors(seams: &Seams<'_>, fit: Share) -> Connectors {
    let mut all = Connectors::default();
    let Sides { north, east, south, west } = seams.neighbours;
    if !(north || east || south || west) {
        return all;
    }
    let (male, female) = (male(fit), female(fit));
    // Quarter turns from an eastern seam; the cell ends along the seam; the seam's own coordinate.
    let sides = [(east, 0, &male), (north, 1, &male), (west, 2, &female), (south, 3, &female)];
    for (_, quarters, half) in sides.into_iter().filter(|(seam, ..)| *seam) {
        along_seam(seams, quarters, half, &mut all);
    }
    if seams.style == Style::Better {
        all.allowed = allowed(seams);
    }
    all
}

fn along_seam(seams: &Seams<'_>, quarters: i32, half: &Half, all: &mut Connectors) {
    let upright = quarters % 2 == 0;
    let (lines, across) =
        if upright { (seams.lines_y, seams.lines_x) } else { (seams.lines_x, seams.lines_y) };
    let at = if quarters < 2 { across.last() } else { across.first() };
    let (Some(&at), Some((&first, &last))) = (at, lines.first().zip(lines.last())) else {
        return;
    };
    let Sides { north, east, south, west } = seams.neighbours;
    let (seam_before, seam_after) = if upright { (south, north) } else { (west, east) };
    for &line in lines {
        let corner = if upright { Point::new(at, line) } else { Point::new(line, at) };
        // An eastern or western seam that meets this corner has its own connector there.
        let is_taken = !upright && ((line == first && west) || (line == last && east));
        if is_taken {
            continue;
        }
        // The half in the cell before the corner (along +x or +y), and the one in the cell behind it.
        for before in [true, false] {
            let is_outside = if before { line == first } else { line == last };
            let seam_there = if before { seam_before } else { seam_after };
            // Beyond the outermost cells there is only padding; a neighbour has its own half.
            if is_outside && seam_there {
                continue;
            }
            let place = Place { corner, quarters, before };
            let removed = half.removed.iter().map(|contour| place.moved(contour));
            let added = half.added.iter().map(|contour| place.moved(contour));
            if is_outside {
                let plate = [padding_strip(seams, upright)];
                all.removed.extend(intersection(&removed.collect::<Vec<_>>(), &plate));
                all.added.extend(intersection(&added.collect::<Vec<_>>(), &plate));
            } else {
                all.removed.extend(removed);
                all.added.extend(added);
            }
        }
    }
}

/// Where one half goes.
struct Place {
    corner: Point,
    /// Quarter turns from an eastern seam.
    quarters: i32,
    /// Whether in the cell before the corner (along +x or +y), not in the one behind it.
    before: bool,
}

impl Place {
    fn moved(&self, contour: &Contour) -> Contour {
        // In its own frame a half lies at y < 0; on seams turned by 0 to 3 quarters that is −y, +x, +y and −x.
        let own_side_is_before = self.quarters == 0 || self.quarters == 3;
        let mirrored = self.before != own_side_is_before;
        let turned = contour.iter().map(|p| {
            let p = if mirrored { Point::new(p.x, -p.y) } else { *p };
            self.corner.plus(p.turned(self.quarters))
        });
        let mut points: Contour = turned.collect();
        if mirrored {
            points.reverse();
        }
        points
    }
}

/// The plate, as long as it is along a seam and endless across it: halves in the padding end where it ends.
fn padding_strip(seams: &Seams<'_>, upright: bool) -> Contour {
    let (x, y) = if upright { (BEYOND, 0) } else { (0, BEYOND) };
    rectangle(Point::new(seams.low.x - x, seams.low.y - y), Point::new(seams.high.x + x, seams.high.y + y))
}

/// The outline, and a band beside each seam that ends where the seam ends: nothing overhangs the grid, and at a
/// corner where plates meet nothing reaches into the next plate's connector.
fn allowed(seams: &Seams<'_>) -> Vec<Contour> {
    let (low, high) = (seams.low, seams.high);
    let Sides { north, east, south, west } = seams.neighbours;
    let reach = |side: bool| if side { BEYOND } else { 0 };
    vec![
        rectangle(Point::new(low.x - reach(west), low.y), Point::new(high.x + reach(east), high.y)),
        rectangle(Point::new(low.x, low.y - reach(south)), Point::new(high.x, high.y + reach(north))),
    ]
}
