//! New grid: does it fit, how many plates? "Show the plan" asks, "Print" makes local jobs.

mod fields;

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{Redirect, Response},
};
use protocol::grid::{GridParams, GridSpec, SpecFaults};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use fields::{FIELDS, Faults, Field, GROUPS, Kind};

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
    /// The fields that few people need, by name.
    #[serde(flatten)]
    more: BTreeMap<String, String>,
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
    fault: String,
}

/// One field that few people need.
#[derive(Debug)]
struct More {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    is_tick: bool,
    /// Empty where the value is typed.
    options: Vec<Choice>,
    fault: String,
}

/// Fields under one summary; open if one of them says something.
#[derive(Debug)]
struct Group {
    title: &'static str,
    is_open: bool,
    fields: Vec<More>,
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
    groups: Vec<Group>,
    /// Faults of width and depth.
    sizes: [String; 2],
    plan: Option<Shown>,
    fault: String,
}

/// Why there is no plan: at the fields, and all of it for people.
struct Refused {
    faults: Faults,
    words: String,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::bad_input(refused.words)
    }
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
    let (plan, refused) = match is_asked.then(|| plan(&app, &wish)) {
        None => (None, None),
        Some(Ok(plan)) => {
            let key = sources::token().map_err(LedgerError::from)?;
            (Some(Shown { key, ..plan }), None)
        }
        Some(Err(refused)) => (None, Some(refused)),
    };
    let faults = refused.as_ref().map(|refused| refused.faults.clone()).unwrap_or_default();
    let fault = refused.map(|refused| refused.words).unwrap_or_default();
    let of = |name: &str| faults.get(name).cloned().unwrap_or_default();
    let choices: Vec<Choices> =
        choices.into_iter().map(|list| Choices { fault: of(list.name), ..list }).collect();
    let (groups, sizes) = (groups(&wish, &faults), [of("w"), of("d")]);
    let title = if is_asked { format!("New grid {} × {}", wish.w, wish.d) } else { "New grid".into() };
    let live = match &plan {
        Some(plan) => format!("Plan is ready: {}", plan.title),
        None if fault.is_empty() => "New grid".into(),
        None => "This grid cannot be made so".into(),
    };
    show(&Grid {
        page: Page::new(&look, &asked, "grid", title).saying(live),
        wish,
        choices,
        groups,
        sizes,
        plan,
        fault,
    })
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
        more: FIELDS.iter().map(|field| (field.name.to_owned(), text(field.name))).collect(),
    };
    let key = it.text("key").to_owned();
    if key.is_empty() || key.len() > 200 {
        return Err(Problem::bad_input("Show the plan first, then print it."));
    }
    let create = api::Create {
        grid: Value::Object(params(&app, &wish)?),
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
        Choices { name, label, options: all.into_iter().map(option).collect(), fault: String::new() }
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
    let joins = [
        ("cross", "Puzzle at the crossings"),
        ("edge", "Puzzle between the crossings"),
        ("none", "Nothing, loose plates"),
    ];
    let magnets = [
        ("none", "None"),
        ("press", "Pressed in from the side"),
        ("top", "From above, on a floor"),
        ("below", "From below"),
    ];
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

/// The fields that few people need, as they are shown.
fn groups(wish: &Wish, faults: &Faults) -> Vec<Group> {
    let given = |field: &Field| wish.more.get(field.name).cloned().unwrap_or_default();
    let shown = |field: &Field| {
        let text = given(field);
        let value = if text.is_empty() { field.usual().to_owned() } else { text };
        let options = match field.kind {
            Kind::Choice(all) => all.iter().map(|&(v, text)| Choice {
                is_chosen: v == value,
                value: v.to_owned(),
                text: text.to_owned(),
            }),
            Kind::Number(_) | Kind::Tick => return More::of(field, value, Vec::new(), faults),
        };
        let options = options.collect();
        More::of(field, value, options, faults)
    };
    let group = |title: &&'static str| {
        let fields: Vec<More> = FIELDS.iter().filter(|field| field.group == *title).map(shown).collect();
        let says = |field: &Field| {
            let text = given(field);
            !text.is_empty() && text != field.usual() || faults.contains_key(field.name)
        };
        let is_open = FIELDS.iter().any(|field| field.group == *title && says(field));
        Group { title, is_open, fields }
    };
    GROUPS.iter().map(group).collect()
}

impl More {
    fn of(field: &Field, value: String, options: Vec<Choice>, faults: &Faults) -> Self {
        let Field { name, label, hint, .. } = *field;
        let fault = faults.get(name).cloned().unwrap_or_default();
        Self { name, label, hint, value, is_tick: matches!(field.kind, Kind::Tick), options, fault }
    }
}

/// The parameters of a wish; what they mean is checked by the grid itself.
fn params(app: &App, wish: &Wish) -> Result<Map<String, Value>, Refused> {
    let mut faults = Faults::new();
    let mut mm = |name: &'static str, text: &str| {
        let number = text.trim().replace(',', ".").parse::<f64>();
        number.unwrap_or_else(|_bad| {
            faults.insert(name, format!("Millimetres are expected, not {text:?}."));
            0.0
        })
    };
    let size = [mm("w", &wish.w), mm("d", &wish.d)];
    let station = app.floor.stations.iter().find(|s| s.profile.id.as_str() == wish.bed);
    let Some(station) = station else {
        let words = "Print on: expected a printer of this workshop.".to_owned();
        return Err(Refused { faults: Faults::from([("bed", words.clone())]), words });
    };
    let style = match wish.mag.as_str() {
        "top" => 0,
        "below" => 2,
        _pressed_or_none => 1,
    };
    let mut params = Map::from_iter([
        ("plate_size".to_owned(), json!(size)),
        ("bed_size".to_owned(), json!(usable_mm(&station.profile))),
        ("connector_intersection_puzzle".to_owned(), json!(wish.con == "cross")),
        ("connector_edge_puzzle".to_owned(), json!(wish.con == "edge")),
        ("magnets".to_owned(), json!(matches!(wish.mag.as_str(), "press" | "top" | "below"))),
        ("magnet_style".to_owned(), json!(style)),
    ]);
    if style == 0 {
        // Magnets from above lie in a whole floor.
        params.insert("magnet_frame_style".into(), json!(0));
    }
    fields::add(&mut params, &wish.more, &mut faults);
    if faults.is_empty() {
        return Ok(params);
    }
    let words = faults.values().cloned().collect::<Vec<_>>().join(" ");
    Err(Refused { faults, words })
}

/// Faults of the grid, each at the field that it belongs to.
fn at_fields(found: &SpecFaults) -> Refused {
    let mut faults = Faults::new();
    let mut words = Vec::new();
    for fault in found.list() {
        match fields::place(fault) {
            Some((name, label)) => {
                let text = format!("{}: {}.", fault.value, fault.wanted);
                words.push(format!("{label}, {text}"));
                faults.entry(name).or_insert(text);
            }
            None => words.push(format!("{fault}.")),
        }
    }
    Refused { faults, words: words.join(" ") }
}

fn plan(app: &App, wish: &Wish) -> Result<Shown, Refused> {
    let params = Value::Object(params(app, wish)?).to_string();
    let params = GridParams::from_json(&params).map_err(|faults| at_fields(&faults))?;
    let spec = GridSpec::check(&params).map_err(|faults| at_fields(&faults))?;
    let nowhere = |words: String| Refused { faults: Faults::new(), words };
    let plan = gridflock::plan(&spec).map_err(|fault| nowhere(fault.to_string()))?;
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
