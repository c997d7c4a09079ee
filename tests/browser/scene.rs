//! A farm at one telling moment: a print that runs, one that is paused, one that may or may not have started, a plate
//! to count, a bed to clear, a printer without its cable, a queue with reasons; and at the hub an order that was
//! shipped, one that waits for a person, and messages that nobody could read.

use std::{path::Path, time::Duration};

use platewright_tests::{
    farm::{Farm, Pace, Simulated},
    http::text,
    hub::PASSWORD,
    operator::each,
    wait,
};
use serde_json::{Value, json};

/// Slicing on a busy machine.
const SLICE_WAIT_MAX: Duration = Duration::from_secs(120);
/// Anything that a simulated printer does at speed.
const PRINT_WAIT_MAX: Duration = Duration::from_secs(60);
/// Motion of printers whose prints must end soon, times that of real ones.
const FAST: u32 = 4000;
/// Motion of printers whose prints must last as long as people look at them: heating takes seconds, a plate minutes.
const SLOW: u32 = 20;

const fn simulated(id: &'static str, name: &'static str, is_mqtt: bool, speed: u32) -> Simulated {
    Simulated { id, name, is_mqtt, pace: Pace::of(speed) }
}
const PRINTERS: [Simulated; 6] = [
    simulated("ada", "Ada", false, FAST),
    simulated("bruno", "Bruno", false, SLOW),
    simulated("cleo", "Cleo", false, SLOW),
    simulated("dora", "Dora", false, SLOW),
    simulated("emil", "Emil", false, FAST),
    simulated("fred", "Fred", true, FAST),
];

/// The farm and what matters in it.
pub(crate) struct Scene {
    farm: Farm,
    shipped: String,
    open: String,
    held: String,
    finished: String,
    unknown: String,
}

impl Scene {
    /// Starts the farm and brings it to the moment.
    pub(crate) async fn build(folder: &Path) -> anyhow::Result<Self> {
        let farm = Farm::with(folder, &PRINTERS).await?;
        let shipped = place(&farm, &grid("84", "42")).await?;
        clear(&farm, "ada").await?;
        shown(&farm, "ada", "Needs clearing").await?;
        count(&farm, "ada").await?;
        wait::until("the parcel", PRINT_WAIT_MAX, || async {
            let order = farm.hub.order(&shipped).await?;
            Ok(if order["state"] == "Completed" { Ok(()) } else { Err(order["state"].clone()) })
        })
        .await?;

        print(&farm, "Spare for Cleo", 210, "cleo").await?;
        shown(&farm, "cleo", "Printing").await?;
        unplug(&farm, "cleo").await?;
        shown(&farm, "cleo", "Unknown").await?;

        print(&farm, "Spare for Bruno", 210, "bruno").await?;
        print(&farm, "Spare for Dora", 210, "dora").await?;
        print(&farm, "Spare for Ada", 42, "ada").await?;
        shown(&farm, "dora", "Printing").await?;
        act(&farm, "dora", "pause", json!({})).await?;
        shown(&farm, "dora", "Paused").await?;
        shown(&farm, "bruno", "Printing").await?;
        shown(&farm, "ada", "Needs clearing").await?;
        unplug(&farm, "emil").await?;
        shown(&farm, "emil", "Offline").await?;

        let open = place(&farm, &grid("126", "84")).await?;
        let bin = json!({ "lines": [{ "sku": "BIN-3", "title": "Bin 3 × 1" }] });
        let held = place(&farm, &bin).await?;
        place(&farm, &grid("4500", "320")).await?;
        let mut unreadable = bin;
        unreadable["delivery"] = json!({ "body": "{\"id\":" });
        farm.place_order(unreadable).await?;
        make(&farm, "Lid for Eva", 42, "PETG").await?;
        make(&farm, "Box for Eva", 84, "PLA").await?;
        let (finished, unknown) = (attempt(&farm, "Finished").await?, attempt(&farm, "Unknown").await?);
        let scene = Self { farm, shipped, open, held, finished, unknown };
        scene.settle().await?;
        Ok(scene)
    }

    /// Waits until nothing moves but what is meant to: every plate of the queue is sliced.
    async fn settle(&self) -> anyhow::Result<()> {
        wait::until("the queue to be sliced", SLICE_WAIT_MAX, || async {
            let state = self.farm.agent.state().await?;
            let waiting: Vec<_> =
                each(&state, "/jobs").map(|j| (j["label"].clone(), j["state"].clone())).collect();
            let is_settled =
                waiting.len() == 7 && waiting.iter().all(|(_, s)| s != "Slicing" && s != "Queued");
            Ok(if is_settled { Ok(()) } else { Err(waiting) })
        })
        .await
    }

