//! A hub as a real process between stand-ins on free ports, and a small agent that speaks the wire.

#![expect(clippy::disallowed_methods, reason = "tests start the real process")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use peers::control::{self, Control, Fault, FaultKind};
use peers::sendcloud::Sendcloud;
use peers::shopify::Shopify;
use protocol::ids::{AgentId, AttemptNo, BootId, Incarnation, JobId};
use protocol::units::{Cursor, Epoch, HubIncarnation, MonoMs, Seq, WallMs};
use protocol::wire::v1::{
    Assignment, AttemptRef, ClockReading, Down, EnrolReply, Event, EventKind, LedgerEntry, Nonce,
    ResyncReply, ResyncRequest, Summary, SyncReply, SyncRequest, TokenGrant, UnitResult, Verdict,
    token_message,
};
use protocol::wire::{PROTO, Tolerant};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for anything that must come.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(20);
const SHOP: &str = "demo-grids.myshopify.com";
const PASSWORD: &str = "correct horse battery";

/// Hub, stand-ins and their folder.
pub(crate) struct Farm {
    pub(crate) folder: TempDir,
    pub(crate) http: reqwest::Client,
    pub(crate) shopify: Control,
    pub(crate) sendcloud: Control,
    pub(crate) shopify_url: String,
    pub(crate) sendcloud_url: String,
    hub: Option<Child>,
    is_app: bool,
    pub(crate) url: String,
    session: Option<(String, String)>,
}

impl Farm {
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    /// A hub whose shop is not in the settings: it installs the app, whose tokens last so long, seconds.
    pub(crate) async fn with_app(token_s: i64) -> Self {
        Self::with(Some(token_s)).await
    }

    async fn with(token_s: Option<i64>) -> Self {
        let usual = peers::shopify::Config::default();
        let token_s_or = token_s.unwrap_or(usual.token_s);
        let config = peers::shopify::Config { retry_ms: 20, token_s: token_s_or, ..usual };
        let shopify = Shopify::new(config).unwrap();
        let sendcloud = Sendcloud::new(peers::sendcloud::Config::default());
        let shopify_url = format!("http://{}", control::spawn(shopify.routes()).await.unwrap());
        let sendcloud_url = format!("http://{}", control::spawn(sendcloud.routes()).await.unwrap());
        let mut farm = Self {
            folder: tempfile::tempdir().unwrap(),
            http: control::http_client(Duration::from_secs(60)),
            shopify: shopify.control(),
            sendcloud: sendcloud.control(),
            shopify_url,
            sendcloud_url,
            hub: None,
            is_app: token_s.is_some(),
            url: String::new(),
            session: None,
        };
        farm.start();
        let password = farm.folder.path().join("password");
        cloud_hub::files::write_atomic(&password, PASSWORD.as_bytes()).unwrap();
        farm.command(&[
            "admin",
            "user",
            "add",
            "eva",
            "--role",
            "admin",
            "--password-file",
            password.to_str().unwrap(),
        ]);
        farm
    }

    fn settings(&self) -> PathBuf {
        let path = self.folder.path().join("hub.toml");
        let shop = if self.is_app {
            "client_id = \"app-of-the-hub\"\nclient_secret = \"hush\"\nsubscriptions_s = 1".to_owned()
        } else {
            format!("shop = \"{SHOP}\"\nwebhook_secret = \"hush\"\naccess_token = \"shpat_stand_in\"")
        };
        let text = format!(
            "[hub]\ndata_dir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\nsecure_cookies = false\npublic_url = \"https://hub.example\"\nwebhook_bytes_max = 20000\n\
             [shopify]\n{shop}\nbase_url = \"{}\"\nreconcile_s = 1\n\
             [sendcloud]\nbase_url = \"{}\"\npublic_key = \"sc_public\"\nsecret_key = \"sc_secret\"\n\
             [shipping]\nfrom_name = \"Farm\"\nfrom_street = \"Dok\"\nfrom_house_number = \"5\"\nfrom_postal_code = \"2000\"\n\
             from_city = \"Antwerpen\"\nfrom_country = \"BE\"\n[outbox]\ncall_s = 2\nprobe_ms = 20\nprobe_ms_max = 200\n",
            self.folder.path().join("data").display(),
            self.shopify_url,
            self.sendcloud_url,
        );
        cloud_hub::files::write_atomic(&path, text.as_bytes()).unwrap();
        path
    }

