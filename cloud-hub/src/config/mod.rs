//! All settings: read once, checked whole, then never changed. Nothing else reads the settings file or the environment.

mod reader;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use protocol::grid::PropertyNames;
use url::Url;

pub use reader::{Fault, Reader};

use crate::secrets::Secret;

/// Sections that exist.
const SECTIONS: [&str; 11] = [
    "hub",
    "web",
    "database",
    "secrets",
    "shopify",
    "sendcloud",
    "simplyprint",
    "shipping",
    "grid",
    "production",
    "outbox",
];

/// Settings of one hub.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[hub]`
    pub hub: Hub,
    /// `[web]`
    pub web: Web,
    /// `[shopify]`
    pub shopify: Shopify,
    /// `[sendcloud]`; none: labels wait.
    pub sendcloud: Option<Sendcloud>,
    /// `[simplyprint]`; none: not connected.
    pub simplyprint: Option<SimplyPrint>,
    /// `[shipping]`
    pub shipping: Shipping,
    /// `[grid]`
    pub grid: Grid,
    /// `[production]`
    pub production: Production,
    /// `[outbox]`
    pub outbox: Outbox,
}

/// Where the hub lives.
#[derive(Debug, Clone)]
pub struct Hub {
    /// `data_dir`: everything is stored below it. Default `/var/lib/cloud-hub`.
    pub data_dir: PathBuf,
    /// `name`: the company's name on the pages. Default `Platewright`.
    pub name: String,
    /// `time_zone`: of the pages, by its IANA name: `Europe/Brussels`. Default `UTC`. Stored times are UTC always.
    pub time_zone: String,
    /// `database.url`: only `sqlite://PATH` in this version. Default `hub.db` in the data directory.
    pub database: PathBuf,
    /// `secrets.key_file`: 64 hexadecimal digits; made if missing. Default `secret.key` in the data directory.
    pub key_file: PathBuf,
}

/// The web server.
#[derive(Debug, Clone)]
pub struct Web {
    /// `listen`: address and port; port 0 takes a free one. Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// `secure_cookies`: cookies only over TLS. Default true; switch off only for a hub on a loopback address.
    pub secure_cookies: bool,
    /// `public_url`: the hub's address as shops and browsers reach it, `https://hub.example.com`. Needed to connect a shop
    /// by the app and to be told of changes at once.
    pub public_url: Option<Url>,
    /// `webhook_bytes_max`: larger webhook bodies are refused with 413. Default 2,000,000.
    pub webhook_bytes_max: usize,
}

/// The connected shop, and how shops are spoken to.
#[derive(Debug, Clone)]
pub struct Shopify {
    /// `shop`: `NAME.myshopify.com`. Further shops: `cloud-hub admin shop add`.
    pub shop: Option<String>,
    /// `webhook_secret` or `webhook_secret_file`: signs the webhooks of `shop`.
    pub webhook_secret: Option<Secret>,
    /// `access_token` or `access_token_file`: reads orders and makes fulfilments. Without it webhook bodies are all there is.
    pub access_token: Option<Secret>,
    /// `client_id`, `client_secret` or `client_secret_file`, `previous_client_secret` or its file: the app that shops install.
    pub app: Option<App>,
    /// `subscriptions_s`: seconds between two looks at the shop's webhook subscriptions, 1 to 86,400. Default 3,600.
    pub subscriptions_s: u64,
    /// `api_version`. Default `2026-10`.
    pub api_version: String,
    /// `base_url`: instead of `https://SHOP`; for tests.
    pub base_url: Option<Url>,
    /// `reconcile_s`: seconds between two looks at recently changed orders, 1 to 86,400. Default 300.
    pub reconcile_s: u64,
}

/// The app that is installed in shops.
#[derive(Debug, Clone)]
pub struct App {
    /// Public number of the app.
    pub client_id: String,
    /// Signs webhooks and answers of all shops that installed the app.
    pub client_secret: Secret,
    /// The secret before it was changed: still good for webhooks that are under way.
    pub previous_secret: Option<Secret>,
}

