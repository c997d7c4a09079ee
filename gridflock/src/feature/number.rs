//! The number of a plate, engraved into its underside.

use super::{Detail, FAR, Site};
use crate::plan::Style;
use crate::shape::number::{Line, number};
use crate::shape::pocket::LOWER_SLOPE;
use crate::shape::{Contour, coordinate, rectangle};
use crate::solid::layers::{Action, Height::Flat, Layers, Region};

pub(super) fn cut<'s>(layers: &mut Layers<'s>, site: &'s Site<'s>) {
    let Some(numbering) = site.spec.numbering() else {
        return;
    };
    if site.detail() != Detail::Full {
        return;
    }
    let is_squeezed = site.plate.cells[0] <= 1;
    let size = if is_squeezed { numbering.squeeze_size } else { numbering.size };
    let line = Line {
        first_column_end: site.lines_x.get(1).copied().unwrap_or(0),
        size: coordinate(size.tenths_um()),
        is_squeezed,
    };
    let top = site.bottom + coordinate(numbering.depth.tenths_um());
    let squares = layers.region(Region::of(squares(site, line)));
    if top > LOWER_SLOPE[0] && site.bottom >= LOWER_SLOPE[0] {
        // Above the squares on the lower slope would be a skin that runs out to nothing: it goes too.
        let inner = site.seats().iter().map(|cell| cell.outline(crate::shape::pocket::WALL_MM)).collect();
        let inner = layers.region(Region::of(inner));
        layers.steps.push((squares | inner, Action::Cut(Flat(-FAR), Flat(FAR))));
    }
    layers.steps.push((squares, Action::Cut(Flat(-FAR), Flat(top))));
}

fn squares(site: &Site<'_>, line: Line) -> Vec<Contour> {
    // People sort plates by slot; the original counts them.
    let text = match site.plan.style {
        Style::Better => site.plate.slot.to_string(),
        Style::UpstreamExact => site.plate.number.to_string(),
    };
    let squares = number(&text, line);
    // Never over the edge of a short plate.
    let inside = rectangle(site.low, site.high);
    let is_inside = |contour: &Contour| {
        let [low, _, high, _] = [0, 1, 2, 3].map(|corner| inside.get(corner).copied().unwrap_or(site.low));
        contour.iter().all(|p| p.x > low.x && p.x < high.x && p.y > low.y && p.y < high.y)
    };
    squares.into_iter().filter(is_inside).collect()
}
