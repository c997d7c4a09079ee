//! Requests must name this machine: a page of another site whose name was pointed here (DNS rebinding) is refused.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::problem::Problem;

/// Names that are this machine's.
#[derive(Debug, Clone)]
pub struct Hosts(Arc<BTreeSet<String>>);

impl Hosts {
    /// The machine's own name, `NAME.local`, `localhost`, and those of the settings. Addresses are always allowed:
    /// rebinding needs a name.
    #[must_use]
    pub fn of_this_machine(allowed: &[String]) -> Self {
        let own = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
        let mut names: BTreeSet<_> = allowed.iter().map(|n| n.to_lowercase()).collect();
        names.extend(["localhost".to_owned(), format!("{own}.local"), own]);
        Self(Arc::new(names))
    }

    fn allows(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
            Some((v6, _port)) => v6,
            None => host.rsplit_once(':').map_or(host, |(name, _port)| name),
        };
        name.parse::<IpAddr>().is_ok() || self.0.contains(&name.to_lowercase())
    }
}

/// Lets a request through whose `Host` is this machine.
pub async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    if hosts.allows(host) {
        return next.run(request).await;
    }
    let detail =
        "Use the agent's address or name. Other names are allowed with web.allowed_hosts in the settings.";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", "This name is not this agent's", detail)
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::Hosts;

    #[test]
    fn only_names_of_this_machine_and_addresses_are_allowed() {
        let hosts = Hosts::of_this_machine(&["Farm.example".into()]);
        for good in ["localhost:8090", "127.0.0.1:8090", "192.168.1.7", "[::1]:8090", "farm.example"] {
            assert!(hosts.allows(good), "{good}");
        }
        for bad in ["evil.example", "localhost.evil.example:8090", "", "127.0.0.1.nip.io"] {
            assert!(!hosts.allows(bad), "{bad}");
        }
    }
}
