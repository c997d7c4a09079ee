//! Writers: the same mesh gives the same bytes, today and tomorrow.

mod guide;
mod needs;
mod page;
mod png;
mod render;
mod stl;
mod svg;
mod threemf;

pub use guide::{guide_pdf, guide_svg};
pub use needs::{Needs, Part, needs};
pub use png::{Picture, write_png};
pub use render::{PICTURE_SIDE_MAX, View, render};
pub use stl::write_stl;
pub use svg::{plan_svg, plate_svg};
pub use threemf::{Object, write_3mf};
