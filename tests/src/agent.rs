//! The agent of a farm: settings, process, paired API.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    http::{self, Http},
    process::{self, Process},
};

/// A printer as the agent's settings name it.
#[derive(Debug, Clone)]
pub struct Wired {
    /// Its id.
    pub id: String,
    /// Its model.
    pub profile: String,
    /// Its connection, as TOML.
    pub connection: String,
}

/// The agent process and how to speak with it.
#[derive(Debug)]
pub struct Agent {
    config: PathBuf,
    folder: PathBuf,
    process: Option<Process>,
    wrapper: Vec<String>,
    api: Option<Http>,
    token: Option<String>,
}

impl Agent {
    /// Writes the settings; nothing runs yet.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(folder: &Path, hub: Option<&str>, printers: &[Wired]) -> anyhow::Result<Self> {
        let slicer = ["/usr/bin/prusa-slicer", "/opt/platewright/slicer/prusa-slicer"];
        let slicer = slicer.iter().rev().find(|p| Path::new(p).exists()).context("no slicer: make setup")?;
        let mut text = format!(
            "[site]\nname = \"Workshop\"\ndata_dir = {:?}\n[web]\nlisten = \"127.0.0.1:0\"\ntls = \"off\"\n[slicer]\ncommand = [{slicer:?}]\nsandbox = {:?}\n",
            folder.join("agent"),
            sandbox(),
        );
        if let Some(hub) = hub {
            writeln!(text, "[hub]\nurl = {hub:?}")?;
        }
        for printer in printers {
            let Wired { id, profile, connection } = printer;
            writeln!(text, "[[printer]]\nid = {id:?}\nprofile = {profile:?}\nconnection = {connection}")?;
        }
        let config = folder.join("agent.toml");
        http::write(&config, &text)?;
        Ok(Self {
            config,
            folder: folder.to_owned(),
            process: None,
            wrapper: Vec::new(),
            api: None,
            token: None,
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
        process::run("edge-agent", &all)
    }

    /// Starts it, pairs at the first start, and waits until it answers. It keeps the port of its first start.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        let mut process = self.spawn()?;
        let address = process.address().await?;
        self.process = Some(process);
        self.keep_port(&address)?;
        let open = Http::new(address)?;
        if self.token.is_none() {
            let code = self.command(&["pair", "--role", "admin"])?;
            let paired = open.post("/api/v1/pair", &json!({ "code": code, "name": "Operator" })).await?;
            self.token = Some(http::text(&paired, "/token")?.to_owned());
        }
        self.api = self.token.as_ref().map(|token| open.with_token(token));
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
        let arguments = ["run".to_owned(), "--config".into(), config];
        Process::start_under(&self.wrapper, &[], &self.folder, "agent", "edge-agent", &arguments)
    }

    fn keep_port(&self, address: &str) -> anyhow::Result<()> {
        let bound = address.trim_start_matches("http://").trim_end_matches('/');
        let text = std::fs::read_to_string(&self.config)?;
        http::write(&self.config, &text.replace("listen = \"127.0.0.1:0\"", &format!("listen = {bound:?}")))
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("agent.err")
    }

    /// Whether it was started and not stopped.
    #[must_use]
    pub const fn is_started(&self) -> bool {
        self.process.is_some()
    }

    /// Its API.
    ///
    /// # Errors
    /// It is not running.
    pub fn api(&self) -> anyhow::Result<&Http> {
        self.api.as_ref().context("the agent is not running")
    }

    /// Its state.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn state(&self) -> anyhow::Result<Value> {
        self.api()?.get("/api/v1/state").await
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
        self.process.take().context("the agent is not running")?.kill()
    }

    /// SIGTERM and wait.
    ///
    /// # Errors
    /// It did not end.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.process.take().context("the agent is not running")?.stop().await
    }

    /// Its data directory.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("agent")
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }
}

/// The slicer's cage in runs: `auto`, or `none` where neither bubblewrap nor Landlock works (some containers), said aloud.
fn sandbox() -> &'static str {
    let has_bwrap = process::succeeds("bwrap", &["--ro-bind", "/", "/", "--unshare-all", "/bin/true"]);
    let lsm = std::fs::read_to_string("/sys/kernel/security/lsm").unwrap_or_default();
    if has_bwrap || lsm.contains("landlock") {
        return "auto";
    }
    process::say("neither bubblewrap nor Landlock works here: the slicer runs without a sandbox");
    "none"
}
