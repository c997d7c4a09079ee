//! mosquitto as the broker inside the printer: TLS 1.2, user `bblp` with the access code, an access list like the
//! printer's. The printer's own firmware comes in through a Unix socket.
use std::path::{Path, PathBuf};

use super::Config;
use super::certs::Certs;
use super::child::{Server, output, write};

/// A running broker.
#[derive(Debug)]
pub(super) struct Broker {
    _server: Server,
}

/// Where the firmware's socket is.
pub(super) fn socket(dir: &Path) -> PathBuf {
    dir.join("firmware.sock")
}

impl Broker {
    /// Starts it on `port`.
    pub(super) fn start(dir: &Path, certs: &Certs, config: &Config, port: u16) -> anyhow::Result<Self> {
        let (passwords, access, settings) = (dir.join("passwd"), dir.join("acl"), dir.join("mosquitto.conf"));
        write(&passwords, "")?;
        let path = passwords.display().to_string();
        output("mosquitto_passwd", &["-b", &path, "bblp", &config.access_code])?;
        output("mosquitto_passwd", &["-b", &path, "printer", "printer"])?;
        let serial = &config.serial;
        write(
            &access,
            &format!(
                "user bblp\ntopic read device/{serial}/report\ntopic write device/{serial}/request\nuser printer\ntopic readwrite #\n"
            ),
        )?;
        // As root, mosquitto would drop to a user of its own who cannot read our folder.
        let user = if rustix::process::geteuid().is_root() { "user root\n" } else { "" };
        write(
            &settings,
            &format!(
                "{user}per_listener_settings false\nallow_anonymous false\npassword_file {path}\nacl_file {}\n\
                 persistence false\nlistener {port} 127.0.0.1\ncertfile {}\nkeyfile {}\ntls_version tlsv1.2\n\
                 max_connections 6\nlistener 0 {}\n",
                access.display(),
                certs.chain.display(),
                certs.key.display(),
                socket(dir).display(),
            ),
        )?;
        let log = dir.join("mosquitto.log");
        let program =
            if Path::new("/usr/sbin/mosquitto").exists() { "/usr/sbin/mosquitto" } else { "mosquitto" };
        let mut server = Server::start(&[program, "-c", &settings.display().to_string()], &log)?;
        server.until_listening(port, &log)?;
        Ok(Self { _server: server })
    }
}