    /// Starts the hub's process and waits for its first line.
    pub(crate) fn start(&mut self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("hub.log"))
            .unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_cloud-hub"))
            .args(["serve", "--config"])
            .arg(self.settings())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ");
        self.url = url.unwrap_or_else(|| panic!("first line {line:?}; log:\n{}", self.log())).to_owned();
        self.hub = Some(child);
        self.session = None;
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("hub.log")).unwrap_or_default()
    }

    /// Kills the hub as a power cut of the process would.
    pub(crate) fn kill(&mut self) {
        let mut child = self.hub.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Runs a command of the hub and answers its output.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_cloud-hub"))
            .args(arguments)
            .arg("--config")
            .arg(self.settings())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs a command that is refused: its exit code and what it says.
    pub(crate) fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloud-hub"));
        let output = command.args(arguments).arg("--config").arg(self.settings()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    pub(crate) fn webhook_url(&self) -> String {
        format!("{}/api/v1/webhooks/shopify", self.url)
    }

    /// Places an order at the shop; its answer.
    pub(crate) async fn place(&self, mut wish: Value) -> Value {
        wish["to"] = json!(self.webhook_url());
        let answer = self
            .http
            .post(format!("{}/__control/place-order", self.shopify_url))
            .json(&wish)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Changes an order at the shop.
    pub(crate) async fn edit(&self, mut wish: Value) {
        wish["to"] = json!(self.webhook_url());
        let answer = self
            .http
            .post(format!("{}/__control/edit-order", self.shopify_url))
            .json(&wish)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    pub(crate) async fn shop_state(&self) -> Value {
        self.http
            .get(format!("{}/__control/state", self.shopify_url))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(crate) async fn label_state(&self) -> Value {
        self.http
            .get(format!("{}/__control/state", self.sendcloud_url))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Asks the API as the administrator.
    pub(crate) async fn get(&mut self, path: &str) -> Value {
        if self.session.is_none() {
            let body = json!({ "name": "eva", "password": PASSWORD });
            let answer =
                self.http.post(format!("{}/api/v1/login", self.url)).json(&body).send().await.unwrap();
            let cookie =
                answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
            let csrf = answer.json::<Value>().await.unwrap()["csrf"].as_str().unwrap().to_owned();
            self.session = Some((cookie, csrf));
        }
        let (cookie, _) = self.session.clone().unwrap();
        let answer =
            self.http.get(format!("{}{path}", self.url)).header("cookie", cookie).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Posts to the API as the administrator; status and answer.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> (u16, String) {
        self.get("/api/v1/me").await;
        let (cookie, csrf) = self.session.clone().unwrap();
        let request = self
            .http
            .post(format!("{}{path}", self.url))
            .header("cookie", cookie)
            .header("x-csrf-token", csrf);
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until `is_so` holds for the answer of `path`; says what was last seen.
    pub(crate) async fn until(&mut self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let deadline = tokio::time::Instant::now() + WAIT_MAX;
        loop {
            let seen = self.get(path).await;
            if is_so(&seen) {
                return seen;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "{path} never became so; last {seen:#}\nhub log:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The first order, once it has this word.
    pub(crate) async fn until_word(&mut self, word: &str) -> Value {
        let seen = self.until("/api/v1/orders", |v| v["orders"][0]["word"] == word).await;
        seen["orders"][0].clone()
    }

    pub(crate) async fn detail(&mut self) -> Value {
        let orders = self.get("/api/v1/orders").await;
        let id = orders["orders"][0]["id"].as_str().unwrap().to_owned();
        self.get(&format!("/api/v1/orders/{id}")).await
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        if let Some(mut child) = self.hub.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

pub(crate) fn fault(on: &str, kind: FaultKind, times: u32) -> Fault {
    Fault { on: on.into(), kind, times, permille: 1000, hang_ms: 60_000 }
}

/// An agent with one imagined printer.
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    key: SigningKey,
    pub(crate) token: String,
    life: Incarnation,
    seq: u64,
    attempts_n: u64,
    cursor: Cursor,
    hub_seen: HubIncarnation,
    /// What it holds, for a resync.
    pub(crate) ledger: Vec<LedgerEntry>,
}

impl Agent {
    pub(crate) async fn enrol(farm: &Farm) -> Self {
        Self::enrol_at(farm, "Ghent", 3).await
    }

    /// Enrols one at a site, with a key of its own.
    pub(crate) async fn enrol_at(farm: &Farm, site: &str, key: u8) -> Self {
        let code = farm.command(&["admin", "agent", "code", "--site", site]);
        let key = SigningKey::from_bytes(&[key; 32]);
        let public_key = hex::encode(key.verifying_key().as_bytes());
        let body = json!({ "code": code.to_lowercase(), "public_key": public_key, "site": site });
        let answer = farm.http.post(format!("{}/agent/v1/enrol", farm.url)).json(&body).send().await.unwrap();
        let EnrolReply { agent, .. } = answer.json().await.unwrap();
        let mut it = Self {
            id: agent,
            key,
            token: String::new(),
            life: Incarnation::new(5),
            seq: 0,
            attempts_n: 0,
            cursor: Cursor::new(0),
            hub_seen: HubIncarnation::default(),
            ledger: Vec::new(),
        };
        it.log_in(farm).await;
        it
    }

    pub(crate) async fn log_in(&mut self, farm: &Farm) {
        let url = format!("{}/agent/v1/token", farm.url);
        let asked = farm.http.post(&url).json(&json!({ "agent": self.id })).send().await.unwrap();
        assert_eq!(asked.status().as_u16(), 401);
        let Nonce { nonce } = asked.json().await.unwrap();
        let signature = hex::encode(self.key.sign(&token_message(self.id, &nonce)).to_bytes());
        let body = json!({ "agent": self.id, "proof": { "nonce": nonce, "signature": signature } });
        let TokenGrant { access_token, .. } =
            farm.http.post(&url).json(&body).send().await.unwrap().json().await.unwrap();
        self.token = access_token;
    }

    fn event(&mut self, job: JobId, epoch: Epoch, what: EventKind) -> Event {
        self.seq += 1;
        Event {
            seq: Seq::new(self.seq),
            job: Some(job),
            epoch: Some(epoch),
            boot_id: BootId::new(1),
            mono_ms: MonoMs(self.seq),
            wall_ms: None,
            what: Tolerant::Known(what),
        }
    }

    pub(crate) async fn poll(&mut self, farm: &Farm, events: Vec<Event>, wait_ms: u32) -> SyncReply {
        let request = SyncRequest {
            proto: PROTO,
            agent_incarnation: self.life,
            boot_id: BootId::new(1),
            hub_incarnation_seen: self.hub_seen,
            down_cursor: self.cursor,
            events,
            clock: ClockReading { wall_ms: WallMs(0), mono_ms: MonoMs(0), synced: true },
            free_bytes: 1,
            backlog_events: 0,
            wait_ms,
            summary: Summary::default(),
        };
        let request =
            farm.http.post(format!("{}/agent/v1/sync", farm.url)).bearer_auth(&self.token).json(&request);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let reply: SyncReply = answer.json().await.unwrap();
        if let Down::Delta(delta) = &reply.down {
            (self.hub_seen, self.cursor) = (reply.hub_incarnation, delta.cursor);
        }
        reply
    }

    /// Says everything that it holds, as it does when the hub asks for it.
    pub(crate) async fn resync(&mut self, farm: &Farm) {
        let request = ResyncRequest {
            proto: PROTO,
            agent_incarnation: self.life,
            boot_id: BootId::new(1),
            hub_incarnation_seen: self.hub_seen,
            last_seq: Seq::new(self.seq),
            ledger: self.ledger.clone(),
        };
        let request =
            farm.http.post(format!("{}/agent/v1/resync", farm.url)).bearer_auth(&self.token).json(&request);
        let reply: ResyncReply = request.send().await.unwrap().json().await.unwrap();
        assert!(!reply.quarantined, "the hub knows this life of the agent");
        (self.hub_seen, self.cursor) = (reply.hub_incarnation, Cursor::new(0));
    }

    /// Fetches until `n` assignments have come.
    pub(crate) async fn fetch(&mut self, farm: &Farm, n: usize) -> Vec<Assignment> {
        let mut all = Vec::new();
        let deadline = tokio::time::Instant::now() + WAIT_MAX;
        while all.len() < n {
            let reply = self.poll(farm, Vec::new(), 2_000).await;
            let Down::Delta(delta) = reply.down else { panic!("must resync") };
            all.extend(delta.upserts.iter().filter_map(Tolerant::known).cloned());
            assert!(
                tokio::time::Instant::now() < deadline,
                "only {} of {n} came; hub log:\n{}",
                all.len(),
                farm.log()
            );
        }
        all
    }

    /// Reports a print that somebody stopped at the printer.
    pub(crate) async fn print_cancelled(&mut self, farm: &Farm, it: &Assignment) {
        self.attempts_n += 1;
        let attempt = AttemptNo { incarnation: self.life, n: self.attempts_n };
        let on = AttemptRef { attempt, printer: "ender-1".parse().unwrap() };
        let events = vec![
            self.event(it.job, it.epoch, EventKind::StartIntent { on: on.clone() }),
            self.event(it.job, it.epoch, EventKind::Started { on: on.clone() }),
            self.event(it.job, it.epoch, EventKind::Cancelled { on: Some(on) }),
        ];
        let reply = self.poll(farm, events, 0).await;
        assert!(reply.rejected.is_empty(), "{:?}", reply.rejected);
    }

    /// Reports a print that was counted good.
    pub(crate) async fn print_good(&mut self, farm: &Farm, it: &Assignment) {
        self.attempts_n += 1;
        let attempt = AttemptNo { incarnation: self.life, n: self.attempts_n };
        let on = AttemptRef { attempt, printer: "ender-1".parse().unwrap() };
        let units = it.units.iter().map(|u| UnitResult { unit: u.id, verdict: Verdict::Good }).collect();
        let events = vec![
            self.event(it.job, it.epoch, EventKind::StartIntent { on: on.clone() }),
            self.event(it.job, it.epoch, EventKind::Started { on: on.clone() }),
            self.event(it.job, it.epoch, EventKind::Finished { on: on.clone() }),
            self.event(
                it.job,
                it.epoch,
                EventKind::SignedOff { on, units, by: "Mark".into(), replaced_by: None },
            ),
        ];
        let reply = self.poll(farm, events, 0).await;
        assert_eq!(reply.acked_seq, Seq::new(self.seq));
        assert!(reply.rejected.is_empty(), "{:?}", reply.rejected);
    }

    /// Fetches and prints a whole order of `n` plates.
    pub(crate) async fn make(&mut self, farm: &Farm, n: usize) {
        for it in self.fetch(farm, n).await {
            self.print_good(farm, &it).await;
        }
    }
}
