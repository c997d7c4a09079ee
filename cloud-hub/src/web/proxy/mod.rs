//! What a shop's own pages show of a grid before it is ordered: the plan, a drawing, a mesh to turn about.
//!
//! Requests come through the shop's app proxy and are signed with the app's secret; nothing is believed or done before
//! the signature is right. The same rules read the wish as read an order line, so what is shown is what is made.
//! Never reads the store and never changes anything.

mod signature;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use gridflock::{Plan, PreviewCache};
use protocol::grid::{GridParams, GridSpec, PropertyFault, PropertyNames, parse_properties};
use tokio::sync::Semaphore;

use super::permissions::{Permission, Routes};
use super::problem::Problem;
use crate::hub::Hub;
use signature::Signed;

/// Longest query that is read, bytes.
const QUERY_BYTES_MAX: usize = 4 * 1024;
/// Previews made at the same time: they share their plates, and each takes a core for up to 0.2 s.
const AT_ONCE: usize = 1;
/// Longest wait for one's turn.
const WAIT_MAX: Duration = Duration::from_millis(800);
/// Largest mesh that is sent, bytes: a grid of 2,000 × 2,000 mm has about 6 MB.
const MESH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// An answer may be shown again for an hour; which one it is says its tag.
const CACHE: &str = "public, max-age=3600";
/// Names in the query and what the shop's orders call the same thing.
const NAMES: [&str; 4] = ["width", "height", "connector", "magnets"];

/// Plates that previews have in common, and places to make some.
#[derive(Debug)]
struct Previews {
    plates: Mutex<PreviewCache>,
    places: Semaphore,
}

/// Adds the routes.
pub(super) fn routes(routes: Routes) -> Routes {
    let previews =
        Arc::new(Previews { plates: Mutex::new(PreviewCache::default()), places: Semaphore::new(AT_ONCE) });
    let mesh = get(mesh).layer(Extension(previews));
    // The signature of the shop is the permission.
    routes
        .route("/proxy/grid/plan", Permission::Public, get(plan))
        .route("/proxy/grid/preview.svg", Permission::Public, get(drawing))
        .route("/proxy/grid/preview.stl", Permission::Public, mesh)
}

/// A grid that was asked for and can be made.
struct Asked {
    spec: GridSpec,
    plan: Plan,
    /// Names the answer: equal wishes have equal answers.
    tag: String,
    is_known: bool,
}

impl Asked {
    /// Checks who asks and what for.
    fn of(hub: &Hub, query: Option<String>, headers: &HeaderMap, kind: &str) -> Result<Self, Problem> {
        let query = query.filter(|query| query.len() <= QUERY_BYTES_MAX).unwrap_or_default();
        let signed = Signed::of(&query);
        let domain = signed.only("shop").unwrap_or_default().to_ascii_lowercase();
        let previous = hub.config.shopify.app.as_ref().and_then(|app| app.previous_secret.as_ref());
        // A missing shop and a wrong signature look the same from outside.
        let is_good = hub.shops.find(|shop| shop.domain == domain).is_some_and(|shop| {
            signed.is_by(std::iter::once(&shop.secret).chain(previous.filter(|_| shop.is_app)))
        });
        if !is_good {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "bad-signature",
                "This request is not signed by a connected shop: open the page in the shop again.",
            ));
        }
        if !signed.is_fresh(hub.clock.wall()) {
            return Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "too-old",
                "This request is too old: open the page in the shop again.",
            ));
        }
        let (spec, plan) = grid(hub, &signed)?;
        let tag = format!("\"{}-{kind}\"", spec.grid_key());
        let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
        let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
        Ok(Self { spec, plan, tag, is_known })
    }

    /// The answer, with what caches need to know; none at all if the asker has it.
    fn answer(self, content: &'static str, body: impl FnOnce(&Self) -> Vec<u8>) -> Response {
        let status = if self.is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let body = if self.is_known { Vec::new() } else { body(&self) };
        let headers =
            [(header::CONTENT_TYPE, content), (header::CACHE_CONTROL, CACHE), (header::ETAG, &self.tag)];
        (status, headers, body).into_response()
    }
}

