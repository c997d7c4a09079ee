//! What every part of the hub shares: store, settings, clients, shops and the bells that wake tasks. Decides nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use protocol::ids::{AgentId, TenantId};
use protocol::units::WallMs;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::config::Config;
use crate::secrets::{Secret, Vault};
use crate::store::sqlite::Sqlite;
use crate::store::{Shop, Store, StoreError};
use crate::web::events::STREAMS_MAX;
use crate::web::limits::Guesses;
use crate::{files, net, sendcloud, simplyprint, sources};

/// One running hub.
pub struct Hub {
    /// Settings.
    pub config: Config,
    /// Everything durable.
    pub store: Arc<dyn Store>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Files by hash.
    pub blobs: Blobs,
    /// The company of this hub.
    pub tenant: TenantId,
    /// This process's life: marks rows in flight.
    pub boot: String,
    /// Connected shops, in memory.
    pub shops: Shops,
    /// The label service.
    pub sendcloud: Option<sendcloud::Client>,
    /// The printer cloud.
    pub simplyprint: Option<simplyprint::Client>,
    /// Wakes the inbox.
    pub inbox_wake: Notify,
    /// Wakes the outbox.
    pub outbox_wake: Notify,
    /// Wakes polls of agents.
    pub bells: Bells,
    /// Places for pages that listen for changes.
    pub streams: Arc<Semaphore>,
    /// Wrong passwords and codes.
    pub guesses: Guesses,
    /// Fires when the hub stops: waiting polls are answered.
    pub stopping: CancellationToken,
    /// When the process started.
    pub started: WallMs,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hub")
    }
}

/// Why a hub cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error("cannot open the store")]
    Store(#[from] StoreError),
    /// The key file.
    #[error("cannot open the secrets")]
    Secrets(#[from] crate::secrets::SecretError),
    /// The data directory.
    #[error("cannot use the data directory {path}")]
    Folder {
        /// Which.
        path: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl Hub {
    /// Opens everything that the settings name; starts no task and no server.
    ///
    /// # Errors
    /// What cannot be opened.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Arc<Self>, StartError> {
        let folder = config.hub.data_dir.clone();
        let fault = |source| StartError::Folder { path: folder.display().to_string(), source };
        std::fs::create_dir_all(&folder).map_err(fault)?;
        let vault = Vault::open(&config.hub.key_file)?;
        let store: Arc<dyn Store> =
            Arc::new(Sqlite::open(&config.hub.database, Arc::clone(&clock), vault).await?);
        let tenant = store.tenant().await?;
        notice_restore(&folder, &*store).await?;
        if let (Some(domain), Some(secret)) = (&config.shopify.shop, &config.shopify.webhook_secret) {
            store.put_shop(domain.clone(), secret.clone(), config.shopify.access_token.clone()).await?;
        }
        let http = net::http_client(Duration::from_secs(config.outbox.call_s));
        let blobs = Blobs::new(folder.join("blobs"));
        blobs.forget_old_parts(clock.wall()).map_err(fault)?;
        let hub = Self {
            blobs,
            tenant,
            boot: sources::token(),
            shops: Shops::new(http.clone(), &config),
            sendcloud: config.sendcloud.clone().map(|s| sendcloud::Client::new(http.clone(), s)),
            simplyprint: config.simplyprint.clone().map(|s| simplyprint::Client::new(http, s)),
            inbox_wake: Notify::new(),
            outbox_wake: Notify::new(),
            bells: Bells::default(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            guesses: Guesses::default(),
            stopping: CancellationToken::new(),
            started: clock.wall(),
            config,
            store,
            clock,
        };
        hub.shops.refresh(&*hub.store).await?;
        let orphans = hub.store.mark_orphans(hub.boot.clone()).await?;
        if orphans > 0 {
            tracing::warn!(
                orphans,
                "{orphans} calls of the process before are looked up before anything else"
            );
        }
        Ok(Arc::new(hub))
    }
}

/// Name of the file that counts the starts outside the database.
const STARTS: &str = "starts";

/// A database that has started less often than the file beside it was put back from a copy, by whatever means.
async fn notice_restore(folder: &Path, store: &dyn Store) -> Result<(), StartError> {
    let fault = |source| StartError::Folder { path: folder.display().to_string(), source };
    let file = folder.join(STARTS);
    let before = match std::fs::read_to_string(&file) {
        Ok(text) => text.trim().parse::<u64>().unwrap_or(u64::MAX),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
        Err(error) => return Err(fault(error)),
    };
    let starts = store.count_start().await?;
    if starts <= before {
        store.restored().await?;
    }
    files::write_atomic(&file, format!("{starts}\n").as_bytes()).map_err(fault)
}

/// Connected shops, read once and after changes: the webhook path asks no database for them.
#[derive(Debug)]
pub struct Shops {
    pub(crate) http: reqwest::Client,
    pub(crate) version: String,
    base: Option<url::Url>,
    app_secret: Option<Secret>,
    known: RwLock<Vec<Shop>>,
    /// One renewal of a token at a time.
    pub(crate) renewing: tokio::sync::Mutex<()>,
    /// A shop was connected just now.
    pub(crate) connected: Notify,
}

impl Shops {
    fn new(http: reqwest::Client, config: &Config) -> Self {
        let (version, base) = (config.shopify.api_version.clone(), config.shopify.base_url.clone());
        let app_secret = config.shopify.app.as_ref().map(|app| app.client_secret.clone());
        let (known, renewing) = (RwLock::new(Vec::new()), tokio::sync::Mutex::new(()));
        Self { http, version, base, app_secret, known, renewing, connected: Notify::new() }
    }

    /// Reads the shops again.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn refresh(&self, store: &dyn Store) -> Result<(), StoreError> {
        let mut fresh = store.shops().await?;
        // The app's secret may have been changed since a shop was connected: the settings win.
        for shop in fresh.iter_mut().filter(|s| s.is_app) {
            if let Some(secret) = &self.app_secret {
                shop.secret = secret.clone();
            }
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// All shops.
    #[must_use]
    pub fn all(&self) -> Vec<Shop> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The shop that `is_it`.
    #[must_use]
    pub fn find(&self, is_it: impl Fn(&Shop) -> bool) -> Option<Shop> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).iter().find(|s| is_it(s)).cloned()
    }

    /// Where a shop answers.
    #[must_use]
    pub fn base(&self, domain: &str) -> Option<url::Url> {
        match &self.base {
            Some(base) => Some(base.clone()),
            None => url::Url::parse(&format!("https://{domain}")).ok(),
        }
    }
}

/// One bell per agent: rung when something new waits for it. A missed ring costs at most one look later.
#[derive(Debug, Default)]
pub struct Bells(Mutex<BTreeMap<AgentId, Arc<Notify>>>);

impl Bells {
    /// The bell of an agent.
    #[must_use]
    pub fn of(&self, agent: AgentId) -> Arc<Notify> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(agent).or_default())
    }

    /// Wakes the polls of these agents.
    pub fn ring(&self, agents: &[AgentId]) {
        for agent in agents {
            self.of(*agent).notify_waiters();
        }
    }
}
