//! Style sheets, icons and the one script, embedded in the binary. Nothing a page needs comes from elsewhere.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::web::problem::Problem;

/// Files of the design system.
#[derive(rust_embed::RustEmbed)]
#[folder = "../ui/assets"]
struct Assets;

/// All icons, one symbol per line.
const ICONS: &str = include_str!("../../../../ui/icons.svg");
/// Where a page's icons go.
const MARK: &str = "<!--icons-->";

/// `GET /ui/{file}`. Always asked again, answered with "not modified" while the binary is the same.
pub(super) async fn file(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let kind = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some(_) | None => return Problem::not_found("file").into_response(),
    };
    let Some(found) = Assets::get(&file) else { return Problem::not_found("file").into_response() };
    let tag = format!("\"{}\"", hex::encode(found.metadata.sha256_hash()));
    let keep = [(header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, tag.clone())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, keep).into_response();
    }
    (keep, [(header::CONTENT_TYPE, kind)], found.data.into_owned()).into_response()
}

/// Puts the symbols that a page uses into it, and no others: all of them would be most of its bytes.
pub(super) fn with_icons(html: &str) -> String {
    let mut out =
        String::from("<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">");
    for line in ICONS.lines() {
        let id = line.strip_prefix("<symbol id=\"").and_then(|rest| rest.split('"').next());
        if id.is_some_and(|id| html.contains(&format!("href=\"#{id}\""))) {
            out.push_str(line);
        }
    }
    out.push_str("</svg>");
    html.replacen(MARK, &out, 1)
}
