//! The internet between agent and hub: a relay on a port of its own that can be cut and mended.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A relay to one address.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    is_up: watch::Sender<bool>,
}

impl Link {
    /// Opens a port that leads to `to`.
    ///
    /// # Errors
    /// No port is free.
    pub async fn to(to: String) -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "the relay's own port")]
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (is_up, state) = watch::channel(true);
        #[expect(clippy::disallowed_methods, reason = "ends with the run")]
        drop(tokio::spawn(accept(listener, to, state)));
        Ok(Self { address, is_up })
    }

    /// Where it is reached.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts every connection and takes no new ones.
    pub fn cut(&self) {
        self.is_up.send_replace(false);
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.is_up.send_replace(true);
    }
}

async fn accept(listener: TcpListener, to: String, state: watch::Receiver<bool>) {
    while let Ok((near, _)) = listener.accept().await {
        if !*state.borrow() {
            continue; // Dropped: the other side sees a reset.
        }
        let (to, mut state) = (to.clone(), state.clone());
        #[expect(clippy::disallowed_methods, reason = "ends with its connection or with the link")]
        drop(tokio::spawn(async move {
            tokio::select! {
                _cut = state.wait_for(|is_up| !is_up) => {}
                _ended = relay(near, &to) => {}
            }
        }));
    }
}

async fn relay(mut near: TcpStream, to: &str) -> std::io::Result<()> {
    let mut far = TcpStream::connect(to).await?;
    copy_bidirectional(&mut near, &mut far).await?;
    Ok(())
}
