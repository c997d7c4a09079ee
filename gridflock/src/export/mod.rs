//! Writers: the same mesh gives the same bytes, today and tomorrow.

mod stl;
mod svg;
mod threemf;

pub use stl::write_stl;
pub use svg::{plan_svg, plate_svg};
pub use threemf::{Object, write_3mf};