/// The label service.
#[derive(Debug, Clone)]
pub struct Sendcloud {
    /// `base_url`. Default `https://panel.sendcloud.sc`.
    pub base_url: Url,
    /// `public_key` or `public_key_file`.
    pub public_key: Secret,
    /// `secret_key` or `secret_key_file`.
    pub secret_key: Secret,
}

/// The printer cloud.
#[derive(Debug, Clone)]
pub struct SimplyPrint {
    /// `base_url`. Default `https://api.simplyprint.io`.
    pub base_url: Url,
    /// `company`: number of the company.
    pub company: String,
    /// `api_key` or `api_key_file`.
    pub api_key: Secret,
}

/// Labels and the sender.
#[derive(Debug, Clone)]
pub struct Shipping {
    /// `real_labels`: buy labels that cost money. Default false: the unstamped test label.
    pub real_labels: bool,
    /// `option`: Sendcloud's shipping option code, used when `real_labels` is on.
    pub option: Option<String>,
    /// `weight_g`: weight of one parcel, grams, 1 to 30,000. Default 1,000.
    pub weight_g: u64,
    /// `notify_customer`: the shop mails the customer. Default true; never for test labels.
    pub notify_customer: bool,
    /// `from_name`, `from_street`, `from_house_number`, `from_postal_code`, `from_city`, `from_country`: the sender.
    pub from: Option<Sender>,
}

/// Who sends.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Name.
    pub name: String,
    /// Street without number.
    pub street: String,
    /// House number.
    pub house_number: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// Two-letter country code.
    pub country: String,
}

/// Custom grids.
#[derive(Debug, Clone)]
pub struct Grid {
    /// `sku_prefix`: lines whose SKU starts with it are grids. Default `GRID-CUSTOM`.
    pub sku_prefix: String,
    /// `bed_mm`: bed class that grids are cut for, millimetres. Default `[250, 220]`.
    pub bed_mm: [u32; 2],
    /// `material`: what grids are printed of; default none in particular.
    pub material: Option<String>,
    /// `width_name`, `height_name`, `connector_name`, `magnets_name`, `side_mm_min`, `side_mm_max` and the value lists.
    pub names: PropertyNames,
}

/// What is printed when.
#[derive(Debug, Clone)]
pub struct Production {
    /// `print_test_orders`: also print orders that the shop marks as tests. Default false.
    pub print_test_orders: bool,
    /// `replacements`: automatic replacements of one plate, 0 to 5. Default 1.
    pub replacements: u8,
    /// `promised_days`: days until an order is due, 0 to 365. Default 5.
    pub promised_days: u64,
}

