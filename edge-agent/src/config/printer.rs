//! `[[printer]]`: the printers of the site, in shelf order.

use std::{collections::BTreeSet, path::PathBuf};

use protocol::ids::PrinterId;

use super::reader::Reader;

/// One printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printer {
    /// `id`: short and fixed: `ender-1`.
    pub id: PrinterId,
    /// `name`: on every page. Default: the id.
    pub name: String,
    /// `profile`: model, as in `edge-agent profiles list`: `creality/ender-3`.
    pub profile: String,
    /// `connection`
    pub connection: Connection,
    /// `tags`: words that jobs may ask for.
    pub tags: Vec<String>,
}

/// How a printer is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// `{ kind = "serial", port = "/dev/serial/by-path/…", baud = 115200 }`
    Serial {
        /// The device.
        port: PathBuf,
        /// Bits per second; none: the profile's.
        baud: Option<u32>,
    },
    /// `{ kind = "mqtt", host = "192.168.1.40", serial = "…", access_code_file = "…" }`
    Mqtt {
        /// Name or address.
        host: String,
        /// Broker's port. Default 8883.
        port: u16,
        /// Implicit FTPS port. Default 990.
        ftps_port: u16,
        /// The printer's serial number: it is also the name in its certificate.
        serial: String,
        /// File with the access code.
        access_code_file: PathBuf,
        /// PEM file with the certificate authority of the printer; none: the leaf is pinned at first contact.
        ca_file: Option<PathBuf>,
    },
    /// `{ kind = "http", host = "192.168.1.41", password_file = "…" }`
    Http {
        /// Name or address.
        host: String,
        /// Port; none: the dialect's.
        port: Option<u16>,
        /// File with the password (PrusaLink) or API key (Moonraker, where it asks for one).
        password_file: Option<PathBuf>,
    },
}

/// Reads every `[[printer]]`; two of the same id are a fault.
pub(super) fn all(r: &mut Reader) -> Vec<Printer> {
    let mut known = BTreeSet::new();
    let mut all = Vec::new();
    for n in 1..=r.len("printer") {
        let at = |key: &str| format!("printer[{n}].{key}");
        let expected = "a short name of a-z, 0-9, '-', '_' and '.', for example ender-1";
        let id: Option<PrinterId> = r.required(&at("id"), expected, |t| t.parse().ok());
        let name = r.text(&at("name"));
        let profile = r.required(&at("profile"), "a model, for example creality/ender-3", |t| {
            t.contains('/').then(|| t.to_owned())
        });
        let tags = r.texts(&at("tags"));
        let connection = connection(r, &at("connection"));
        if let Some(id) = &id
            && !known.insert(id.clone())
        {
            r.wrong(&at("id"), format!("expected a name of its own: {id} is used twice"));
        }
        if let (Some(id), Some(profile), Some(connection)) = (id, profile, connection) {
            let name = name.unwrap_or_else(|| id.to_string());
            all.push(Printer { id, name, profile, connection, tags });
        }
    }
    all
}

fn connection(r: &mut Reader, at: &str) -> Option<Connection> {
    let key = |name: &str| format!("{at}.{name}");
    let expected = "\"serial\", \"mqtt\" or \"http\"";
    let kind = r.required(&key("kind"), expected, |t| {
        matches!(t, "serial" | "mqtt" | "http").then(|| t.to_owned())
    })?;
    let path = |t: &str| Some(PathBuf::from(t));
    if kind == "serial" {
        let port = r.required(&key("port"), "a device, for example /dev/serial/by-path/…", path);
        let baud = r.has(&key("baud")).then(|| r.number(&key("baud"), 115_200, 1_200..=4_000_000));
        return port.map(|port| Connection::Serial { port, baud: baud.and_then(|b| u32::try_from(b).ok()) });
    }
    let number = |r: &mut Reader, name: &str, default: u16| {
        u16::try_from(r.number(&key(name), default.into(), 1..=65_535)).unwrap_or(default)
    };
    let host =
        r.required(&key("host"), "a name or address, for example 192.168.1.40", |t| Some(t.to_owned()));
    if kind == "http" {
        let own = r.has(&key("port")).then(|| number(r, "port", 80));
        let password_file = r.path(&key("password_file"));
        return host.map(|host| Connection::Http { host, port: own, password_file });
    }
    let serial = r.required(&key("serial"), "the printer's serial number", |t| {
        t.chars().all(|c| c.is_ascii_alphanumeric()).then(|| t.to_owned())
    });
    let (port, ftps_port) = (number(r, "port", 8883), number(r, "ftps_port", 990));
    let access_code_file = r.required(&key("access_code_file"), "a file with the access code", path);
    let ca_file = r.path(&key("ca_file"));
    Some(Connection::Mqtt {
        host: host?,
        port,
        ftps_port,
        serial: serial?,
        access_code_file: access_code_file?,
        ca_file,
    })
}
