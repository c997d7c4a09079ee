//! A store on a loopback port. Wiring and wording only.

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use peers::control;
use peers::shopify::{Config, Shopify};

/// Stand-in for a Shopify store.
#[derive(Parser)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where webhooks go when a control request does not say.
    #[arg(long, default_value = "")]
    webhook_url: String,
    /// Client secret that signs the webhooks.
    #[arg(long, default_value = "hush")]
    secret: String,
    /// Access token that requests must carry.
    #[arg(long, default_value = "shpat_stand_in")]
    token: String,
    /// Host name of the shop.
    #[arg(long, default_value = "demo-grids.myshopify.com")]
    shop: String,
    /// First wait before a webhook is sent again, in milliseconds.
    #[arg(long, default_value_t = 250)]
    retry_ms: u64,
    /// First number for ids; the default differs on every start.
    #[arg(long)]
    id_base: Option<u64>,
    /// Restored points of the query bucket per second.
    #[arg(long, default_value_t = 100.0)]
    restore_per_s: f64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // Beyond 2^53, so that an id that passes through a float is noticed.
    let started = u64::try_from(jiff::Timestamp::now().as_millisecond())?.saturating_mul(10_000);
    let shopify = Shopify::new(Config {
        shop: arguments.shop,
        token: arguments.token,
        secret: arguments.secret,
        webhook_url: arguments.webhook_url,
        retry_ms: arguments.retry_ms,
        id_base: arguments.id_base.unwrap_or(started),
        restore_per_s: arguments.restore_per_s,
        ..Config::default()
    })?;
    control::run(shopify.routes(), shopify.control(), arguments.listen).await
}
