//! `serve`, `migrate` and `doctor`: settings checked before anything is opened, then lock, store, tasks, port.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};

use super::control;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::hub::Hub;
use crate::shopify::{connection, subscriptions};
use crate::tasks::Tasks;
use crate::{db, files, inbox, outbox, reconcile, web};

/// Name of the lock file in the data directory.
const LOCK: &str = "lock";

/// Takes the data directory for this process.
pub(super) fn take_lock(config: &Config) -> anyhow::Result<Option<files::Lock>> {
    let path = config.hub.data_dir.join(LOCK);
    files::lock(&path).with_context(|| format!("cannot take the lock {}", path.display()))
}

pub(super) async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_unset| "info".into());
    // Another subscriber exists only in tests.
    drop(tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init());
    let Some(_lock) = take_lock(&config)? else {
        bail!("another hub runs on {}: one process per data directory", config.hub.data_dir.display());
    };
    let hub = Hub::open(config, Arc::new(SystemClock)).await?;
    let listening = web::serve::listen(&hub)
        .await
        .with_context(|| format!("cannot listen on {}", hub.config.web.listen))?;
    let tasks = Tasks::default();
    tasks.spawn("inbox", inbox::task::run(Arc::clone(&hub), tasks.stopping()));
    for service in outbox::task::SERVICES {
        tasks.spawn("outbox", outbox::task::run(Arc::clone(&hub), service, tasks.stopping()));
    }
    tasks.spawn("subscriptions", subscriptions::run(Arc::clone(&hub), tasks.stopping()));
    tasks.spawn("reconcile", reconcile::run(Arc::clone(&hub), tasks.stopping()));
    let commands = control::listen(&hub.config)?;
    tasks.spawn("control", control::run(Arc::clone(&hub), commands, tasks.stopping()));
    println!("listening on {}", listening.url);
    let stopping = {
        let hub = Arc::clone(&hub);
        let mut term = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        async move {
            tokio::select! {
                _signal = term.recv() => {}
                _ended = tokio::signal::ctrl_c() => {}
            }
            hub.stopping.cancel();
        }
    };
    web::serve::serve(&hub, listening, stopping).await?;
    tasks.stop().await;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn migrate(config: &Config, check: bool) -> anyhow::Result<ExitCode> {
    let Some(_lock) = take_lock(config)? else {
        bail!(
            "a hub runs on {}: stop it first; it migrates by itself when it starts",
            config.hub.data_dir.display()
        );
    };
    let mut connection = db::open_writer(&config.hub.database)?;
    if check {
        let missing = db::pending(&mut connection)?;
        missing.iter().for_each(|name| println!("missing: {name}"));
        return Ok(if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    println!("{} migrations applied", db::migrate(&mut connection)?);
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn doctor(config: Config) -> anyhow::Result<ExitCode> {
    let Some(_lock) = take_lock(&config)? else {
        println!("a hub runs on {}: ask its /health/dependencies", config.hub.data_dir.display());
        return Ok(ExitCode::SUCCESS);
    };
    let hub = Hub::open(config, Arc::new(SystemClock)).await?;
    println!("database {}: ok", hub.config.hub.database.display());
    let mut all_good = true;
    let mut say = |name: &str, fault: Option<String>| {
        all_good &= fault.is_none();
        println!("{name}: {}", fault.unwrap_or_else(|| "ok".into()));
    };
    for shop in hub.shops.all() {
        match connection::client(&hub, shop.id).await {
            Ok(client) => say(&shop.domain, client.ping().await.err().map(|e| e.words())),
            Err(error) => say(&shop.domain, Some(error.words())),
        }
    }
    match &hub.sendcloud {
        Some(client) => say("sendcloud", client.ping().await.err().map(|e| e.words())),
        None => println!("sendcloud: not connected"),
    }
    match &hub.simplyprint {
        Some(client) => {
            say("simplyprint", (!client.ping().await).then(|| "does not answer with this key".into()))
        }
        None => println!("simplyprint: not connected"),
    }
    if hub.config.shipping.from.is_none() {
        say("shipping", Some("no sender address: labels cannot be bought".into()));
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
