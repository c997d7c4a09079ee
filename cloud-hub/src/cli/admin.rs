//! `admin`: performed by the running hub through its socket, or here when none runs.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::control::{self, Said};
use super::serve::take_lock;
use crate::clock::{SystemClock, stamp};
use crate::config::Config;
use crate::hub::Hub;
use crate::secrets::Secret;
use crate::web::api::{CODE_MS, ROLES, make_code};
use crate::web::auth;

/// Name in the audit log of what was done on the command line.
const WHO: &str = "command line";
/// Rows of a list.
const ROWS_MAX: u32 = 200;

/// What an administrator can ask for.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum Wish {
    /// Accounts.
    #[command(subcommand)]
    User(UserWish),
    /// Agents and their enrolment codes.
    #[command(subcommand)]
    Agent(AgentWish),
    /// The company of this hub.
    #[command(subcommand)]
    Tenant(TenantWish),
    /// Connected shops.
    #[command(subcommand)]
    Shop(ShopWish),
    /// Calls to outside services that failed.
    #[command(subcommand)]
    Retry(RetryWish),
    /// Agents that wait for a person.
    #[command(subcommand)]
    Quarantine(QuarantineWish),
    /// `cloud-hub backup`, performed by whoever holds the database.
    #[command(skip)]
    Backup {
        /// Absolute path.
        out: PathBuf,
    },
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum UserWish {
    /// Adds an account; without --password-file one is made and printed once.
    Add {
        /// Log-in name.
        name: String,
        /// admin, operator or viewer.
        #[arg(long, default_value = "operator")]
        role: String,
        /// File with the password; never given as an argument, which others could see.
        #[arg(long)]
        password_file: Option<String>,
    },
    /// Lists accounts.
    List,
    /// Sets a new password; ends the account's sessions.
    Password {
        /// Log-in name.
        name: String,
        /// File with the password.
        #[arg(long)]
        password_file: Option<String>,
    },
    /// Changes a role; ends the account's sessions.
    Role {
        /// Log-in name.
        name: String,
        /// admin, operator or viewer.
        role: String,
    },
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum AgentWish {
    /// Makes a one-time code, good for 15 minutes.
    Code {
        /// Name of the workshop.
        #[arg(long, default_value = "Workshop")]
        site: String,
    },
    /// Lists agents.
    List,
    /// Ends an agent's right to speak.
    Revoke {
        /// The agent.
        id: String,
    },
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum TenantWish {
    /// Shows it.
    Show,
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum ShopWish {
    /// Connects a shop, or changes its secrets; prints its webhook address.
    Add {
        /// NAME.myshopify.com
        domain: String,
        /// File with the secret that signs its webhooks.
        #[arg(long)]
        webhook_secret_file: String,
        /// File with its access token.
        #[arg(long)]
        access_token_file: Option<String>,
    },
    /// Lists shops with their webhook addresses.
    List,
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum RetryWish {
    /// Lists calls.
    List,
    /// Tries a dead one again.
    Run {
        /// Its row.
        id: String,
    },
    /// Drops a dead one.
    Drop {
        /// Its row.
        id: String,
    },
}

#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum QuarantineWish {
    /// Lists agents in quarantine.
    List,
    /// Releases one.
    Release {
        /// The agent.
        id: String,
    },
}

pub(super) async fn run(config: Config, wish: Wish) -> anyhow::Result<ExitCode> {
    let said = match take_lock(&config)? {
        Some(_lock) => perform(&Hub::open(config, Arc::new(SystemClock)).await?, wish).await,
        None => control::ask(&config, &wish).await?,
    };
    if said.is_done {
        println!("{}", said.text);
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{}", said.text);
    Ok(ExitCode::FAILURE)
}

/// Performs one wish in the process that holds the store.
pub(super) async fn perform(hub: &Arc<Hub>, wish: Wish) -> Said {
    let done = match wish {
        Wish::User(wish) => user(hub, wish).await,
        Wish::Agent(wish) => agent(hub, wish).await,
        Wish::Tenant(TenantWish::Show) => Ok(format!("{} {}", hub.tenant, hub.config.hub.name)),
        Wish::Shop(wish) => shop(hub, wish).await,
        Wish::Retry(wish) => retry(hub, wish).await,
        Wish::Quarantine(wish) => quarantine(hub, wish).await,
        Wish::Backup { out } => backup(hub, out).await,
    };
    match done {
        Ok(text) => Said { text, is_done: true },
        Err(error) => Said { text: format!("{error:#}"), is_done: false },
    }
}

fn secret(path: &str) -> anyhow::Result<Secret> {
    use anyhow::Context as _;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    Ok(Secret::new(text.trim()))
}

/// The given password, or a new one and the words that show it.
fn password(file: Option<&str>) -> anyhow::Result<(String, String)> {
    if let Some(path) = file {
        return Ok((secret(path)?.expose().to_owned(), String::new()));
    }
    let made = format!("{}-{}", crate::sources::code(), crate::sources::code());
    let words = format!("; password {made}");
    Ok((made, words))
}

fn role_exists(role: &str) -> anyhow::Result<()> {
    anyhow::ensure!(ROLES.contains(&role), "a role is one of {}", ROLES.join(", "));
    Ok(())
}

async fn user(hub: &Hub, wish: UserWish) -> anyhow::Result<String> {
    match wish {
        UserWish::Add { name, role, password_file } => {
            role_exists(&role)?;
            let (password, words) = password(password_file.as_deref())?;
            let hash = auth::hash(password).await.map_err(anyhow::Error::msg)?;
            anyhow::ensure!(
                hub.store.put_user(hub.tenant, name.clone(), role.clone(), hash).await?,
                "an account {name} exists"
            );
            hub.store.audit(WHO.into(), "account added", name.clone(), role.clone()).await?;
            Ok(format!("added {name}, {role}{words}"))
        }
        UserWish::List => {
            let users = hub.store.users(hub.tenant).await?;
            Ok(users.iter().map(|u| format!("{}\t{}", u.name, u.role)).collect::<Vec<_>>().join("\n"))
        }
        UserWish::Password { name, password_file } => {
            let (password, words) = password(password_file.as_deref())?;
            let hash = auth::hash(password).await.map_err(anyhow::Error::msg)?;
            anyhow::ensure!(
                hub.store.change_user(name.clone(), None, Some(hash)).await?,
                "there is no account {name}"
            );
            hub.store.audit(WHO.into(), "password set", name.clone(), String::new()).await?;
            Ok(format!("new password for {name}{words}"))
        }
        UserWish::Role { name, role } => {
            role_exists(&role)?;
            anyhow::ensure!(
                hub.store.change_user(name.clone(), Some(role.clone()), None).await?,
                "there is no account {name}"
            );
            hub.store.audit(WHO.into(), "role set", name.clone(), role.clone()).await?;
            Ok(format!("{name} is {role}"))
        }
    }
}

async fn agent(hub: &Hub, wish: AgentWish) -> anyhow::Result<String> {
    match wish {
        AgentWish::Code { site } => {
            let code = make_code(hub, &site, WHO).await.map_err(|p| anyhow::anyhow!("{}", p.detail()))?;
            tracing::info!(site, "an enrolment code was made for {site}, good for {} min", CODE_MS / 60_000);
            Ok(code)
        }
        AgentWish::List => {
            let agents = hub.store.agents(hub.tenant).await?;
            let line = |a: &crate::store::AgentRow| {
                let heard =
                    a.contact_ms.map_or_else(|| "never".to_owned(), |at| stamp(protocol::units::WallMs(at)));
                let words = if a.is_revoked {
                    "revoked"
                } else if a.is_quarantined {
                    "quarantined"
                } else {
                    "good"
                };
                format!("{}\t{}\t{words}\theard {heard}\t{} jobs", a.id, a.name, a.jobs_n)
            };
            Ok(agents.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        AgentWish::Revoke { id } => {
            anyhow::ensure!(
                hub.store.revoke_agent(hub.tenant, id.parse()?).await?,
                "there is no such agent, or it was revoked before"
            );
            hub.store.audit(WHO.into(), "agent revoked", id.clone(), String::new()).await?;
            Ok(format!("revoked {id}"))
        }
    }
}

async fn shop(hub: &Hub, wish: ShopWish) -> anyhow::Result<String> {
    let line = |s: &crate::store::Shop| {
        let token = if s.token.is_some() { "connected" } else { "webhooks only" };
        format!("{}\t{token}\t/api/v1/webhooks/shopify/{}", s.domain, s.endpoint)
    };
    match wish {
        ShopWish::Add { domain, webhook_secret_file, access_token_file } => {
            let token = access_token_file.as_deref().map(secret).transpose()?;
            let domain = domain.to_ascii_lowercase();
            anyhow::ensure!(domain.ends_with(".myshopify.com"), "expected NAME.myshopify.com");
            let shop = hub.store.put_shop(domain.clone(), secret(&webhook_secret_file)?, token).await?;
            hub.shops.refresh(&*hub.store).await?;
            hub.store.audit(WHO.into(), "shop connected", domain, String::new()).await?;
            Ok(line(&shop))
        }
        ShopWish::List => Ok(hub.shops.all().iter().map(line).collect::<Vec<_>>().join("\n")),
    }
}

async fn retry(hub: &Hub, wish: RetryWish) -> anyhow::Result<String> {
    let revive = async |id: String, drop_it: bool| -> anyhow::Result<String> {
        anyhow::ensure!(
            hub.store.revive_effect(hub.tenant, id.clone(), drop_it, WHO.into()).await?,
            "there is no such failed call"
        );
        hub.outbox_wake.notify_waiters();
        Ok(id)
    };
    match wish {
        RetryWish::List => {
            let rows = hub.store.effects(hub.tenant, ROWS_MAX).await?;
            Ok(rows
                .iter()
                .map(|r| format!("{}\t{}\t{}\t{}", r.id, r.kind, r.state, r.note))
                .collect::<Vec<_>>()
                .join("\n"))
        }
        RetryWish::Run { id } => revive(id, false).await,
        RetryWish::Drop { id } => revive(id, true).await,
    }
}

async fn backup(hub: &Hub, out: PathBuf) -> anyhow::Result<String> {
    hub.store.copy_to(out.clone()).await?;
    crate::files::make_private(&out)?;
    hub.store.audit(WHO.into(), "backup", out.display().to_string(), String::new()).await?;
    Ok(format!("wrote {}; keep the key file {} with it", out.display(), hub.config.hub.key_file.display()))
}

async fn quarantine(hub: &Hub, wish: QuarantineWish) -> anyhow::Result<String> {
    match wish {
        QuarantineWish::List => {
            let agents = hub.store.agents(hub.tenant).await?;
            let waiting = agents.iter().filter(|a| a.is_quarantined).map(|a| format!("{}\t{}", a.id, a.name));
            Ok(waiting.collect::<Vec<_>>().join("\n"))
        }
        QuarantineWish::Release { id } => {
            anyhow::ensure!(
                hub.store.release_agent(hub.tenant, id.parse()?).await?,
                "there is no such agent"
            );
            hub.store.audit(WHO.into(), "agent released from quarantine", id.clone(), String::new()).await?;
            Ok(format!("released {id}"))
        }
    }
}
