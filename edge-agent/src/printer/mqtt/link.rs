//! One MQTT connection to a printer, from TCP to its end; it never reconnects by itself. A publish that was on its way
//! when the connection broke is never sent again: each connection has a new client with a clean session.
//!
//! The MQTT client speaks plain text to a private socket; the bytes are carried to the printer over TLS with our own
//! check of its certificate (the client's own TLS would bring an outdated certificate library).
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, MqttOptions, Outgoing, Packet, QoS, Transport,
};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpStream, UnixListener};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::MqttPrinter;
use super::tls;
use crate::tasks;

/// How long TCP and TLS may each take.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);
/// Requests that wait for the client.
const REQUESTS_MAX: usize = 16;
/// Events that wait for the task. The reader stops while it is full; the printer then holds back.
const EVENTS_MAX: usize = 64;
/// Longest path of a Unix socket.
const SOCKET_BYTES_MAX: usize = 100;

/// Something that happened on the connection.
#[derive(Debug)]
pub(super) enum Linked {
    /// The printer accepts us and our subscription.
    Up,
    /// A message on the report topic.
    Message(Vec<u8>),
    /// A publish has left.
    Left,
    /// The connection is over; why, for a person.
    Down(String),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    client: AsyncClient,
    topic: String,
    pub(super) events: mpsc::Receiver<Linked>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Link {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Link {
    /// Connects. The events tell when it is up.
    pub(super) async fn connect(
        printer: &MqttPrinter,
        config: Arc<ClientConfig>,
        client_id: String,
    ) -> Result<Self, String> {
        let address = (printer.host.as_str(), printer.mqtt_port);
        let tcp = timeout(CONNECT_WAIT_MAX, TcpStream::connect(address)).await;
        let tcp = match tcp {
            Ok(Ok(tcp)) => tcp,
            Ok(Err(error)) => return Err(format!("the printer cannot be reached: {error}")),
            Err(_elapsed) => return Err("the printer cannot be reached: no answer".to_owned()),
        };
        drop(tcp.set_nodelay(true)); // A wish.
        let name = ServerName::try_from(printer.serial.clone())
            .map_err(|error| format!("{}: {error}", printer.serial))?;
        let handshake = timeout(CONNECT_WAIT_MAX, TlsConnector::from(config).connect(name, tcp)).await;
        let mut tls = match handshake {
            Ok(Ok(tls)) => tls,
            Ok(Err(error)) => return Err(tls::in_words(&error, &printer.serial)),
            Err(_elapsed) => return Err("no encrypted connection to the printer: no answer".to_owned()),
        };
        let path = socket(printer)?;
        let listener = UnixListener::bind(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let carried = path.clone();
        let bridge = tasks::spawn(async move {
            let accepted = timeout(CONNECT_WAIT_MAX, listener.accept()).await;
            drop(std::fs::remove_file(&carried)); // One client, ours; nobody else finds the socket.
            if let Ok(Ok((mut plain, _))) = accepted {
                drop(copy_bidirectional(&mut plain, &mut tls).await);
            }
        });
        let mut options = MqttOptions::new(client_id, path.to_string_lossy(), 0);
        options.set_transport(Transport::Unix);
        options.set_clean_session(true);
        options.set_keep_alive(printer.dialect.keep_alive);
        options.set_credentials(&printer.dialect.user, &printer.access_code);
        options.set_max_packet_size(printer.dialect.packet_bytes_max, printer.dialect.packet_bytes_max);
        let (client, mut events) = AsyncClient::new(options, REQUESTS_MAX);
        let (tell, heard) = mpsc::channel(EVENTS_MAX);
        let subscriber = client.clone();
        let report = format!("device/{}/report", printer.serial);
        let reader = tasks::spawn(async move {
            loop {
                let linked = match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        match subscriber.try_subscribe(&report, QoS::AtMostOnce) {
                            Ok(()) => continue,
                            Err(error) => Linked::Down(error.to_string()),
                        }
                    }
                    Ok(Event::Incoming(Packet::SubAck(_))) => Linked::Up,
                    Ok(Event::Incoming(Packet::Publish(message))) => {
                        Linked::Message(message.payload.to_vec())
                    }
                    Ok(Event::Outgoing(Outgoing::Publish(_))) => Linked::Left,
                    Ok(_) => continue,
                    Err(error) => Linked::Down(in_words(&error)),
                };
                let over = matches!(linked, Linked::Down(_));
                // After an error the client would connect again and repeat what was not acknowledged: it ends here.
                if tell.send(linked).await.is_err() || over {
                    return;
                }
            }
        });
        let topic = format!("device/{}/request", printer.serial);
        Ok(Self { client, topic, events: heard, tasks: [bridge, reader] })
    }

    /// Hands a request to the connection, without waiting. An error: it has not left and will not.
    pub(super) fn publish(&self, request: Vec<u8>) -> Result<(), String> {
        self.client
            .try_publish(&self.topic, QoS::AtLeastOnce, false, request)
            .map_err(|_full| "the connection to the printer takes no requests".to_owned())
    }
}

/// Where the socket is. One per printer; a left-over is removed.
fn socket(printer: &MqttPrinter) -> Result<PathBuf, String> {
    let path = printer.socket_dir.join(format!("{}.mqtt", printer.id));
    if path.as_os_str().len() > SOCKET_BYTES_MAX {
        return Err(format!("the path {} is too long for a socket", path.display()));
    }
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{} cannot be removed: {error}", path.display()))
        }
        Ok(()) | Err(_) => Ok(path),
    }
}

fn in_words(error: &ConnectionError) -> String {
    let ConnectionError::ConnectionRefused(code) = error else {
        return format!("the connection to the printer broke: {error}");
    };
    if matches!(code, ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized) {
        return "the printer refuses the access code (it changes when LAN mode is switched)".to_owned();
    }
    format!("the printer refuses the connection: {code:?}")
}
