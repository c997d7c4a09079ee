//! The wall board: who needs us, what is next, is anything late? Read only, for a television.

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    board::{Need, needs},
    layout::{Asked, Fact, Page, show},
    look::{Cell, Look},
    words::{Sign, count},
};
use crate::web::{App, problem::Problem};

/// Rows of work: more do not fit, and are counted in the heading.
const NEEDS_MAX: usize = 5;
/// Printers shown; of more, only those that are neither printing nor ready.
const CELLS_MAX: usize = 20;

/// One printer.
#[derive(Debug)]
struct Tile {
    name: String,
    sign: Sign,
    done: String,
    percent: Option<u16>,
}

#[derive(Template)]
#[template(path = "wall.html")]
struct Wall {
    page: Page,
    hub: Fact,
    next: String,
    needs_title: String,
    needs: Vec<Need>,
    fleet_title: String,
    cells: Vec<Tile>,
    queue_n: String,
    late_n: usize,
}

pub(super) async fn page(State(app): State<App>, asked: Asked) -> Result<Response, Problem> {
    let look = Look::now(&app).await?;
    let mut needs = needs(&look, "");
    let (all, more) = (needs.len(), needs.len().saturating_sub(NEEDS_MAX));
    needs.truncate(NEEDS_MAX);
    let needs_title = match (all, more) {
        (0, _) => "All clear".to_owned(),
        (1, _) => "1 needs you".to_owned(),
        (n, 0) => format!("{n} need you"),
        (n, more) => format!("{n} need you, {more} not shown"),
    };
    let next = look.cells.iter().filter_map(|c| Some((c.done_at_ms?, &c.name))).min();
    let next = next.map_or_else(|| "None".to_owned(), |(ms, name)| format!("{name} {}", look.clock.time(ms)));
    let fleet_title = count(look.cells.len(), "printer", "printers");
    let is_crowded = look.cells.len() > CELLS_MAX;
    let is_shown = |c: &&Cell| !is_crowded || !matches!(c.sign.word, "Printing" | "Ready");
    let cells = look.cells.iter().filter(is_shown).take(CELLS_MAX).map(|c| tile(&look, c)).collect();
    let oldest = look.cells.iter().filter(|c| c.age.is_old).count();
    let live = match oldest {
        0 => "All data is new".to_owned(),
        n => format!("{} silent", count(n, "printer is", "printers are")),
    };
    let page = Page::new(&look, &asked, "wall", format!("{needs_title} · Wall board")).saying(live);
    let (queue_n, late_n) = (count(look.waiting_n(), "plate", "plates"), look.late_n());
    let hub = look.hub();
    show(&Wall { page, hub, next, needs_title, needs, fleet_title, cells, queue_n, late_n })
}

fn tile(look: &Look, cell: &Cell) -> Tile {
    let done = cell.done_at_ms.map(|ms| look.clock.time(ms)).unwrap_or_default();
    Tile { name: cell.name.clone(), sign: cell.sign, done, percent: cell.percent }
}
