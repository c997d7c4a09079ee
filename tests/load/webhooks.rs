//! Signed webhooks as fast as the hub stores them, from a generator of its own on the other core.

use std::{io::Write as _, time::Instant};

use anyhow::Context as _;
use clap::Args;
use platewright_tests::{
    hub::{Hub, Outside},
    process,
    webhook::{PATH, Webhook},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    agent::{cpu_s, rss_mb},
    report::{Bound, Report, quantile},
};

/// Webhooks of a measurement.
const WEBHOOKS: usize = 60_000;
/// Size of a body, bytes: an order with a few lines.
const BODY_BYTES: usize = 3_000;
/// Connections that are kept open.
const CONNECTIONS: usize = 64;
/// Longest answer, bytes.
const ANSWER_BYTES_MAX: usize = 4_096;

/// Arguments of the generator.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sending {
    /// `HOST:PORT` of the hub.
    #[arg(long)]
    to: String,
    /// How many.
    #[arg(long, default_value_t = WEBHOOKS)]
    count: usize,
}

/// What the generator saw.
#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    took_s: f64,
    p50_ms: f64,
    p99_ms: f64,
}

pub(crate) async fn measure(report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let nobody = "127.0.0.1:9".to_owned();
    let outside = Outside { shopify: nobody.clone(), sendcloud: nobody.clone(), simplyprint: nobody };
    let mut hub = Hub::new(folder.path(), &outside)?;
    hub.run_under(["taskset", "-c", "0"].map(str::to_owned).to_vec());
    hub.keep_quiet();
    hub.start().await?;
    let pid = hub.id().context("the hub runs")?;
    let (address, before) = (hub.address()?, cpu_s(pid)?);
    let own = process::binaries()?.join("bench");
    let own = own.to_string_lossy();
    let said = process::run_program("taskset", &["-c", "1", &own, "send-webhooks", "--to", &address])?;
    let seen: Seen = serde_json::from_str(&said).with_context(|| said.clone())?;
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    let count = WEBHOOKS as f64;
    let used_us = (cpu_s(pid)? - before) * 1e6 / count;
    let rate = count / seen.took_s;
    report.add("hub: webhooks accepted, durable, hub on one core", rate, "/s", Bound::Min(5_000.0));
    report.add("hub: processor time per webhook", used_us, "µs", Bound::Stated);
    report.add("hub: webhook answered, median", seen.p50_ms, "ms", Bound::Stated);
    report.add("hub: webhook answered, 99 of 100", seen.p99_ms, "ms", Bound::Max(50.0));
    report.add("hub: resident memory after them", rss_mb(pid)?, "MB", Bound::Stated);
    Ok(())
}

/// Signs everything first, then sends it over kept connections and counts the time to each answer.
pub(crate) async fn send(sending: &Sending) -> anyhow::Result<()> {
    let requests: Vec<Vec<u8>> =
        (0..sending.count).map(|n| request(&sending.to, n)).collect::<Result<_, _>>()?;
    let mut shares: Vec<Vec<Vec<u8>>> = (0..CONNECTIONS).map(|_| Vec::new()).collect();
    for (n, request) in requests.into_iter().enumerate() {
        if let Some(share) = shares.get_mut(n % CONNECTIONS) {
            share.push(request);
        }
    }
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for share in shares {
        senders.spawn(send_share(sending.to.clone(), share));
    }
    let mut took_ms = Vec::with_capacity(sending.count);
    while let Some(share) = senders.join_next().await {
        took_ms.extend(share??);
    }
    let took_s = begun.elapsed().as_secs_f64();
    anyhow::ensure!(took_ms.len() == sending.count, "{} answers of {}", took_ms.len(), sending.count);
    let seen = Seen { took_s, p50_ms: quantile(&mut took_ms, 0.5), p99_ms: quantile(&mut took_ms, 0.99) };
    let mut out = std::io::stdout();
    serde_json::to_writer(&mut out, &seen)?;
    writeln!(out)?;
    Ok(())
}

fn request(to: &str, n: usize) -> anyhow::Result<Vec<u8>> {
    let body = json!({ "id": n, "note": "x".repeat(BODY_BYTES) }).to_string().into_bytes();
    let webhook = Webhook::signed("orders/create", &format!("bench-{n}"), body)?;
    let mut request =
        format!("POST {PATH} HTTP/1.1\r\nhost: {to}\r\ncontent-length: {}\r\n", webhook.body.len());
    for (name, value) in &webhook.headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend(webhook.body);
    Ok(bytes)
}

/// Sends one after the other; an answer ends with its headers, because its body is empty.
async fn send_share(to: String, share: Vec<Vec<u8>>) -> anyhow::Result<Vec<f64>> {
    let mut stream = TcpStream::connect(&to).await?;
    stream.set_nodelay(true)?;
    let mut took_ms = Vec::with_capacity(share.len());
    let mut answer = Vec::with_capacity(ANSWER_BYTES_MAX);
    for request in share {
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let begun = Instant::now();
        stream.write_all(&request).await?;
        answer.clear();
        while !answer.ends_with(b"\r\n\r\n") {
            let got = stream.read_buf(&mut answer).await?;
            anyhow::ensure!(got > 0 && answer.len() <= ANSWER_BYTES_MAX, "no whole answer");
        }
        let is_accepted = answer.starts_with(b"HTTP/1.1 200");
        anyhow::ensure!(is_accepted, "refused: {}", String::from_utf8_lossy(&answer));
        took_ms.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(took_ms)
}
