//! `edge-agent doctor`: everything that a start needs, looked at one after the other, each with what to do.

use std::{path::Path, time::Duration};

use firmware_profiles::{Control, Library};

use super::{Failed, print_line, profiles, run::install_crypto, this_program};
use crate::{
    clock::Clock,
    config::{Config, Connection},
    control, db, files, net,
    pipeline::engine::Engine,
    sandbox,
};

/// How long a printer or the hub may take.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(5);

/// One look: what, and what is wrong with it.
pub(super) type Line = (String, Result<String, String>);

pub(super) fn doctor(config: &Config) -> Result<(), Failed> {
    install_crypto();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let lines = runtime.block_on(look(config))?;
    for line in &lines {
        print_line(&text(line));
    }
    let bad = lines.iter().filter(|(_, found)| found.is_err()).count();
    match bad {
        0 => Ok(()),
        1 => Err(Failed::damaged("1 thing needs you")),
        n => Err(Failed::damaged(format!("{n} things need you"))),
    }
}

pub(super) fn text((what, found): &Line) -> String {
    match found {
        Ok(text) => format!("ok    {what}: {text}"),
        Err(text) => format!("LOOK  {what}: {text}"),
    }
}

/// Looks at everything; only the machine itself can make this fail.
pub(super) async fn look(config: &Config) -> Result<Vec<Line>, Failed> {
    let data_dir = &config.site.data_dir;
    let mut lines = vec![("data directory".to_owned(), folder(data_dir, config.limits.free_bytes_min))];
    let is_running = tokio::net::UnixStream::connect(data_dir.join(control::SOCKET)).await.is_ok();
    let agent = if is_running { "running" } else { "not running" };
    lines.push(("agent".into(), Ok(agent.to_owned())));
    lines.push(("ledger".into(), ledger(&data_dir.join("ledger.db"))));
    lines.push(("slicer".into(), slicer(config).await?));
    let library = profiles::library(config)?;
    for printer in &config.printers {
        let found = match &printer.connection {
            Connection::Serial { port, .. } => serial(Path::new(port)),
            Connection::Mqtt { host, port, .. } => reached(host, *port).await,
            Connection::Http { host, port, .. } => {
                reached(host, port.unwrap_or_else(|| http_port(&library, &printer.profile))).await
            }
        };
        lines.push((format!("printer {}", printer.id), found));
    }
    if let Some(hub) = &config.hub {
        lines.push(("hub".into(), answers(&hub.url).await?));
    }
    let clock = if Clock::of_this_machine().is_synced() {
        Ok("synchronised".to_owned())
    } else {
        Err("not synchronised: due dates and shifts are not used until it is. Check the network, or timedatectl.".into())
    };
    lines.push(("clock".into(), clock));
    Ok(lines)
}

/// Where a printer of this model listens unless the settings say otherwise.
fn http_port(library: &Library, profile: &str) -> u16 {
    const HTTP: u16 = 80;
    match library.profile(profile).map(|profile| &profile.control) {
        Some(Control::PrinterOwnedHttp(dialect)) => dialect.port,
        Some(Control::Streamed(_) | Control::PrinterOwned(_)) | None => HTTP,
    }
}

fn folder(data_dir: &Path, least: u64) -> Result<String, String> {
    let free = files::free_bytes(data_dir)
        .map_err(|e| format!("{e}: {} must exist and be writable", data_dir.display()))?;
    let words = format!("{}, {} MB free", data_dir.display(), free / 1_000_000);
    if free < least {
        Err(format!("{words}: nothing new is started below {} MB", least / 1_000_000))
    } else {
        Ok(words)
    }
}

fn ledger(path: &Path) -> Result<String, String> {
    if !path.exists() {
        return Ok("none yet; made at the first start".into());
    }
    match db::check(path) {
        Ok(findings) if findings.is_empty() => Ok("sound".into()),
        Ok(_) => Err("damaged: see `edge-agent db check`".into()),
        Err(error) => Err(error.to_string()),
    }
}

async fn slicer(config: &Config) -> Result<Result<String, String>, Failed> {
    let agent = this_program()?;
    let cage = match sandbox::choose(config.slicer.sandbox, &agent).await {
        Ok(cage) => cage,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let found = Engine::find(&config.slicer, cage, agent).await;
    Ok(found.map(|e| format!("{}, sandbox {cage:?}", e.identity)).map_err(|e| e.to_string()))
}

/// Does not open the port: many boards reset when it is opened.
fn serial(port: &Path) -> Result<String, String> {
    if !port.exists() {
        return Err(format!(
            "{} is not there: check the cable, or choose another under /dev/serial/by-path",
            port.display()
        ));
    }
    match rustix::fs::access(port, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK) {
        Ok(()) => Ok(format!("{} is there", port.display())),
        Err(_denied) => {
            Err(format!("{} may not be used: add the agent's user to the group dialout", port.display()))
        }
    }
}

async fn reached(host: &str, port: u16) -> Result<String, String> {
    let connected = tokio::time::timeout(ANSWER_WAIT_MAX, tokio::net::TcpStream::connect((host, port))).await;
    match connected {
        Ok(Ok(_stream)) => Ok(format!("{host}:{port} answers")),
        Ok(Err(error)) => Err(format!(
            "{host}:{port} does not answer ({error}): is it on, in this network, and in LAN mode?"
        )),
        Err(_elapsed) => {
            Err(format!("{host}:{port} does not answer: is it on, in this network, and in LAN mode?"))
        }
    }
}

async fn answers(hub: &url::Url) -> Result<Result<String, String>, Failed> {
    let Ok(url) = hub.join("health/live") else { return Ok(Err(format!("{hub} is no address of a hub"))) };
    let asked = net::http_client()?.get(url).timeout(ANSWER_WAIT_MAX).send().await;
    Ok(match asked {
        Ok(answer) if answer.status().is_success() => Ok(format!("{hub} answers")),
        Ok(answer) => Err(format!("{hub} answers {}: is this the hub?", answer.status().as_u16())),
        Err(error) => {
            Err(format!("{hub} cannot be reached ({}): work goes on without it", error.without_url()))
        }
    })
}
