//! What a customer can choose about a grid.

use super::GridParams;

/// Connector as a shop offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrderConnector {
    /// Puzzle tabs at the cell corners.
    IntersectionPuzzle,
    /// Puzzle pieces at the cell sides.
    EdgePuzzle,
    /// None.
    None,
}

/// The customer's choice, read from an order line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GridOrder {
    /// Outer size in x, whole mm.
    pub width_mm: u32,
    /// Outer size in y, whole mm.
    pub height_mm: u32,
    /// Kind of connector.
    pub connector: OrderConnector,
    /// Whether with magnet holes.
    pub magnets: bool,
}

impl GridOrder {
    /// The parameters of this order; everything the customer cannot choose (bed, fits, numbers …) is from `product`.
    #[must_use]
    pub fn to_params(&self, product: &GridParams) -> GridParams {
        GridParams {
            plate_size: Some([f64::from(self.width_mm), f64::from(self.height_mm)]),
            connector_intersection_puzzle: Some(self.connector == OrderConnector::IntersectionPuzzle),
            connector_edge_puzzle: Some(self.connector == OrderConnector::EdgePuzzle),
            magnets: Some(self.magnets),
            ..product.clone()
        }
    }
}
