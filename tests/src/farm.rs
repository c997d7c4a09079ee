//! A whole farm in one folder: outside services, hub, link, agent, printers; started on free ports, kept when a test
//! fails.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    agent::{Agent, Wired},
    http::{self, Http, text},
    hub::{Hub, Outside},
    link::Link,
    operator::{Operator, each},
    process::Process,
    wait,
};

/// How long an agent may take until the hub knows it.
const ENROL_WAIT_MAX: Duration = Duration::from_secs(30);

/// Which printers a farm has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printers {
    /// One on a serial port.
    Serial,
    /// One on a serial port and one that owns its jobs, over MQTT.
    SerialAndMqtt,
}

/// How fast the simulated printers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Motion and heating, times that of real ones.
    pub speed: u32,
    /// From reset to the firmware's first word, ms.
    pub boot_ms: u32,
    /// From a start command to the first move, ms.
    pub prepare_ms: u32,
}

impl Pace {
    /// Fast motion with the waits of real printers' electronics.
    #[must_use]
    pub const fn of(speed: u32) -> Self {
        Self { speed, boot_ms: 300, prepare_ms: 1_000 }
    }

    /// Nothing waits: what limits a print is the agent.
    pub const AT_ONCE: Self = Self { speed: 100_000, boot_ms: 20, prepare_ms: 50 };
}

/// A printer that a farm simulates.
#[derive(Debug, Clone, Copy)]
pub struct Simulated {
    /// Its id in the settings.
    pub id: &'static str,
    /// Its name on the pages.
    pub name: &'static str,
    /// Whether it owns its jobs, over MQTT; else it hangs on a serial port.
    pub is_mqtt: bool,
    /// How fast it is.
    pub pace: Pace,
}

impl Printers {
    fn list(self, pace: Pace) -> Vec<Simulated> {
        let serial = Simulated { id: "cr-1", name: "cr-1", is_mqtt: false, pace };
        let mqtt = Simulated { id: "a1-1", name: "a1-1", is_mqtt: true, pace };
        match self {
            Self::Serial => vec![serial],
            Self::SerialAndMqtt => vec![serial, mqtt],
        }
    }
}

/// A farm that runs.
#[derive(Debug)]
pub struct Farm {
    /// Where everything lies.
    pub folder: PathBuf,
    /// The shop.
    pub shopify: Http,
    /// The parcel service.
    pub sendcloud: Http,
    /// The hub.
    pub hub: Hub,
    /// Between agent and hub.
    pub link: Link,
    /// The agent.
    pub agent: Agent,
    /// Who stands beside the printers.
    pub operator: Operator,
    /// Control endpoints of the printers.
    pub printers: BTreeMap<String, Http>,
    peers: Vec<Process>,
}

impl Farm {
    /// Starts everything below `folder`.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn start(folder: &Path, printers: Printers, pace: Pace) -> anyhow::Result<Self> {
        Self::with(folder, &printers.list(pace)).await
    }

    /// The same with these printers.
    ///
    /// # Errors
    /// Something does not start.
    pub async fn with(folder: &Path, printers: &[Simulated]) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let mut peers = Vec::new();
        let plenty = ["--restore-per-s".to_owned(), "1000".into()];
        let shopify = peer(&mut peers, folder, ("shopify", "shopify-stand-in"), &plenty).await?;
        let sendcloud = peer(&mut peers, folder, ("sendcloud", "sendcloud-stand-in"), &[]).await?;
        let simplyprint = peer(&mut peers, folder, ("simplyprint", "simplyprint-stand-in"), &[]).await?;
        let outside = Outside { shopify: shopify.clone(), sendcloud: sendcloud.clone(), simplyprint };
        let mut hub = Hub::new(folder, &outside)?;
        hub.start().await?;
        let link = Link::to(hub.address()?).await?;
        let (wired, controls) = start_printers(&mut peers, folder, printers).await?;
        let mut agent = Agent::new(folder, Some(&link.url()), &wired)?;
        agent.command(&["enrol", "--hub", &link.url(), "--code", &hub.agent_code()?])?;
        agent.start().await?;
        let mut operator = Operator::new(controls.clone());
        operator.set_up(agent.api()?).await?;
        let farm = Self {
            folder: folder.to_owned(),
            shopify: Http::new(format!("http://{shopify}"))?,
            sendcloud: Http::new(format!("http://{sendcloud}"))?,
            hub,
            link,
            agent,
            operator,
            printers: controls,
            peers,
        };
        wait::until("the agent to reach the hub", ENROL_WAIT_MAX, || async {
            let state = farm.agent.state().await?;
            let link = text(&state, "/hub/link")?.to_owned();
            Ok(if link == "connected" { Ok(()) } else { Err(link) })
        })
        .await?;
        Ok(farm)
    }

    /// Places an order in the shop, which sends its signed webhooks to the hub. Gives the shop's answer.
    ///
    /// # Errors
    /// The shop refuses.
    pub async fn place_order(&self, mut order: Value) -> anyhow::Result<Value> {
        let to = format!("http://{}/api/v1/webhooks/shopify", self.hub.address()?);
        if let Some(fields) = order.as_object_mut() {
            fields.insert("to".into(), json!(to));
        }
        self.shopify.post("/__control/place-order", &order).await
    }

    /// Filament that every simulated printer extruded, mm, by printer.
    ///
    /// # Errors
    /// A printer does not answer.
    pub async fn extruded_mm(&self) -> anyhow::Result<BTreeMap<String, f64>> {
        let mut all = BTreeMap::new();
        for (id, printer) in &self.printers {
            let state = printer.get("/__control/state").await?;
            let mm = each(&state, "/runs").filter_map(|r| r.get("extruded_mm")?.as_f64()).sum();
            all.insert(id.clone(), mm);
        }
        Ok(all)
    }

    /// Physical starts of every printer, and how many of them were on an occupied bed.
    ///
    /// # Errors
    /// A printer does not answer.
    pub async fn starts(&self) -> anyhow::Result<(u64, u64)> {
        let (mut starts, mut on_occupied) = (0, 0);
        for printer in self.printers.values() {
            let state = printer.get("/__control/state").await?;
            starts += state.get("starts").and_then(Value::as_u64).context("starts")?;
            on_occupied +=
                state.get("starts_on_occupied_bed").and_then(Value::as_u64).context("starts on occupied")?;
        }
        Ok((starts, on_occupied))
    }

    /// Whether every peer still runs: a stand-in that was sent something invalid says so in its state.
    ///
    /// # Errors
    /// A peer has ended, or reports a violation.
    pub async fn check_peers(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(self.peers.iter_mut().all(Process::is_running), "a stand-in has ended");
        for service in [&self.shopify, &self.sendcloud] {
            let violations = service.get("/__control/violations").await?;
            let list = violations.as_array().or_else(|| violations.get("violations")?.as_array());
            anyhow::ensure!(list.is_none_or(Vec::is_empty), "{}: {violations}", service.base());
        }
        Ok(())
    }
}

