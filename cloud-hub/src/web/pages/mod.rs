//! HTML pages on the design system; every action is a form and works without script.

use super::permissions::Routes;

/// Adds the pages.
#[must_use]
pub fn routes(routes: Routes) -> Routes {
    routes
}
