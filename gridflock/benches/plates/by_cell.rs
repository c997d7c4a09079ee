//! The steps of a plate in the order that suits kernels which slow down with every cut.

use crate::csg::{Ground, Step};
use gridflock::Plan;
use protocol::grid::GridSpec;
use serde::Serialize;

/// Each cell is made alone, then all are joined with the padding and cut by the outline.
#[derive(Serialize)]
pub(crate) struct ByCell {
    parts: Vec<Vec<Step>>,
    keep: Step,
}

/// As [`crate::csg::steps`], cell by cell.
pub(crate) fn by_cell(spec: &GridSpec, plan: &Plan) -> ByCell {
    let ground = Ground::of(spec, plan);
    let cell = |&[low, high]: &[[f64; 2]; 2]| ground.steps(vec![ground.block(low, high)], &[[low, high]]);
    let mut parts: Vec<Vec<Step>> = ground.cells.iter().map(cell).collect();
    let (Some(&[[x0, y0], _]), Some(&[_, [x1, y1]])) = (ground.cells.first(), ground.cells.last()) else {
        return ByCell { parts, keep: ground.outline() };
    };
    let ([left, below], [right, above]) = (ground.low, ground.high);
    let bars = [
        ([left, below], [right, y0]),
        ([left, y1], [right, above]),
        ([left, y0], [x0, y1]),
        ([x1, y0], [right, y1]),
    ];
    let bars = bars.iter().filter(|(low, high)| low[0] < high[0] && low[1] < high[1]);
    parts.extend(bars.map(|&(low, high)| ground.steps(vec![ground.block(low, high)], &[])));
    ByCell { parts, keep: ground.outline() }
}