    /// What the browser's script has to know.
    pub(crate) async fn told(&self) -> anyhow::Result<Value> {
        let (agent, hub) = (self.farm.agent.api()?, self.farm.hub.api()?);
        let code = || self.farm.agent.command(&["pair", "--role", "admin"]);
        let token = agent.token().unwrap_or_default();
        let (_, session) = hub.cookie().and_then(|c| c.split_once('=')).unwrap_or_default();
        Ok(json!({
            "agent": { "base": agent.base(), "cookie": ["edge_session", token], "codes": [code()?] },
            "hub": { "base": hub.base(), "cookie": ["hub_session", session], "user": "owner", "password": PASSWORD },
            "order": format!("/orders/{}", self.open),
            "unknown": format!("/unknown/{}", self.unknown),
            "running": "bruno", "paused": "dora", "idle": "fred", "offline": "emil",
            "pages": self.pages(),
        }))
    }

    fn pages(&self) -> Vec<Value> {
        let page = |of: &str, name: &str, path: &str, says: &[&str]| json!({ "of": of, "name": name, "path": path, "says": says });
        let television = |mut page: Value| {
            page["tv"] = json!(true);
            page
        };
        let strange = |mut page: Value, status: u16| {
            page["stranger"] = json!(status == 200);
            page["status"] = json!(status);
            page
        };
        vec![
            page("agent", "board", "/", &["Needs you", "Decide: did it start?", "Sign off 1 part", "Resume"]),
            page("agent", "printing", "/p/bruno", &["Printing", "Done at", "Pause", "Emergency stop"]),
            page("agent", "paused", "/p/dora", &["Paused", "Resume"]),
            page("agent", "idle", "/p/fred", &["Needs clearing", "Bed is clear"]),
            page("agent", "offline", "/p/emil", &["Offline", "Connect again"]),
            page("agent", "queue", "/queue", &["Bring these", "PETG", "Why not"]),
            television(page("agent", "wall", "/wall", &["need you", "Next finish", "in the queue"])),
            page("agent", "finish", &format!("/finish/{}", self.finished), &["Good, bed is clear"]),
            page(
                "agent",
                "unknown",
                &format!("/unknown/{}", self.unknown),
                &["did Spare for Cleo A1 start?"],
            ),
            page("agent", "grid", "/grid", &["New grid"]),
            page(
                "agent",
                "plan",
                "/grid?w=450&d=320&con=cross&mag=none&copies=1",
                &["450 × 320 mm in 4 plates"],
            ),
            strange(page("agent", "pair", "/pair", &["Pair this browser"]), 200),
            strange(page("agent", "missing", "/p/gustav", &["There is no printer gustav here."]), 404),
            page("hub", "orders", "/", &["Need you", "On hold", "Shipped"]),
            page("hub", "shipped", &format!("/orders/{}", self.shipped), &["Shipped", "Open label", "Good"]),
            page("hub", "open", &format!("/orders/{}", self.open), &["Plates and tries", "Put on hold"]),
            page("hub", "held", &format!("/orders/{}", self.held), &["Waits for you.", "BIN-3"]),
            page("hub", "products", "/products", &["cannot be printed yet", "Not mapped", "Choose parts"]),
            page("hub", "product", "/products/edit?sku=BIN-3", &["How BIN-3 is made", "Add a part"]),
            page("hub", "farm", "/farm", &["Workshop", "Connected", "Make a code"]),
            page("hub", "settings", "/settings", &["Settings", "demo-grids.myshopify.com", "Sendcloud"]),
            page("hub", "activity", "/activity", &["What happened when"]),
            strange(page("hub", "login", "/login", &["Sign in"]), 200),
            strange(page("hub", "missing", "/orders/none", &["There is no such order."]), 404),
        ]
    }
}

fn grid(width: &str, height: &str) -> Value {
    let properties = [["Width (mm)", width], ["Height (mm)", height]];
    json!({ "lines": [{ "sku": "GRID-CUSTOM", "title": "Custom drawer grid", "properties": properties }] })
}

