//! Orders, mappings, assignments and shipping.
