//! Settings: faults come all at once, each with its place; secrets stay secret.

use super::Config;

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.toml");
    crate::files::write_atomic(&path, text.as_bytes()).unwrap();
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let place = format!("{}/", folder.path().display());
    let shorten =
        |faults: Vec<super::Fault>| faults.iter().map(|f| f.to_string().replace(&place, "")).collect();
    Config::load(Some(&path), environment).map_err(shorten)
}

#[test]
fn all_faults_are_told_at_once_with_file_line_key_and_what_is_expected() {
    let text = "[web]\nlisten = \"everywhere\"\nwebhook_bytes_max = 5\n\n[shopify]\nshop = \"shop.example.com\"\ncolour = 1\n[warp]\nspeed = 9\n";
    let faults = load(text, &[("CLOUD_HUB__OUTBOX__CALL_S", "soon")]).unwrap_err();
    let expected = [
        "hub.toml line 2: web.listen: expected ADDRESS:PORT, for example 127.0.0.1:8080, found \"everywhere\"",
        "hub.toml line 3: web.webhook_bytes_max: expected a whole number from 1000 to 50000000, found 5",
        "hub.toml line 6: shopify.shop: expected NAME.myshopify.com, found \"shop.example.com\"",
        "the variable CLOUD_HUB__OUTBOX__CALL_S: outbox.call_s: expected a whole number from 1 to 120, found \"soon\"",
        "hub.toml line 7: shopify.colour: unknown key; see the manual for the keys of [shopify]",
    ];
    for line in expected {
        assert!(faults.contains(&line.to_owned()), "missing {line:?} in {faults:#?}");
    }
    assert!(
        faults.iter().any(|f| f.starts_with("hub.toml line 9: warp.speed: unknown section [warp]")),
        "{faults:#?}"
    );
    assert_eq!(faults.len(), 6, "{faults:#?}");
}

#[test]
fn a_file_that_is_not_toml_names_the_line() {
    let faults = load("[web]\nlisten = \n", &[]).unwrap_err();
    assert!(faults[0].starts_with("hub.toml line 2: file: is not TOML"), "{faults:?}");
}

#[test]
fn the_environment_overrides_the_file_and_the_original_names_work() {
    let environment = [
        ("CLOUD_HUB__WEB__LISTEN", "127.0.0.1:9"),
        ("SHOPIFY_WEBHOOK_SECRET", "old"),
        ("CLOUD_HUB__SHOPIFY__WEBHOOK_SECRET", "new"),
        ("SENDCLOUD_PUBLIC_KEY", "p"),
        ("SENDCLOUD_SECRET_KEY", "s"),
        ("HOME", "/root"),
    ];
    let config =
        load("[web]\nlisten = \"127.0.0.1:8\"\n[grid]\nbed_mm = [256, 256]\n", &environment).unwrap();
    assert_eq!(config.web.listen.port(), 9);
    assert_eq!(config.shopify.webhook_secret.unwrap().expose(), "new");
    assert_eq!(config.sendcloud.unwrap().secret_key.expose(), "s");
    assert_eq!(config.grid.bed_mm, [256, 256]);
    assert!(!config.shipping.real_labels, "labels that cost money are never a default");
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    crate::files::write_atomic(&path, b"hush\n").unwrap();
    let text =
        format!("[shopify]\nshop = \"a.myshopify.com\"\nwebhook_secret_file = \"{}\"\n", path.display());
    let config = load(&text, &[]).unwrap();
    assert_eq!(config.shopify.webhook_secret.as_ref().unwrap().expose(), "hush");
    assert!(!format!("{config:?}").contains("hush"));
    let missing = load("[shopify]\nwebhook_secret_file = \"/nowhere\"\n", &[]).unwrap_err();
    assert!(missing[0].contains("line 2: shopify.webhook_secret_file: cannot read /nowhere"), "{missing:?}");
}