/// Places an order in the shop and waits until the hub has it. Gives the hub's number.
async fn place(farm: &Farm, order: &Value) -> anyhow::Result<String> {
    let placed = farm.place_order(order.clone()).await?;
    let name = text(&placed, "/name")?.to_owned();
    wait::until("the hub to take the order", PRINT_WAIT_MAX, || async {
        let orders = farm.hub.orders().await?;
        let found = orders.iter().find(|o| o["name"] == name.as_str());
        Ok(match found {
            Some(order) => Ok(text(order, "/id")?.to_owned()),
            None => Err(orders.len()),
        })
    })
    .await
}

async fn printer(farm: &Farm, id: &str) -> anyhow::Result<Value> {
    let state = farm.agent.state().await?;
    let found = each(&state, "/printers").find(|p| p["id"] == id).cloned();
    found.ok_or_else(|| anyhow::anyhow!("no printer {id}"))
}

/// Waits until a printer shows this state.
async fn shown(farm: &Farm, id: &str, word: &str) -> anyhow::Result<()> {
    wait::until(&format!("{id} to be {word}"), SLICE_WAIT_MAX, || async {
        let now = printer(farm, id).await?;
        let has_ended = word != "Needs clearing"
            || now["bed"]["cause"].as_str().is_some_and(|c| c.starts_with("attempt"));
        Ok(if now["state"] == word && has_ended { Ok(()) } else { Err(now) })
    })
    .await
}

/// Does something with a printer, as a person who has just looked at it.
async fn act(farm: &Farm, id: &str, what: &str, mut body: Value) -> anyhow::Result<()> {
    body["seen"] = printer(farm, id).await?["seen"].clone();
    farm.agent.api()?.post(&format!("/api/v1/printers/{id}/{what}"), &body).await?;
    Ok(())
}

/// Pulls the cable.
async fn unplug(farm: &Farm, id: &str) -> anyhow::Result<()> {
    farm.printers[id].post("/__control/faults", &json!({ "unplug": true })).await?;
    Ok(())
}

/// Empties a bed and says so.
async fn clear(farm: &Farm, id: &str) -> anyhow::Result<()> {
    farm.printers[id].post("/__control/clear-bed", &json!({})).await?;
    let cause = printer(farm, id).await?["bed"]["cause"].clone();
    act(farm, id, "bed-clear", json!({ "cause": cause })).await
}

/// Counts the plate of a printer as good and leaves its bed as it is.
async fn count(farm: &Farm, id: &str) -> anyhow::Result<()> {
    let state = farm.agent.state().await?;
    let ended = each(&state, "/attempts").find(|a| a["printer"] == id);
    let no = text(ended.unwrap_or(&Value::Null), "/attempt")?;
    let body = json!({ "scrap": [], "bed_is_clear": false, "seen": printer(farm, id).await?["seen"] });
    farm.agent.api()?.post(&format!("/api/v1/attempts/{no}/sign-off"), &body).await?;
    Ok(())
}

/// Makes a local plate. Gives its job.
async fn make(farm: &Farm, label: &str, mm: u32, material: &str) -> anyhow::Result<String> {
    let grid = json!({ "plate_size": [mm, mm], "bed_size": [250, 220] });
    let body = json!({ "grid": grid, "label": label, "material": material });
    let made = farm.agent.api()?.post_once("/api/v1/jobs", label, &body).await?;
    Ok(text(&made, "/jobs/0")?.to_owned())
}

/// Makes a local plate for one printer and clears its bed, so that it starts there.
async fn print(farm: &Farm, label: &str, mm: u32, id: &str) -> anyhow::Result<()> {
    let job = make(farm, label, mm, "PLA").await?;
    wait::until("the plate to be moved", PRINT_WAIT_MAX, || async {
        let state = farm.agent.state().await?;
        let seen = each(&state, "/jobs").find(|j| j["id"] == job.as_str()).map(|j| j["seen"].clone());
        let to = json!({ "printer": id, "seen": seen });
        // Slicing moves on meanwhile: then look again.
        Ok(farm.agent.api()?.post(&format!("/api/v1/jobs/{job}/move"), &to).await.map_err(|e| e.to_string()))
    })
    .await?;
    clear(farm, id).await
}

/// The number of the one try in this state.
async fn attempt(farm: &Farm, word: &str) -> anyhow::Result<String> {
    let state = farm.agent.state().await?;
    let found = each(&state, "/attempts").find(|a| a["state"] == word);
    Ok(text(found.unwrap_or(&Value::Null), "/attempt")?.to_owned())
}
