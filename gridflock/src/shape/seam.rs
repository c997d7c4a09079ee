//! Where the halves of connectors go along the seams of a plate.
//!
//! North and east sides carry tabs, south and west sides sockets, unless the seams are of another style. Every cell end
//! on a seam has a half; so has the padding beside an outermost cell if there is room. Nothing ours overhangs the
//! outline of the grid.

use super::boolean::intersection;
use super::connector::{BEYOND, HALF_LENGTH, Half, Halves, KEY_ROOM, has_end};
use super::{Contour, Point, rectangle};
use crate::plan::{Sides, Style};
use protocol::grid::{SeamStyle, Share};

/// So far a tab reaches into its own plate, tenths of a micrometre.
const ROOT: i32 = 40_000;

/// What connectors take from a plate and what they add to it.
#[derive(Debug, Default)]
pub(crate) struct Connectors {
    /// Cut from the plate first.
    pub(crate) removed: Vec<Contour>,
    /// Added after everything else, at full height.
    pub(crate) added: Vec<Contour>,
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
    /// Who has the tabs.
    pub(crate) kind: SeamStyle,
    /// The first lines, counted over the grid: both sides of a seam must mean the same line.
    pub(crate) first_line: [usize; 2],
}

/// Whether a side has a tab at a line between cells; its neighbour then has the socket there.
pub(crate) fn is_tab(kind: SeamStyle, is_north_or_east: bool, line: usize) -> bool {
    match kind {
        SeamStyle::OneWay => is_north_or_east,
        SeamStyle::Alternating => is_north_or_east == line.is_multiple_of(2),
        SeamStyle::Keyed => false,
    }
}

/// All connectors of a plate.
pub(crate) fn connectors(seams: &Seams<'_>, fit: Share) -> Connectors {
    let mut all = Connectors::default();
    let Sides { north, east, south, west } = seams.neighbours;
    let halves = Halves::new(fit, seams.style);
    // Quarter turns from an eastern seam.
    for (_, quarters) in [(east, 0), (north, 1), (west, 2), (south, 3)].into_iter().filter(|(seam, _)| *seam)
    {
        along_seam(seams, quarters, &halves, &mut all);
    }
    if (seams.high.x - seams.low.x).min(seams.high.y - seams.low.y) < ROOT {
        // A tab is no deeper than its plate.
        let across = |narrow: bool, seam: bool| if narrow && !seam { 0 } else { BEYOND };
        let (narrow_x, narrow_y) = (seams.high.x - seams.low.x < ROOT, seams.high.y - seams.low.y < ROOT);
        let low = Point::new(seams.low.x - across(narrow_x, west), seams.low.y - across(narrow_y, south));
        let high = Point::new(seams.high.x + across(narrow_x, east), seams.high.y + across(narrow_y, north));
        all.added = intersection(&all.added, &[rectangle(low, high)]);
    }
    all
}

fn along_seam(seams: &Seams<'_>, quarters: i32, halves: &Halves, all: &mut Connectors) {
    let upright = quarters % 2 == 0;
    let (lines, across) =
        if upright { (seams.lines_y, seams.lines_x) } else { (seams.lines_x, seams.lines_y) };
    let at = if quarters < 2 { across.last() } else { across.first() };
    let (Some(&at), Some((&first, &last))) = (at, lines.first().zip(lines.last())) else {
        return;
    };
    let half = |line: usize, end: Option<i32>| match seams.kind {
        SeamStyle::Keyed => halves.keyed(),
        kind if is_tab(kind, quarters < 2, line) => halves.tab(end),
        SeamStyle::OneWay | SeamStyle::Alternating => halves.socket(end),
    };
    let [first_x, first_y] = seams.first_line;
    let first_line = if upright { first_y } else { first_x };
    let Sides { north, east, south, west } = seams.neighbours;
    let (low, high) = if upright { (seams.low.y, seams.high.y) } else { (seams.low.x, seams.high.x) };
    let (seam_before, seam_after) = if upright { (south, north) } else { (west, east) };
    if first == last {
        // A strip of padding has no cells along its short sides, and ours has nothing there. The original cuts them as
        // if a connector came at their outer end, which does not come.
        if seams.style == Style::UpstreamExact {
            let corner = if upright { Point::new(at, first) } else { Point::new(first, at) };
            let (strip, inner) = ([padding_strip(seams, upright)], half(first_line, None));
            for before in [(seam_before, true), (seam_after, false)].iter().filter(|end| !end.0) {
                let place = Place { corner, quarters, before: before.1 };
                all.removed.extend(intersection(&place.moved(&inner.removed), &strip));
            }
        }
        return;
    }
    for (number, &line) in (first_line..).zip(lines) {
        let inner = half(number, None);
        let corner = if upright { Point::new(at, line) } else { Point::new(line, at) };
        // An eastern or western seam that meets this corner has its own connector there.
        if !upright && ((line == first && west) || (line == last && east)) {
            continue;
        }
        // The half in the cell before the corner (along +x or +y), and the one in the cell behind it.
        let [before, behind] = [true, false].map(|before| Place { corner, quarters, before });
        let (own, beyond, padding) = if line == first && !seam_before {
            (behind, before, line - low)
        } else if line == last && !seam_after {
            (before, behind, high - line)
        } else {
            // Where a seam ends at another plate, that one has its own half.
            if line != first {
                all.place(&before, &inner);
            }
            if line != last {
                all.place(&behind, &inner);
            }
            continue;
        };
        if !has_end(seams.style, i64::from(padding)) || (seams.kind == SeamStyle::Keyed && padding < KEY_ROOM)
        {
            continue;
        }
        if seams.style == Style::UpstreamExact {
            // The original makes the half in the padding in any case, and ends it where the padding ends.
            let strip = [padding_strip(seams, upright)];
            let ended = Half {
                removed: intersection(&beyond.moved(&inner.removed), &strip),
                added: intersection(&beyond.moved(&inner.added), &strip),
            };
            all.place(&own, &inner);
            all.removed.extend(ended.removed);
            all.added.extend(ended.added);
        } else if padding >= HALF_LENGTH || seams.kind == SeamStyle::Keyed {
            all.place(&own, &inner);
            all.place(&beyond, &inner);
        } else {
            all.place(&own, &half(number, Some(padding)));
        }
    }
}

impl Connectors {
    fn place(&mut self, place: &Place, half: &Half) {
        self.removed.extend(place.moved(&half.removed));
        self.added.extend(place.moved(&half.added));
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
    fn moved(&self, contours: &[Contour]) -> Vec<Contour> {
        // In its own frame a half lies at y < 0; on seams turned by 0 to 3 quarters that is −y, +x, +y and −x.
        let own_side_is_before = self.quarters == 0 || self.quarters == 3;
        let mirrored = self.before != own_side_is_before;
        let moved = |contour: &Contour| {
            let turned = contour.iter().map(|p| {
                let p = if mirrored { Point::new(p.x, -p.y) } else { *p };
                self.corner.plus(p.turned(self.quarters))
            });
            let mut points: Contour = turned.collect();
            if mirrored {
                points.reverse();
            }
            points
        };
        contours.iter().map(moved).collect()
    }
}

/// The plate, as long as it is along a seam and endless across it.
fn padding_strip(seams: &Seams<'_>, upright: bool) -> Contour {
    let (x, y) = if upright { (BEYOND, 0) } else { (0, BEYOND) };
    rectangle(Point::new(seams.low.x - x, seams.low.y - y), Point::new(seams.high.x + x, seams.high.y + y))
}
