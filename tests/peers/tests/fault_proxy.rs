//! The proxies between real ends.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use peers::fault_proxy::tcp::{Faults, Proxy};
use tokio::time::Instant;

/// A server that sends back what it gets, until its client ends.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            drop(std::thread::spawn(move || {
                let mut copy = stream.try_clone().unwrap();
                drop(std::io::copy(&mut copy, &mut stream));
                drop(stream.shutdown(Shutdown::Write));
            }));
        }
    }));
    address
}

fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
}

fn ask(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(bytes)?;
    let mut answer = vec![0; bytes.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_line_carries_and_a_cut_one_does_not() {
    let (proxy, address) = Proxy::start("127.0.0.1:0".parse().unwrap(), echo()).unwrap();
    let mut stream = client(address);
    assert_eq!(ask(&mut stream, b"hello").unwrap(), b"hello");
    proxy.set(Faults { cut: true, ..Faults::default() });
    assert!(ask(&mut stream, b"again").is_err());
    let refused = ask(&mut client(address), b"new");
    assert!(refused.is_err(), "{refused:?}");
    proxy.set(Faults::default());
    assert_eq!(ask(&mut client(address), b"back").unwrap(), b"back");
    assert!(proxy.counts().cuts >= 2, "{:?}", proxy.counts());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_be_lost_after_the_work_was_done() {
    let (proxy, address) = Proxy::start("127.0.0.1:0".parse().unwrap(), echo()).unwrap();
    proxy.set(Faults { cut_after_bytes_down: Some(3), ..Faults::default() });
    assert!(ask(&mut client(address), b"order").is_err());
    assert_eq!(proxy.counts().bytes_up, 5, "the server got it");
    assert_eq!(ask(&mut client(address), b"order").unwrap(), b"order", "once only");
}

#[tokio::test(flavor = "multi_thread")]
async fn delay_throttle_and_black_hole_hold_back() {
    let (proxy, address) = Proxy::start("127.0.0.1:0".parse().unwrap(), echo()).unwrap();
    proxy.set(Faults { delay_ms: 100, ..Faults::default() });
    let begun = Instant::now();
    ask(&mut client(address), b"slow").unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(200));
    proxy.set(Faults { throttle_bytes_s: 20_000, ..Faults::default() });
    let begun = Instant::now();
    ask(&mut client(address), &[7; 10_000]).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
    proxy.set(Faults { black_hole: true, ..Faults::default() });
    let mut stream = client(address);
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(ask(&mut stream, b"nothing").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_closed_line_still_answers() {
    let (proxy, address) = Proxy::start("127.0.0.1:0".parse().unwrap(), echo()).unwrap();
    let mut stream = client(address);
    ask(&mut stream, b"one").unwrap();
    proxy.set(Faults { half_close: true, ..Faults::default() });
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.is_empty(), "the server saw the end and ended as well");
}