/// The grid of a query, by the rules of an order line.
fn grid(hub: &Hub, signed: &Signed) -> Result<(GridSpec, Plan), Problem> {
    let rules = &hub.config.grid;
    let names = [&rules.names.width, &rules.names.height, &rules.names.connector, &rules.names.magnets];
    let named = |(name, value): &(String, String)| {
        let place = NAMES.iter().position(|known| known == name)?;
        names.get(place).map(|&property| (property.clone(), value.clone()))
    };
    let properties: Vec<(String, String)> = signed.pairs.iter().filter_map(named).collect();
    let wish =
        parse_properties(&properties, &rules.names).map_err(|faults| refused(&faults, &rules.names))?;
    let bed = rules.bed_mm.map(f64::from);
    let product = GridParams { bed_size: Some(bed), ..GridParams::default() };
    let impossible = |why: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "grid", why);
    let spec = GridSpec::check(&wish.to_params(&product)).map_err(|faults| impossible(faults.to_string()))?;
    let plan = gridflock::plan(&spec).map_err(|fault| impossible(fault.to_string()))?;
    Ok((spec, plan))
}

/// All faults at once, each at its field.
fn refused(faults: &[PropertyFault], names: &PropertyNames) -> Problem {
    let sentences: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let all = [&names.width, &names.height, &names.connector, &names.magnets];
    let problem =
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "grid", format!("{}.", sentences.join("; ")));
    faults.iter().zip(sentences).fold(problem, |problem, (fault, sentence)| {
        let field =
            NAMES.iter().zip(all).find(|(_, name)| **name == fault.property).map_or("", |(key, _)| *key);
        problem.field(format!("/{field}"), sentence)
    })
}

async fn plan(
    State(hub): State<Arc<Hub>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of(&hub, query, &headers, "plan")?;
    Ok(asked.answer("application/json", |asked| {
        let mut report = serde_json::to_value(asked.plan.report()).unwrap_or_default();
        if let (Some(object), Some(sku)) = (report.as_object_mut(), asked.spec.sku()) {
            object.insert("sku".into(), sku.to_string().into());
        }
        report.to_string().into_bytes()
    }))
}

async fn drawing(
    State(hub): State<Arc<Hub>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of(&hub, query, &headers, "svg")?;
    Ok(asked.answer("image/svg+xml", |asked| gridflock::plan_svg(&asked.plan).into_bytes()))
}

async fn mesh(
    State(hub): State<Arc<Hub>>,
    Extension(previews): Extension<Arc<Previews>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of(&hub, query, &headers, "stl")?;
    if asked.is_known {
        return Ok(asked.answer("model/stl", |_| Vec::new()));
    }
    let busy = || {
        let detail = "Too many previews are asked for at once: try again in a moment.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1)
    };
    let place = tokio::time::timeout(WAIT_MAX, previews.places.acquire()).await;
    let _place = place.map_err(|_late| busy())?.map_err(|_closed| busy())?;
    let (of, spec, plan) = (Arc::clone(&previews), asked.spec.clone(), asked.plan.clone());
    // Up to 0.2 s of one core: not on a thread that serves requests.
    let made = tokio::task::spawn_blocking(move || stl(&of, &spec, &plan)).await;
    let failed = |why: String| {
        tracing::error!(error = why, "a preview was not made: {why}");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The preview was not made because of a fault in the hub.",
        )
    };
    let bytes = made.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    Ok(asked.answer("model/stl", |_| bytes))
}

fn stl(previews: &Previews, spec: &GridSpec, plan: &Plan) -> Result<Vec<u8>, String> {
    let mesh = {
        let mut plates = previews.plates.lock().unwrap_or_else(PoisonError::into_inner);
        plates.sketch(spec, plan).map_err(|error| error.to_string())?
    };
    let mut bytes = Vec::new();
    gridflock::write_stl(&mesh, &mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() > MESH_BYTES_MAX {
        return Err(format!("the mesh has {} bytes, at most {MESH_BYTES_MAX} are sent", bytes.len()));
    }
    Ok(bytes)
}
