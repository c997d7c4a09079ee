//! New grid: does it fit, how many plates? "Show the plan" asks, "Print" makes local jobs.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{Redirect, Response},
};
use protocol::grid::{GridParams, GridSpec};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    form::Posted,
    layout::{Asked, Page, show},
    look::Look,
    words::count,
};
use crate::{
    ledger::LedgerError,
    sources,
    web::{App, api, problem::Problem},
};

/// What the form asks for, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    w: String,
    d: String,
    bed: String,
    con: String,
    mag: String,
    mat: String,
    copies: String,
}

/// One option of a list.
#[derive(Debug)]
struct Choice {
    value: String,
    text: String,
    is_chosen: bool,
}

/// One list of the form.
#[derive(Debug)]
struct Choices {
    name: &'static str,
    label: &'static str,
    options: Vec<Choice>,
}

/// A plan that can be printed.
#[derive(Debug)]
struct Shown {
    title: String,
    svg: String,
    key: String,
    button: String,
    plates: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "grid.html")]
struct Grid {
    page: Page,
    wish: Wish,
    choices: Vec<Choices>,
    plan: Option<Shown>,
    fault: String,
}

pub(super) async fn page(
    State(app): State<App>,
    Query(wish): Query<Wish>,
    asked: Asked,
) -> Result<Response, Problem> {
    let look = Look::now(&app).await?;
    let is_asked = !wish.w.is_empty() || !wish.d.is_empty();
    let wish = Wish { copies: if wish.copies.is_empty() { "1".into() } else { wish.copies }, ..wish };
    let choices = choices(&app, &wish);
    let wish = with_first_choices(wish, &choices);
    let (plan, fault) = match is_asked.then(|| plan(&app, &wish)) {
        None => (None, String::new()),
        Some(Ok(plan)) => {
            let key = sources::token().map_err(LedgerError::from)?;
            (Some(Shown { key, ..plan }), String::new())
        }
        Some(Err(problem)) => (None, problem.detail),
    };
    let title = if is_asked { format!("New grid {} × {}", wish.w, wish.d) } else { "New grid".into() };
    let live = match &plan {
        Some(plan) => format!("Plan is ready: {}", plan.title),
        None if fault.is_empty() => "New grid".into(),
        None => "This grid cannot be made so".into(),
    };
    show(&Grid { page: Page::new(&look, &asked, "grid", title).saying(live), wish, choices, plan, fault })
}

/// `POST /grid`: makes the jobs; the same form sent twice makes them once.
pub(super) async fn make(State(app): State<App>, it: Posted) -> Result<Redirect, Problem> {
    let text = |name: &str| it.text(name).to_owned();
    let wish = Wish {
        w: text("w"),
        d: text("d"),
        bed: text("bed"),
        con: text("con"),
        mag: text("mag"),
        mat: text("mat"),
        copies: text("copies"),
    };
    let key = it.text("key").to_owned();
    if key.is_empty() || key.len() > 200 {
        return Err(Problem::bad_input("Show the plan first, then print it."));
    }
    let create = api::Create {
        grid: params(&app, &wish)?,
        quantity: it.number("copies")?,
        material: Some(wish.mat).filter(|m| !m.is_empty()),
        label: Some(text("for")),
    };
    api::create_once(&app, key, &create).await?;
    Ok(Redirect::to("/queue"))
}

fn choices(app: &App, wish: &Wish) -> Vec<Choices> {
    let list = |name, label, all: Vec<(String, String)>, chosen: &str| {
        let option = |(value, text): (String, String)| Choice { is_chosen: value == chosen, value, text };
        Choices { name, label, options: all.into_iter().map(option).collect() }
    };
    let fixed = |all: &[(&str, &str)]| all.iter().map(|(v, t)| ((*v).to_owned(), (*t).to_owned())).collect();
    let mut beds: Vec<(String, String)> = Vec::new();
    for profile in app.floor.stations.iter().map(|s| &s.profile) {
        let [x, y] = usable_mm(profile);
        let one = (profile.id.to_string(), format!("{} {}, {x} × {y}", profile.vendor, profile.model));
        if !beds.contains(&one) {
            beds.push(one);
        }
    }
    let materials = app.floor.library.materials().map(|m| (m.name.clone(), m.name.clone())).collect();
    let joins = [("cross", "Puzzle at the crossings"), ("none", "Nothing, loose plates")];
    let magnets = [("none", "None"), ("press", "Pressed in from the side")];
    vec![
        list("bed", "Print on", beds, &wish.bed),
        list("con", "Plates join with", fixed(&joins), &wish.con),
        list("mag", "Magnets", fixed(&magnets), &wish.mag),
        list("mat", "Material", materials, &wish.mat),
    ]
}

/// What a browser shows of a list in which nothing was chosen yet: its first line.
fn with_first_choices(mut wish: Wish, choices: &[Choices]) -> Wish {
    for list in choices {
        let field = match list.name {
            "bed" => &mut wish.bed,
            "con" => &mut wish.con,
            "mag" => &mut wish.mag,
            _material => &mut wish.mat,
        };
        if field.is_empty()
            && let Some(first) = list.options.first()
        {
            field.clone_from(&first.value);
        }
    }
    wish
}

fn usable_mm(profile: &firmware_profiles::Profile) -> [u32; 2] {
    let ([x0, y0], [x1, y1]) = (profile.usable.min_mm, profile.usable.max_mm);
    [x1.saturating_sub(x0), y1.saturating_sub(y0)]
}

/// The parameters of a wish; what they mean is checked by the grid itself.
fn params(app: &App, wish: &Wish) -> Result<Value, Problem> {
    let mm = |name: &str, text: &str| {
        let number = text.trim().replace(',', ".").parse::<f64>();
        number.map_err(|_bad| Problem::bad_input(format!("{name}: expected millimetres, found {text:?}.")))
    };
    let station = app.floor.stations.iter().find(|s| s.profile.id.as_str() == wish.bed);
    let Some(station) = station else {
        return Err(Problem::bad_input("Print on: expected a printer of this workshop."));
    };
    Ok(json!({
        "plate_size": [mm("Width", &wish.w)?, mm("Depth", &wish.d)?],
        "bed_size": usable_mm(&station.profile),
        "connector_intersection_puzzle": wish.con == "cross",
        "magnets": wish.mag == "press",
    }))
}

fn plan(app: &App, wish: &Wish) -> Result<Shown, Problem> {
    let bad = |e: &dyn std::fmt::Display| Problem::bad_input(e.to_string());
    let params = GridParams::from_json(&params(app, wish)?.to_string()).map_err(|e| bad(&e))?;
    let spec = GridSpec::check(&params).map_err(|e| bad(&e))?;
    let plan = gridflock::plan(&spec).map_err(|e| bad(&e))?;
    let n = count(plan.plates.len(), "plate", "plates");
    let size = |plate: &gridflock::Plate| format!("{:.0} × {:.0}", plate.size.x.mm(), plate.size.y.mm());
    let [x, y] = [plan.outer().x.mm(), plan.outer().y.mm()];
    Ok(Shown {
        title: format!("{x} × {y} mm in {n}"),
        svg: gridflock::plan_svg(&plan),
        key: String::new(),
        button: match wish.copies.trim() {
            "1" => format!("Print {n}"),
            copies => format!("Print {copies} times {n}"),
        },
        plates: plan
            .plates
            .iter()
            .map(|p| (p.slot.to_string(), size(p), format!("{} × {}", p.cells[0], p.cells[1])))
            .collect(),
    })
}
