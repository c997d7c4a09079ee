//! The FTPS server inside the printer: implicit TLS 1.2, user `bblp`. Real printers run vsftpd; so do we where we are
//! root and may have a mount namespace (its user and password live only there). Else pyftpdlib.
use std::path::Path;

use super::Config;
use super::certs::Certs;
use super::child::{Server, output, works, write};

/// The owner of uploaded files.
const USER_ID: u32 = 61_234;

/// A running server.
#[derive(Debug)]
pub(super) struct Ftps {
    _server: Server,
    /// `vsftpd` or `pyftpdlib`.
    pub(super) program: &'static str,
}

impl Ftps {
    /// Starts it on `port` with its files in `dir/sd`.
    pub(super) fn start(dir: &Path, certs: &Certs, config: &Config, port: u16) -> anyhow::Result<Self> {
        let log = dir.join("ftps.log");
        std::fs::create_dir_all(dir.join("sd"))?;
        let root = rustix::process::geteuid().is_root();
        let vsftpd = root && Path::new("/usr/sbin/vsftpd").exists() && works("unshare", &["-m", "true"]);
        let (mut server, program) = if vsftpd {
            (vsftpd_server(dir, certs, config, port)?, "vsftpd")
        } else if works("python3", &["-c", "import pyftpdlib, OpenSSL"]) {
            (pyftpdlib_server(dir, certs, config, port)?, "pyftpdlib")
        } else {
            anyhow::bail!(
                "no FTPS server: install vsftpd (as root) or python3-pyftpdlib with python3-openssl"
            );
        };
        server.until_listening(port, &log)?;
        Ok(Self { _server: server, program })
    }
}

fn vsftpd_server(dir: &Path, certs: &Certs, config: &Config, port: u16) -> anyhow::Result<Server> {
    let sd = dir.join("sd");
    rustix::fs::chown(
        &sd,
        Some(rustix::process::Uid::from_raw(USER_ID)),
        Some(rustix::process::Gid::from_raw(USER_ID)),
    )?;
    let hash = output("openssl", &["passwd", "-6", &config.access_code])?;
    let home = sd.display();
    let passwd = std::fs::read_to_string("/etc/passwd")?;
    write(&dir.join("etc-passwd"), &format!("{passwd}\nbblp:x:{USER_ID}:{USER_ID}::{home}:/bin/sh\n"))?;
    write(&dir.join("etc-shadow"), &format!("bblp:{hash}:19000:0:99999:7:::\n"))?;
    write(
        &dir.join("etc-pam"),
        "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
    )?;
    let empty = dir.join("empty");
    std::fs::create_dir_all(&empty)?;
    let settings = dir.join("vsftpd.conf");
    write(
        &settings,
        &format!(
            "listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nlocal_enable=YES\n\
             anonymous_enable=NO\nwrite_enable=YES\nlocal_umask=022\nchroot_local_user=YES\n\
             allow_writeable_chroot=YES\nsecure_chroot_dir={}\npam_service_name=vsftpd\ncheck_shell=NO\n\
             ssl_enable=YES\nimplicit_ssl=YES\nforce_local_logins_ssl=YES\nforce_local_data_ssl=YES\n\
             require_ssl_reuse=YES\nssl_tlsv1=YES\nssl_sslv2=NO\nssl_sslv3=NO\nssl_ciphers=HIGH\n\
             rsa_cert_file={}\nrsa_private_key_file={}\npasv_enable=YES\npasv_address=127.0.0.1\n\
             seccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\nxferlog_enable=NO\nuse_localtime=NO\n",
            empty.display(),
            certs.chain.display(),
            certs.key.display(),
        ),
    )?;
    let script = format!(
        "mount --bind {0}/etc-passwd /etc/passwd && mount --bind {0}/etc-shadow /etc/shadow && \
         mount --bind {0}/etc-pam /etc/pam.d/vsftpd && exec /usr/sbin/vsftpd {1}",
        dir.display(),
        settings.display()
    );
    Server::start(&["unshare", "-m", "sh", "-c", &script], &dir.join("ftps.log"))
}

fn pyftpdlib_server(dir: &Path, certs: &Certs, config: &Config, port: u16) -> anyhow::Result<Server> {
    let script = dir.join("ftps.py");
    write(&script, PYFTPDLIB)?;
    let arguments = [
        script.display().to_string(),
        port.to_string(),
        dir.join("sd").display().to_string(),
        certs.all.display().to_string(),
        config.access_code.clone(),
    ];
    let mut all = vec!["python3"];
    all.extend(arguments.iter().map(String::as_str));
    Server::start(&all, &dir.join("ftps.log"))
}

/// pyftpdlib with implicit TLS: the handshake first, the banner after it. TLS 1.3 is off: its tickets lie unread in a
/// client's data socket, whose close then cuts off the end of the file.
const PYFTPDLIB: &str = r#"import sys
from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import ThreadedFTPServer
port, root, pem, code = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
class Implicit(TLS_FTPHandler):
    greeted = False
    def handle(self):
        self.secure_connection(self.ssl_context)
    def handle_ssl_established(self):
        if not self.greeted:
            self.greeted = True
            TLS_FTPHandler.handle(self)
    def ftp_AUTH(self, line):
        self.respond("503 Already using TLS.")
users = DummyAuthorizer()
users.add_user("bblp", code, root, perm="elradfmwMT")
Implicit.authorizer, Implicit.certfile, Implicit.banner = users, pem, "(vsFTPd 3.0.3)"
Implicit.ssl_context = None
Implicit.ssl_context = Implicit.get_ssl_context()
Implicit.ssl_context.set_options(SSL.OP_NO_TLSv1_3)
Implicit.tls_data_required = True
ThreadedFTPServer(("127.0.0.1", port), Implicit).serve_forever()
"#;