/// Calls to outside services.
#[derive(Debug, Clone, Copy)]
pub struct Outbox {
    /// `call_s`: longest wait for an answer, seconds, 1 to 120. Default 30.
    pub call_s: u64,
    /// `probe_ms`: first wait after a network fault, milliseconds, 10 to 60,000. Default 1,000; doubles.
    pub probe_ms: u64,
    /// `probe_ms_max`: longest wait between two tries, 10 to 3,600,000. Default 300,000.
    pub probe_ms_max: u64,
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
        let config = Self::take(&mut reader);
        reader.finish(&SECTIONS)?;
        Ok(config)
    }

    fn take(r: &mut Reader) -> Self {
        let data_dir = r.path("hub", "data_dir").unwrap_or_else(|| "/var/lib/cloud-hub".into());
        let sqlite =
            |url: &str| url.strip_prefix("sqlite://").filter(|path| !path.is_empty()).map(PathBuf::from);
        let expected = "sqlite:///PATH (PostgreSQL is not part of this version)";
        let database = r.parsed(("database", "url"), expected, sqlite);
        let zone = |name: &str| jiff::tz::TimeZone::get(name).is_ok().then(|| name.to_owned());
        let time_zone = r.parsed(("hub", "time_zone"), "a time zone, for example Europe/Brussels", zone);
        let hub = Hub {
            time_zone: time_zone.unwrap_or_else(|| "UTC".into()),
            name: r.text("hub", "name").unwrap_or_else(|| "Platewright".into()),
            database: database.unwrap_or_else(|| data_dir.join("hub.db")),
            key_file: r.path("secrets", "key_file").unwrap_or_else(|| data_dir.join("secret.key")),
            data_dir,
        };
        let listen =
            r.parsed(("web", "listen"), "ADDRESS:PORT, for example 127.0.0.1:8080", |t| t.parse().ok());
        let web = Web {
            listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            secure_cookies: r.flag("web", "secure_cookies", true),
            public_url: r.parsed(
                ("web", "public_url"),
                "a web address, for example https://hub.example.com",
                web_address,
            ),
            webhook_bytes_max: bytes(r.number("web", "webhook_bytes_max", 2_000_000, 1_000..=50_000_000)),
        };
        Self {
            hub,
            web,
            shopify: shopify(r),
            sendcloud: sendcloud(r),
            simplyprint: simplyprint(r),
            shipping: shipping(r),
            grid: grid(r),
            production: Production {
                print_test_orders: r.flag("production", "print_test_orders", false),
                replacements: u8::try_from(r.number("production", "replacements", 1, 0..=5)).unwrap_or(1),
                promised_days: r.number("production", "promised_days", 5, 0..=365),
            },
            outbox: Outbox {
                call_s: r.number("outbox", "call_s", 30, 1..=120),
                probe_ms: r.number("outbox", "probe_ms", 1_000, 10..=60_000),
                probe_ms_max: r.number("outbox", "probe_ms_max", 300_000, 10..=3_600_000),
            },
        }
    }
}

fn bytes(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn url(r: &mut Reader, section: &str) -> Option<Url> {
    r.parsed((section, "base_url"), "a web address, for example https://example.com", web_address)
}

fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|u| matches!(u.scheme(), "http" | "https"))
}

fn fixed(text: &str) -> Url {
    Url::parse(text).expect("a constant address")
}

fn shopify(r: &mut Reader) -> Shopify {
    let host = |text: &str| {
        let name = text.strip_suffix(".myshopify.com")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (!name.is_empty() && name.chars().all(plain)).then(|| text.to_ascii_lowercase())
    };
    let version = |text: &str| {
        let known = ["2026-01", "2026-04", "2026-07", "2026-10"];
        known.contains(&text).then(|| text.to_owned())
    };
    let shop = r.parsed(("shopify", "shop"), "NAME.myshopify.com", host);
    let it = Shopify {
        shop,
        webhook_secret: r.secret("shopify", "webhook_secret"),
        access_token: r.secret("shopify", "access_token"),
        app: app(r),
        subscriptions_s: r.number("shopify", "subscriptions_s", 3_600, 1..=86_400),
        api_version: r
            .parsed(("shopify", "api_version"), "2026-01, 2026-04, 2026-07 or 2026-10", version)
            .unwrap_or_else(|| "2026-10".into()),
        base_url: url(r, "shopify"),
        reconcile_s: r.number("shopify", "reconcile_s", 300, 1..=86_400),
    };
    if it.shop.is_some() && it.webhook_secret.is_none() {
        r.wrong("shopify", "webhook_secret", "expected with shopify.shop: webhooks are signed with it");
    }
    it
}

fn app(r: &mut Reader) -> Option<App> {
    let (id, secret) = (r.text("shopify", "client_id"), r.secret("shopify", "client_secret"));
    let previous_secret = r.secret("shopify", "previous_client_secret");
    match (id, secret) {
        (Some(client_id), Some(client_secret)) => Some(App { client_id, client_secret, previous_secret }),
        (None, None) => None,
        (Some(_), None) => {
            r.wrong("shopify", "client_secret", "expected with shopify.client_id");
            None
        }
        (None, Some(_)) => {
            r.wrong("shopify", "client_id", "expected with shopify.client_secret");
            None
        }
    }
}

