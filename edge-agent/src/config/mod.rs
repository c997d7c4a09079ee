//! All settings: read once, checked whole, then never changed. Nothing else reads the file or the environment.
//!
//! The comment of each field is the manual's text (`docs/operators/settings.md`).

mod printer;
mod reader;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use url::Url;

pub use printer::{Connection, Printer};
pub use reader::Fault;
use reader::Reader;

/// Where the settings are looked for unless `--config` says otherwise.
pub const DEFAULT_FILE: &str = "/etc/edge-agent/config.toml";

/// Settings of one agent.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[site]`
    pub site: Site,
    /// `[hub]`; none: the agent works alone.
    pub hub: Option<Hub>,
    /// `[web]`
    pub web: Web,
    /// `[slicer]`
    pub slicer: Slicer,
    /// `[limits]`
    pub limits: Limits,
    /// `[[printer]]`, in shelf order.
    pub printers: Vec<Printer>,
}

/// Where the agent stands.
#[derive(Debug, Clone)]
pub struct Site {
    /// `name`: on every page and at the hub. Default `Workshop`.
    pub name: String,
    /// `data_dir`: everything is stored below it. Default `/var/lib/edge-agent`.
    pub data_dir: PathBuf,
}

/// The hub.
#[derive(Debug, Clone)]
pub struct Hub {
    /// `url`: `https://…`; plain `http` only to this machine.
    pub url: Url,
}

/// The operators' pages.
#[derive(Debug, Clone)]
pub struct Web {
    /// `listen`: address and port; port 0 takes a free one. Default `0.0.0.0:8090`.
    pub listen: SocketAddr,
    /// `tls`. Default `self-signed`.
    pub tls: Tls,
    /// `allowed_hosts`: further names in the address bar; the machine's own name, its addresses and `NAME.local`
    /// are always allowed.
    pub allowed_hosts: Vec<String>,
}

/// How the pages are protected on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// A certificate made at the first start.
    SelfSigned,
    /// Plain HTTP.
    Off,
    /// An own certificate.
    Files {
        /// PEM file with the chain.
        cert: PathBuf,
        /// PEM file with the key.
        key: PathBuf,
    },
}

/// The slicer.
#[derive(Debug, Clone)]
pub struct Slicer {
    /// `command`: program and first arguments. Default `["prusa-slicer"]`.
    pub command: Vec<String>,
    /// `threads`: 1 to 64. Default 2.
    pub threads: u64,
    /// `sandbox`: `auto` (bwrap, else landlock, else refuse), `bwrap`, `landlock` or `none`. Default `auto`.
    pub sandbox: Sandbox,
    /// `time_s_max`: longest run, seconds, 1 to 3600. Default 300.
    pub time_s_max: u64,
}

/// How the slicer is kept from the rest of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// The best that works here; refuses where none does.
    Auto,
    /// bubblewrap: no network, no home, its own name spaces.
    Bwrap,
    /// Landlock: sees its input and output only.
    Landlock,
    /// None: shown on the board.
    None,
}

/// Bounds on disk.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// `blobs_bytes_max`: files kept by hash, bytes. Default 8,000,000,000.
    pub blobs_bytes_max: u64,
    /// `free_bytes_min`: with less room nothing new is started, bytes. Default 200,000,000.
    pub free_bytes_min: u64,
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// All faults at once.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Fault>> {
        let mut reader = Reader::new(file, environment);
        let r = &mut reader;
        let config = Self {
            site: Site {
                name: r.text("site.name").unwrap_or_else(|| "Workshop".into()),
                data_dir: r.path("site.data_dir").unwrap_or_else(|| "/var/lib/edge-agent".into()),
            },
            hub: hub(r),
            web: web(r),
            slicer: slicer(r),
            limits: Limits {
                blobs_bytes_max: r.number(
                    "limits.blobs_bytes_max",
                    8_000_000_000,
                    50_000_000..=u64::MAX >> 1,
                ),
                free_bytes_min: r.number("limits.free_bytes_min", 200_000_000, 1_000_000..=u64::MAX >> 1),
            },
            printers: printer::all(r),
        };
        reader.finish()?;
        Ok(config)
    }

    /// The variables of this process that may be settings.
    #[must_use]
    pub fn environment() -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect()
    }
}

fn hub(r: &mut Reader) -> Option<Hub> {
    if !r.has("hub") {
        return None;
    }
    let safe = |text: &str| {
        let url = Url::parse(text).ok()?;
        let is_local = url.host_str().is_some_and(|h| matches!(h, "127.0.0.1" | "localhost" | "[::1]"));
        (url.scheme() == "https" || (url.scheme() == "http" && is_local)).then_some(url)
    };
    let expected = "https://HOST (plain http only to this machine)";
    r.required("hub.url", expected, safe).map(|url| Hub { url })
}

fn web(r: &mut Reader) -> Web {
    let listen = r.parsed("web.listen", "ADDRESS:PORT, for example 0.0.0.0:8090", |t| t.parse().ok());
    let tls = if r.has("web.tls.cert") || r.has("web.tls.key") {
        let cert = r.required("web.tls.cert", "a PEM file", |t| Some(PathBuf::from(t)));
        let key = r.required("web.tls.key", "a PEM file", |t| Some(PathBuf::from(t)));
        cert.zip(key).map(|(cert, key)| Tls::Files { cert, key })
    } else {
        let word = |t: &str| match t {
            "self-signed" => Some(Tls::SelfSigned),
            "off" => Some(Tls::Off),
            _ => None,
        };
        r.parsed("web.tls", "\"self-signed\", \"off\" or { cert = \"…\", key = \"…\" }", word)
    };
    Web {
        listen: listen.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 8090))),
        tls: tls.unwrap_or(Tls::SelfSigned),
        allowed_hosts: r.texts("web.allowed_hosts"),
    }
}

fn slicer(r: &mut Reader) -> Slicer {
    let word = |t: &str| match t {
        "auto" => Some(Sandbox::Auto),
        "bwrap" => Some(Sandbox::Bwrap),
        "landlock" => Some(Sandbox::Landlock),
        "none" => Some(Sandbox::None),
        _ => None,
    };
    let command = r.texts("slicer.command");
    Slicer {
        command: if command.is_empty() { vec!["prusa-slicer".into()] } else { command },
        threads: r.number("slicer.threads", 2, 1..=64),
        sandbox: r.parsed("slicer.sandbox", "auto, bwrap, landlock or none", word).unwrap_or(Sandbox::Auto),
        time_s_max: r.number("slicer.time_s_max", 300, 1..=3600),
    }
}
