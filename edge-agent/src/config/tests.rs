//! Good settings mean what they say; bad ones are reported all at once with file, line and key.

use super::{Config, Connection, Sandbox, Tls};

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    crate::files::write_atomic(&file, text.as_bytes(), false).unwrap();
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Config::load(Some(&file), environment).map_err(|faults| {
        let folder = format!("{}/", folder.path().display());
        faults.iter().map(|f| f.to_string().replace(&folder, "")).collect()
    })
}

const GOOD: &str = r#"
[site]
name = "Workshop"
data_dir = "/tmp/x"
[hub]
url = "https://hub.example.com"
[web]
listen = "127.0.0.1:0"
tls = { cert = "c.pem", key = "k.pem" }
[slicer]
command = ["/opt/slicer", "--quiet"]
sandbox = "bwrap"
[[printer]]
id = "ender-1"
profile = "creality/ender-3"
connection = { kind = "serial", port = "/dev/ttyUSB0" }
[[printer]]
id = "a1-1"
name = "Anna"
profile = "bambu/a1"
connection = { kind = "mqtt", host = "10.0.0.4", serial = "01P00A", access_code_file = "/etc/a1" }
"#;

#[test]
fn good_settings_mean_what_they_say() {
    let config = load(GOOD, &[]).unwrap();
    assert_eq!(config.slicer.command, ["/opt/slicer", "--quiet"]);
    assert_eq!(config.slicer.sandbox, Sandbox::Bwrap);
    assert_eq!(config.web.tls, Tls::Files { cert: "c.pem".into(), key: "k.pem".into() });
    assert_eq!(config.printers[0].name, "ender-1", "the id is the default name");
    assert!(matches!(&config.printers[1].connection, Connection::Mqtt { port: 8883, ftps_port: 990, .. }));
}

#[test]
fn the_environment_wins_over_the_file() {
    let config =
        load(GOOD, &[("EDGE_AGENT__WEB__LISTEN", "127.0.0.1:99"), ("EDGE_AGENT__SLICER__THREADS", "3")])
            .unwrap();
    assert_eq!(config.web.listen.port(), 99);
    assert_eq!(config.slicer.threads, 3);
}

#[test]
fn every_fault_is_named_at_once_with_its_line() {
    let faults = load(
        "[site]\nnam = \"x\"\n[web]\nlisten = \"8090\"\n[hub]\nurl = \"http://hub.example.com\"\n[slicer]\nthreads = 0\n\
         [[printer]]\nid = \"A 1\"\nprofile = \"bambu/a1\"\nconnection = { kind = \"usb\" }\n",
        &[("EDGE_AGENT__LIMITS__BLOBS_BYTES_MAX", "ten")],
    )
    .unwrap_err();
    let expected = [
        "config.toml line 6: hub.url: expected https://HOST (plain http only to this machine), found \"http://hub.example.com\"",
        "config.toml line 4: web.listen: expected ADDRESS:PORT, for example 0.0.0.0:8090, found \"8090\"",
        "config.toml line 8: slicer.threads: expected a whole number from 1 to 64, found 0",
        "the variable EDGE_AGENT__LIMITS__BLOBS_BYTES_MAX: limits.blobs_bytes_max: expected a whole number from 50000000 to 9223372036854775807, found \"ten\"",
        "config.toml line 10: printer[1].id: expected a short name of a-z, 0-9, '-', '_' and '.', for example ender-1, found \"A 1\"",
        "config.toml line 12: printer[1].connection.kind: expected \"serial\", \"mqtt\" or \"http\", found \"usb\"",
        "config.toml line 2: site.nam: is not a setting of this version; see docs/operators/settings.md",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn two_printers_of_one_name_are_refused() {
    let twice = GOOD.replace("a1-1", "ender-1");
    let faults = load(&twice, &[]).unwrap_err();
    assert_eq!(faults, ["config.toml: printer[2].id: expected a name of its own: ender-1 is used twice"]);
}
