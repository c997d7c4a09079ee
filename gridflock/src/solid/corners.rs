//! The height of every surface over every point.
//!
//! Surfaces that meet were computed apart and rounded apart. Invariant: over one point, heights closer than the
//! tolerance are exactly one height, so that surfaces which meet share their corners.

#![expect(
    clippy::indexing_slicing,
    reason = "indices are made here and checked by the tests over random plates"
)]

use super::arrange::{Arrangement, id};
use super::faces::{Faces, Fans};
use super::layers::{Height, Interval, Layers};

/// Heights over points; flat ones that are where they should be are not listed.
pub(super) struct Corners {
    starts: Vec<u32>,
    list: Vec<(Height, i32)>,
}

impl Corners {
    pub(super) fn new(
        layers: &Layers<'_>,
        graph: &Arrangement,
        fans: &Fans,
        faces: &Faces,
        columns: &[Vec<Interval>],
        of_face: &[u32],
    ) -> Self {
        let points = &graph.points.list;
        let mut corners = Self { starts: Vec::with_capacity(points.len() + 1), list: Vec::new() };
        let mut here: Vec<(i32, Height)> = Vec::new();
        let mut seen: Vec<u32> = Vec::new();
        for (point, at) in points.iter().enumerate() {
            corners.starts.push(id(corners.list.len()));
            here.clear();
            seen.clear();
            for &half in &fans.halves[fans.starts[point]..fans.starts[point + 1]] {
                let column = of_face[faces.of[half as usize] as usize];
                if seen.contains(&column) {
                    continue;
                }
                seen.push(column);
                for &height in columns[column as usize].iter().flatten() {
                    if !here.iter().any(|&(_, known)| known == height) {
                        here.push((layers.height(height, *at), height));
                    }
                }
            }
            if here.iter().any(|(_, height)| matches!(height, Height::Slope(_))) {
                corners.settle(layers, &mut here);
            }
        }
        corners.starts.push(id(corners.list.len()));
        corners
    }

    /// Lists the heights over one point, those of a cluster as one: the flat one if there is any.
    fn settle(&mut self, layers: &Layers<'_>, here: &mut [(i32, Height)]) {
        here.sort_unstable();
        let mut rest = &here[..];
        while !rest.is_empty() {
            let close =
                |pair: &[(i32, Height)]| pair[1].0 - pair[0].0 <= layers.tolerance([pair[0].1, pair[1].1]);
            let count = 1 + rest.windows(2).take_while(|pair| close(pair)).count();
            let (cluster, others) = rest.split_at(count);
            let flat = cluster.iter().find(|(_, height)| matches!(height, Height::Flat(_)));
            let z = flat.or(cluster.first()).map_or(0, |&(z, _)| z);
            let listed = cluster.iter().map(|&(_, height)| (height, z));
            self.list.extend(listed.filter(|&(height, z)| height != Height::Flat(z)));
            rest = others;
        }
    }

    /// The height of a surface over a point.
    pub(super) fn z(&self, height: Height, point: u32) -> i32 {
        let (start, end) = (self.starts[point as usize], self.starts[point as usize + 1]);
        let listed = &self.list[start as usize..end as usize];
        match (listed.iter().find(|&&(known, _)| known == height), height) {
            (Some(&(_, z)), _) | (None, Height::Flat(z)) => z,
            (None, Height::Slope(_)) => unreachable!("all heights around a point are listed"),
        }
    }
}
