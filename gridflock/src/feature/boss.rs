//! Screws that hold a plate down: bosses below the bins with countersunk holes, in the corner cells of each plate.
//!
//! A boss stands in the middle of a side of its cell, where no magnet is, and hangs on the wall there: on the wall to
//! the next cell, or on one that nothing cuts away.

use super::{FAR, Site};
use crate::shape::pocket::Cell;
use crate::shape::round::{Cone, centre};
use crate::shape::{Contour, Point, circle, from_mm, rectangle};
use crate::solid::layers::{Action, Height::Flat, Layers, Region, Slope};
use protocol::grid::MountScrews;

/// From the side of the cell to the axis, mm, as that of magnets.
const AXIS_MM: f64 = 8.0;
/// Material around the head, mm.
const BORDER_MM: f64 = 2.0;

pub(super) fn add<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(screws) = site.spec.mount_screws() else { return };
    let bosses: Vec<Contour> =
        bosses(site).iter().flat_map(|boss| boss.shape(screws.head.mm() / 2.0 + BORDER_MM)).collect();
    if !bosses.is_empty() {
        layers.push(Region::of(bosses), Action::Add(Flat(site.bottom), Flat(0)));
    }
}

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(screws) = site.spec.mount_screws() else { return };
    let centres: Vec<Point> = bosses(site).iter().map(|boss| boss.axis).collect();
    if centres.is_empty() {
        return;
    }
    let holes = centres.iter().map(|&at| circle(at, site.hole_mm(screws.diameter) / 2.0)).collect();
    layers.push(Region::of(holes), Action::Cut(Flat(-FAR), Flat(0)));
    let cone = cone(site, screws);
    let region = cone.region(&centres);
    let height = move |point: Point| {
        let distance = |at: &&Point| {
            let off = at.minus(point);
            i64::from(off.x).pow(2) + i64::from(off.y).pow(2)
        };
        centres.iter().min_by_key(distance).map_or(0, |&at| cone.height(at, point))
    };
    let slope = layers.slope(Slope { range: cone.range(), steepness: 2, height: Box::new(height) });
    layers.push(region, Action::Cut(slope, Flat(0)));
}

/// As deep as it is wide, from the floor below the bins.
fn cone(site: &Site<'_>, screws: MountScrews) -> Cone {
    let radii_mm = [site.hole_mm(screws.diameter) / 2.0, site.hole_mm(screws.head) / 2.0];
    let [inner, outer] = radii_mm;
    Cone { radii_mm, z: [site.floor() - from_mm(outer - inner), site.floor()] }
}

/// One boss.
pub(crate) struct Boss {
    axis: Point,
    /// Where the wall is on which it hangs.
    wall_x: i32,
}

impl Boss {
    /// A tongue from the wall with a round end.
    fn shape(&self, radius_mm: f64) -> [Contour; 2] {
        let half = from_mm(radius_mm);
        let (low, high) = (self.axis.x.min(self.wall_x), self.axis.x.max(self.wall_x));
        let tongue = rectangle(Point::new(low, self.axis.y - half), Point::new(high, self.axis.y + half));
        [tongue, circle(self.axis, radius_mm)]
    }
}

/// The bosses of a plate: in its outermost whole cells, four or fewer.
pub(crate) fn bosses(site: &Site<'_>) -> Vec<Boss> {
    let whole: Vec<Cell> = site.whole_seats().collect();
    let limits = |of: fn(&Cell) -> i32| [whole.iter().map(of).min(), whole.iter().map(of).max()];
    let (ends_x, ends_y) = (limits(|cell| cell.low.x), limits(|cell| cell.low.y));
    let is_corner = |cell: &&Cell| ends_x.contains(&Some(cell.low.x)) && ends_y.contains(&Some(cell.low.y));
    whole.iter().filter(is_corner).filter_map(|cell| boss(site, cell)).collect()
}

fn boss(site: &Site<'_>, cell: &Cell) -> Option<Boss> {
    let axis = from_mm(AXIS_MM);
    let middle = centre(cell.low, cell.high);
    // Nothing of a boss may be cut away in y either.
    if site.low.y > cell.low.y || site.high.y < cell.high.y {
        return None;
    }
    let east = || Boss { axis: Point::new(cell.high.x - axis, middle.y), wall_x: cell.high.x };
    let west = || Boss { axis: Point::new(cell.low.x + axis, middle.y), wall_x: cell.low.x };
    let last = site.lines_x.last().copied().unwrap_or(0);
    let has_sockets = site.plate.neighbours.west && site.spec.connectors().edge.is_some();
    if cell.high.x < last {
        Some(east())
    } else if cell.low.x > 0 || (site.low.x <= 0 && !has_sockets) {
        Some(west())
    } else {
        (site.high.x >= last).then(east)
    }
}