fn sendcloud(r: &mut Reader) -> Option<Sendcloud> {
    let base_url = url(r, "sendcloud").unwrap_or_else(|| fixed("https://panel.sendcloud.sc"));
    match (r.secret("sendcloud", "public_key"), r.secret("sendcloud", "secret_key")) {
        (Some(public_key), Some(secret_key)) => Some(Sendcloud { base_url, public_key, secret_key }),
        (None, None) => None,
        (Some(_), None) => {
            r.wrong("sendcloud", "secret_key", "expected with sendcloud.public_key");
            None
        }
        (None, Some(_)) => {
            r.wrong("sendcloud", "public_key", "expected with sendcloud.secret_key");
            None
        }
    }
}

fn simplyprint(r: &mut Reader) -> Option<SimplyPrint> {
    let base_url = url(r, "simplyprint").unwrap_or_else(|| fixed("https://api.simplyprint.io"));
    let company = r.text("simplyprint", "company").unwrap_or_else(|| "0".into());
    r.secret("simplyprint", "api_key").map(|api_key| SimplyPrint { base_url, company, api_key })
}

fn shipping(r: &mut Reader) -> Shipping {
    const FROM: [&str; 6] =
        ["from_name", "from_street", "from_house_number", "from_postal_code", "from_city", "from_country"];
    let given = FROM.map(|key| r.text("shipping", key).filter(|t| !t.trim().is_empty()));
    let missing: Vec<&str> =
        FROM.iter().zip(&given).filter(|(_, g)| g.is_none()).map(|(key, _)| *key).collect();
    let from = match given {
        [Some(name), Some(street), Some(house_number), Some(postal_code), Some(city), Some(country)] => {
            if country.len() != 2 || !country.chars().all(|c| c.is_ascii_uppercase()) {
                r.wrong(
                    "shipping",
                    "from_country",
                    &format!("expected two capital letters (BE), found {country:?}"),
                );
            }
            Some(Sender { name, street, house_number, postal_code, city, country })
        }
        _incomplete => {
            if missing.len() < FROM.len() {
                for key in missing {
                    r.wrong("shipping", key, "expected: a sender needs all of its lines");
                }
            }
            None
        }
    };
    let it = Shipping {
        real_labels: r.flag("shipping", "real_labels", false),
        option: r.text("shipping", "option"),
        weight_g: r.number("shipping", "weight_g", 1_000, 1..=30_000),
        notify_customer: r.flag("shipping", "notify_customer", true),
        from,
    };
    if it.real_labels && it.option.is_none() {
        r.wrong("shipping", "option", "expected with real_labels = true: the shipping option to buy");
    }
    it
}

fn grid(r: &mut Reader) -> Grid {
    let mut names = PropertyNames::default();
    for (key, name) in [
        ("width_name", &mut names.width),
        ("height_name", &mut names.height),
        ("connector_name", &mut names.connector),
        ("magnets_name", &mut names.magnets),
    ] {
        if let Some(text) = r.text("grid", key) {
            *name = text;
        }
    }
    for (key, list) in [
        ("intersection_puzzle", &mut names.intersection_puzzle),
        ("edge_puzzle", &mut names.edge_puzzle),
        ("no_connector", &mut names.no_connector),
        ("yes", &mut names.yes),
        ("no", &mut names.no),
    ] {
        if let Some(texts) = r.texts("grid", key) {
            *list = texts;
        }
    }
    let side = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    names.side_mm_min = side(r.number("grid", "side_mm_min", u64::from(names.side_mm_min), 42..=2_000));
    names.side_mm_max = side(r.number("grid", "side_mm_max", u64::from(names.side_mm_max), 42..=2_000));
    if names.side_mm_min > names.side_mm_max {
        r.wrong("grid", "side_mm_max", "expected at least side_mm_min");
    }
    Grid {
        sku_prefix: r.text("grid", "sku_prefix").unwrap_or_else(|| "GRID-CUSTOM".into()),
        bed_mm: r.pair("grid", "bed_mm", [250, 220]),
        material: r.text("grid", "material"),
        names,
    }
}