async fn peer(
    peers: &mut Vec<Process>,
    folder: &Path,
    (name, binary): (&str, &str),
    arguments: &[String],
) -> anyhow::Result<String> {
    let mut process = Process::start(folder, name, binary, arguments)?;
    let address = process.address().await?;
    peers.push(process);
    Ok(address)
}

async fn start_printers(
    peers: &mut Vec<Process>,
    folder: &Path,
    printers: &[Simulated],
) -> anyhow::Result<(Vec<Wired>, BTreeMap<String, Http>)> {
    let mut wired = Vec::new();
    let mut controls = BTreeMap::new();
    for it in printers {
        let (id, profile) = (it.id.to_owned(), if it.is_mqtt { "bambu/a1" } else { "creality/cr-10" });
        let (connection, control) = if it.is_mqtt {
            let (speed, prepare_ms) = (it.pace.speed.to_string(), it.pace.prepare_ms.to_string());
            let arguments = ["--speed", &speed, "--prepare-ms", &prepare_ms].map(str::to_owned);
            let address = peer(peers, folder, (it.id, "sim-bambu"), &arguments).await?;
            let control = Http::new(format!("http://{address}"))?;
            let state = control.get("/__control/state").await?;
            (mqtt_connection(folder, it.id, &state)?, control)
        } else {
            let port = folder.join(format!("{id}.tty"));
            let link = port.to_string_lossy().into_owned();
            let (speed, boot_ms) = (it.pace.speed.to_string(), it.pace.boot_ms.to_string());
            let arguments =
                ["--link", &link, "--speed", &speed, "--baud", "0", "--boot-ms", &boot_ms].map(str::to_owned);
            let address = peer(peers, folder, (it.id, "sim-marlin"), &arguments).await?;
            (format!("{{ kind = \"serial\", port = {port:?} }}"), Http::new(format!("http://{address}"))?)
        };
        controls.insert(id.clone(), control);
        // The name is the next key of the printer's table.
        let connection = format!("{connection}\nname = {:?}", it.name);
        wired.push(Wired { id, profile: profile.into(), connection });
    }
    Ok((wired, controls))
}

fn mqtt_connection(folder: &Path, id: &str, state: &Value) -> anyhow::Result<String> {
    let code = folder.join(format!("{id}.code"));
    http::write(&code, text(state, "/access_code")?)?;
    let port =
        |key: &str| state.get(key).and_then(Value::as_u64).with_context(|| format!("{key} of {state}"));
    Ok(format!(
        "{{ kind = \"mqtt\", host = \"127.0.0.1\", port = {}, ftps_port = {}, serial = {:?}, access_code_file = {:?}, ca_file = {:?} }}",
        port("mqtt_port")?,
        port("ftps_port")?,
        text(state, "/serial")?,
        code,
        text(state, "/ca_file")?,
    ))
}
