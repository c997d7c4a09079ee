//! The hub of a farm: settings, process, the owner's API.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    http::{self, Http},
    operator::each,
    process::{self, Process},
};

/// The owner's password in runs.
pub const PASSWORD: &str = "a password for runs only";

/// Where the outside services listen.
#[derive(Debug, Clone)]
pub struct Outside {
    /// Shopify.
    pub shopify: String,
    /// Sendcloud.
    pub sendcloud: String,
    /// `SimplyPrint`.
    pub simplyprint: String,
}

/// The hub process and how to speak with it.
#[derive(Debug)]
pub struct Hub {
    config: PathBuf,
    folder: PathBuf,
    process: Option<Process>,
    wrapper: Vec<String>,
    is_quiet: bool,
    api: Option<Http>,
}

impl Hub {
    /// Writes the settings; nothing runs yet. The port is fixed by the first start, so that the agent's link stays.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(folder: &Path, outside: &Outside) -> anyhow::Result<Self> {
        let Outside { shopify, sendcloud, simplyprint } = outside;
        let text = format!(
            "[hub]\ndata_dir = {:?}\nname = \"Demo Grids\"\n[web]\nlisten = \"127.0.0.1:0\"\nsecure_cookies = false\n\
             [shopify]\nshop = \"demo-grids.myshopify.com\"\nwebhook_secret = \"hush\"\naccess_token = \"shpat_stand_in\"\nbase_url = \"http://{shopify}\"\nreconcile_s = 2\n\
             [sendcloud]\nbase_url = \"http://{sendcloud}\"\npublic_key = \"sc_public\"\nsecret_key = \"sc_secret\"\n\
             [simplyprint]\nbase_url = \"http://{simplyprint}\"\napi_key = \"sp_key\"\n\
             [shipping]\nfrom_name = \"Demo Grids\"\nfrom_street = \"Veldstraat\"\nfrom_house_number = \"1\"\nfrom_postal_code = \"9000\"\nfrom_city = \"Ghent\"\nfrom_country = \"BE\"\n\
             [grid]\nmaterial = \"PLA\"\n[outbox]\ncall_s = 3\nprobe_ms = 100\nprobe_ms_max = 1000\n",
            folder.join("hub"),
        );
        let config = folder.join("hub.toml");
        http::write(&config, &text)?;
        http::write(&folder.join("owner.password"), PASSWORD)?;
        Ok(Self {
            config,
            folder: folder.to_owned(),
            process: None,
            wrapper: Vec::new(),
            is_quiet: false,
            api: None,
        })
    }

    /// Runs one of its commands.
    ///
    /// # Errors
    /// Anything but exit 0.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let config = self.config.to_string_lossy();
        let mut all = vec!["--config", &config];
        all.extend_from_slice(arguments);
        process::run("cloud-hub", &all)
    }

    /// Starts it and logs in as the owner.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        let mut process = self.spawn()?;
        let address = process.address().await?;
        self.process = Some(process);
        if self.api.is_some() {
            return Ok(()); // Port and session outlive the process.
        }
        let address = if address.starts_with("http") { address } else { format!("http://{address}") };
        self.keep_port(&address)?;
        let password = self.folder.join("owner.password");
        let file = password.to_string_lossy();
        self.command(&["admin", "user", "add", "owner", "--role", "admin", "--password-file", &file])?;
        let body = json!({ "name": "owner", "password": PASSWORD });
        self.api = Some(Http::new(address)?.log_in("/api/v1/login", &body).await?);
        Ok(())
    }

    /// Starts it and kills it after `within`, wherever it is by then.
    ///
    /// # Errors
    /// It cannot be started.
    pub async fn start_and_kill(&mut self, within: Duration) -> anyhow::Result<()> {
        let mut process = self.spawn()?;
        tokio::time::sleep(within).await;
        process.kill()
    }

    fn spawn(&self) -> anyhow::Result<Process> {
        let config = self.config.to_string_lossy().into_owned();
        let arguments = ["serve".to_owned(), "--config".into(), config];
        let filter = if self.is_quiet { "info" } else { "info,cloud_hub::inbox=debug" };
        let log = [("RUST_LOG".to_owned(), filter.to_owned())];
        Process::start_under(&self.wrapper, &log, &self.folder, "hub", "cloud-hub", &arguments)
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("hub.err")
    }

    /// A restarted hub listens where it listened before.
    fn keep_port(&self, address: &str) -> anyhow::Result<()> {
        let bound = address.trim_start_matches("http://");
        let text = std::fs::read_to_string(&self.config)?;
        http::write(&self.config, &text.replace("listen = \"127.0.0.1:0\"", &format!("listen = {bound:?}")))
    }

    /// Whether it was started and not killed.
    #[must_use]
    pub const fn is_started(&self) -> bool {
        self.process.is_some()
    }

    /// The owner's API.
    ///
    /// # Errors
    /// It is not running.
    pub fn api(&self) -> anyhow::Result<&Http> {
        self.api.as_ref().context("the hub is not running")
    }

    /// `HOST:PORT`.
    ///
    /// # Errors
    /// It is not running.
    pub fn address(&self) -> anyhow::Result<String> {
        Ok(self.api()?.base().trim_start_matches("http://").to_owned())
    }

    /// A one-time code for an agent.
    ///
    /// # Errors
    /// The hub refuses.
    pub fn agent_code(&self) -> anyhow::Result<String> {
        let said = self.command(&["admin", "agent", "code", "--site", "Workshop"])?;
        let code = said.split_whitespace().find(|word| {
            word.len() >= 8 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
        });
        Ok(code.with_context(|| format!("no code in {said:?}"))?.to_owned())
    }

    /// Every order, newest first.
    ///
    /// # Errors
    /// The hub does not answer.
    pub async fn orders(&self) -> anyhow::Result<Vec<Value>> {
        let all = self.api()?.get("/api/v1/orders").await?;
        Ok(each(&all, "/orders").cloned().collect())
    }

    /// One order with its jobs, shipments and milestones.
    ///
    /// # Errors
    /// The hub does not answer.
    pub async fn order(&self, id: &str) -> anyhow::Result<Value> {
        self.api()?.get(&format!("/api/v1/orders/{id}")).await
    }

    /// Leaves out the lines that a log has only for tests.
    pub const fn keep_quiet(&mut self) {
        self.is_quiet = true;
    }

    /// Runs it from the next start on as the last arguments of `wrapper`, for example of strace.
    pub fn run_under(&mut self, wrapper: Vec<String>) {
        self.wrapper = wrapper;
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It is not running.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().context("the hub is not running")?.kill()
    }

    /// SIGTERM and wait.
    ///
    /// # Errors
    /// It did not end.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.process.take().context("the hub is not running")?.stop().await
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }
}
