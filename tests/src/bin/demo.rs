//! `make demo`: a signed order for a 450 × 320 mm drawer grid becomes four plates on simulated printers, a label and a
//! fulfilment, while the internet is away. Runs until Ctrl-C, or with `--once` until the order is completed.

#![expect(clippy::print_stdout, reason = "the demonstration speaks to whoever watches it")]

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Parser;
use platewright_tests::{
    farm::{Farm, Pace, Printers},
    http::text,
    operator::each,
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// How long the order may take.
const ORDER_WAIT_MAX: Duration = Duration::from_secs(600);
/// Motion of the simulated printers, times that of real ones.
const SPEED: u32 = 4000;
/// Filament may differ by rounding only, mm.
const FILAMENT_SLACK_MM: f64 = 0.5;

/// Watches an order print itself.
#[derive(Debug, Parser)]
struct Arguments {
    /// End when the order is completed.
    #[arg(long)]
    once: bool,
    /// Where everything is kept.
    #[arg(long, default_value = "demo-data")]
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("demo: failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let folder = std::path::absolute(&arguments.folder)?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    println!(
        "demo: starting a hub, an agent, two simulated printers and three outside services in {}",
        folder.display()
    );
    let mut farm = Farm::start(&folder, Printers::SerialAndMqtt, Pace::of(SPEED)).await?;
    farm.operator.speaks = true;
    println!("  hub         {} (owner / the password in owner.password)", farm.hub.api()?.base());
    println!(
        "  agent       {} (pair with: edge-agent pair --config {}/agent.toml)",
        farm.agent.api()?.base(),
        folder.display()
    );
    let begun = Instant::now();
    let properties = [["Width (mm)", "450"], ["Height (mm)", "320"]];
    farm.place_order(json!({ "lines": [{ "sku": "GRID-CUSTOM", "properties": properties }] })).await?;
    println!("  shop        signed order placed: one drawer grid of 450 × 320 mm");
    let order = watch(&mut farm).await?;
    let summary = account(&mut farm, &order).await?;
    println!("demo: order completed in {} s; {summary}", begun.elapsed().as_secs());
    if arguments.once {
        return Ok(());
    }
    println!("demo: everything keeps running; Ctrl-C ends it");
    let api = farm.agent.api()?.clone();
    loop {
        tokio::select! {
            _stop = tokio::signal::ctrl_c() => return Ok(()),
            () = tokio::time::sleep(Duration::from_millis(500)) => farm.operator.round(&api).await?,
        }
    }
}

/// Shows every step once, cuts the link while a plate prints, and lets the operator work.
async fn watch(farm: &mut Farm) -> anyhow::Result<Value> {
    let end = Instant::now() + ORDER_WAIT_MAX;
    let api = farm.agent.api()?.clone();
    let mut shown = BTreeSet::new();
    let mut link = Cut::NotYet;
    loop {
        let state = farm.agent.state().await?;
        show_plates(&state, &mut shown);
        let printing =
            each(&state, "/printers").filter(|p| p.get("state").is_some_and(|s| s == "Printing")).count();
        if link == Cut::NotYet && printing > 0 {
            farm.link.cut();
            println!("  internet    cut: printing goes on");
            link = Cut::Away { signed_off: farm.operator.diary.signed_off };
        }
        farm.operator.round(&api).await?;
        if let Cut::Away { signed_off } = link
            && farm.operator.diary.signed_off > signed_off
        {
            farm.link.mend();
            println!("  internet    back: what happened meanwhile is reported, once");
            link = Cut::Over;
        }
        if let Some(order) = farm.hub.orders().await?.first() {
            let order = farm.hub.order(text(order, "/id")?).await?;
            show_milestones(&order, &mut shown);
            if order.get("state").is_some_and(|s| s == "Completed") {
                return Ok(order);
            }
        }
        anyhow::ensure!(
            Instant::now() < end,
            "the order did not complete; everything is kept in {}",
            farm.folder.display()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Where the cut of the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    NotYet,
    Away { signed_off: u32 },
    Over,
}

fn show_plates(state: &Value, shown: &mut BTreeSet<String>) {
    for printer in each(state, "/printers") {
        let Some(attempt) = printer.get("attempt").filter(|a| !a.is_null()) else { continue };
        let word = |key: &str| attempt.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let line = format!("{}: {} {}", word("printer"), word("label"), word("state"));
        if shown.insert(line.clone()) {
            println!("  printer     {line}");
        }
    }
}

fn show_milestones(order: &Value, shown: &mut BTreeSet<String>) {
    let all: Vec<_> = each(order, "/timeline").collect();
    for milestone in all.into_iter().rev() {
        let name = ["name", "milestone", "what"].into_iter().find_map(|key| milestone.get(key)?.as_str());
        if let Some(name) = name
            && shown.insert(format!("milestone {name}"))
        {
            println!("  order       {name}");
        }
    }
}

/// Counts what really happened: at the printers, at the parcel service and in the shop.
async fn account(farm: &mut Farm, order: &Value) -> anyhow::Result<String> {
    let (starts, on_occupied) = farm.starts().await?;
    anyhow::ensure!(on_occupied == 0, "{on_occupied} prints started on an occupied bed");
    let plates = each(order, "/jobs").count();
    anyhow::ensure!(usize::try_from(starts)? == plates, "{starts} physical starts for {plates} plates");
    let duplicates = farm
        .sendcloud
        .get("/__control/state")
        .await?
        .get("duplicates")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    anyhow::ensure!(duplicates == 0, "{duplicates} labels were bought twice");
    check_filament(farm).await?;
    farm.check_peers().await?;
    Ok(format!("plates {plates}; attempts {starts}; duplicates {duplicates}"))
}

/// The filament that each printer extruded is that of the G-code it was given, and each printed at least one plate.
async fn check_filament(farm: &Farm) -> anyhow::Result<()> {
    let ledger = farm.agent.data_dir().join("ledger.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let rows: Vec<(String, f64)> = {
        let connection = rusqlite::Connection::open_with_flags(ledger, flags)?;
        let mut statement = connection.prepare(
            "select a.printer, json_extract(j.facts, '$.filament_mm') from attempt a
             join job_artifact j on j.job = a.job and j.sha256 = a.artifact where a.state = 'Finished'",
        )?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?
    };
    for (printer, extruded) in farm.extruded_mm().await? {
        let given: f64 = rows.iter().filter(|(p, _)| *p == printer).map(|(_, mm)| mm).sum();
        anyhow::ensure!(given > 0.0, "{printer} printed no plate");
        anyhow::ensure!(
            (given - extruded).abs() < FILAMENT_SLACK_MM,
            "{printer} extruded {extruded:.1} mm, its G-code has {given:.1} mm"
        );
        println!("  check       {printer} extruded {extruded:.1} mm, as its G-code says");
    }
    Ok(())
}
