//! Grid specification to plan to watertight plates.
