//! A proxy on loopback that breaks connections by a script.

use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::http::{Reply, Request};
use crate::rules::{Fault, Rules};

/// How long a `Hang` lasts at most.
const EVER: Duration = Duration::from_secs(600);

/// Stands before a server that speaks HTTP, passes requests on, and does to each what its script says.
#[derive(Debug)]
pub struct Proxy {
    /// Bound, never listening: the port stays ours while connections are refused.
    _place: Socket,
    port: u16,
    shared: Arc<Shared>,
    listener: Mutex<Option<Listener>>,
}

#[derive(Debug)]
struct Listener {
    socket: Arc<Socket>,
    is_open: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

/// What the connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) rules: Rules,
    server: Box<dyn Server>,
    connections: AtomicUsize,
    sent: AtomicU64,
    received: AtomicU64,
    /// Those that are open, so that they can be cut.
    open: Mutex<Vec<TcpStream>>,
}

/// Where the replies come from.
pub(crate) trait Server: std::fmt::Debug + Send + Sync {
    fn reply(&self, request: &Request) -> io::Result<Reply>;
}

#[derive(Debug)]
struct Upstream(String);

impl Server for Upstream {
    fn reply(&self, request: &Request) -> io::Result<Reply> {
        let mut request = request.clone();
        // Of the connection, not of the request. The host stays: AWS signs it.
        request.headers.retain(|(name, _)| {
            !["connection", "expect"]
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own))
        });
        let request = request.header("Connection", "close");
        let mut stream = TcpStream::connect(&self.0)?;
        stream.write_all(&request.bytes())?;
        let reply = Reply::read(&mut BufReader::new(stream), &request.method)?;
        let mut reply = reply.ok_or(io::ErrorKind::UnexpectedEof)?;
        reply
            .headers
            .retain(|(name, _)| !name.eq_ignore_ascii_case("connection"));
        Ok(reply)
    }
}

impl Proxy {
    /// Starts one before `host:port`.
    pub fn before(host: &str) -> Self {
        Self::over(Box::new(Upstream(host.to_owned())))
    }

    pub(crate) fn over(server: Box<dyn Server>) -> Self {
        let place = bound(0);
        let port = place.local_addr().unwrap().as_socket().unwrap().port();
        let shared = Arc::new(Shared {
            rules: Rules::default(),
            server,
            connections: AtomicUsize::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            open: Mutex::default(),
        });
        let proxy = Self {
            _place: place,
            port,
            shared,
            listener: Mutex::new(None),
        };
        proxy.accept();
        proxy
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `http://127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("http://{}", self.host())
    }

    /// The variables that AWS clients are led here by.
    pub fn aws_environment(&self) -> Vec<(&'static str, String)> {
        crate::moto::environment(&self.address())
    }

    /// Does `fault` to the next request.
    pub fn next(&self, fault: Fault) {
        self.on(1, |_| true, fault);
    }

    /// Does `fault` to every request from now on.
    pub fn always(&self, fault: Fault) {
        self.on(usize::MAX, |_| true, fault);
    }

    /// Does `fault` to so many requests that match. What was added first counts first.
    pub fn on(&self, times: usize, matches: impl Fn(&Request) -> bool + Send + 'static, fault: Fault) {
        self.shared.rules.add(times, Box::new(matches), fault);
    }

    /// Lets everything through again.
    pub fn heal(&self) {
        self.shared.rules.clear();
        self.accept();
    }

    /// Refuses connections from now on and cuts those that are open; [`heal`](Self::heal) ends it.
    pub fn refuse(&self) {
        if let Some(listener) = self.listener.lock().unwrap().take() {
            listener.stop();
        }
        self.cut();
    }

    /// Closes all connections that are open.
    pub fn cut(&self) {
        for stream in self.shared.open.lock().unwrap().drain(..) {
            // It may be closed already.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// The requests that came, those that were not passed on as well.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.rules.seen()
    }

    /// How many requests came that match.
    pub fn count(&self, matches: impl Fn(&Request) -> bool) -> usize {
        self.requests().iter().filter(|request| matches(request)).count()
    }

    /// Forgets the requests that came.
    pub fn forget(&self) {
        self.shared.rules.forget();
    }

    /// Waits until so many requests came that match.
    pub fn wait_for(&self, count: usize, matches: impl Fn(&Request) -> bool) {
        self.shared.rules.wait_for(count, matches);
    }

    /// Waits until so many requests are held.
    pub fn wait_held(&self, count: usize) {
        self.shared.rules.wait_held(count);
    }

    /// Lets what is held through.
    pub fn release(&self) {
        self.shared.rules.release();
    }

    /// How many connections came.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many bytes of replies went to clients.
    pub fn bytes_sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// How many bytes of requests came from clients.
    pub fn bytes_received(&self) -> u64 {
        self.shared.received.load(Ordering::Relaxed)
    }

    /// Listens, where it does not.
    fn accept(&self) {
        let mut listener = self.listener.lock().unwrap();
        if listener.is_none() {
            let socket = Arc::new(bound(self.port));
            socket.listen(128).unwrap();
            *listener = Some(Listener::start(socket, &self.shared));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse();
        self.shared.rules.close();
    }
}

impl Listener {
    fn start(socket: Arc<Socket>, shared: &Arc<Shared>) -> Self {
        let is_open = Arc::new(AtomicBool::new(true));
        let (open, shared, accepting) = (Arc::clone(&is_open), Arc::clone(shared), Arc::clone(&socket));
        let thread = std::thread::spawn(move || {
            while let Ok((stream, _)) = accepting.accept() {
                if !open.load(Ordering::Acquire) {
                    return;
                }
                let stream = TcpStream::from(stream);
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let Ok(copy) = stream.try_clone() else { continue };
                shared.open.lock().unwrap().push(copy);
                let shared = Arc::clone(&shared);
                // A connection that breaks is what this is for.
                std::thread::spawn(move || serve(&shared, &stream));
            }
        });
        Self {
            socket,
            is_open,
            thread,
        }
    }

    fn stop(self) {
        self.is_open.store(false, Ordering::Release);
        // Wakes the thread that accepts. What it had not accepted yet is reset with the socket.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        self.thread.join().unwrap();
    }
}

fn bound(port: u16) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket
        .bind(&SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into())
        .unwrap();
    socket
}

/// Counts what a connection brings.
struct Counted<'a>(&'a TcpStream, &'a AtomicU64);

impl io::Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn serve(shared: &Shared, stream: &TcpStream) {
    // A broken connection ends it; who broke it knows.
    let _ = answer_all(shared, stream);
    // The copy that cuts keeps the connection open otherwise.
    let _ = stream.shutdown(std::net::Shutdown::Both);
    let peer = stream.peer_addr().ok();
    shared
        .open
        .lock()
        .unwrap()
        .retain(|other| peer.is_some() && other.peer_addr().ok() != peer);
}

fn answer_all(shared: &Shared, stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(Counted(stream, &shared.received));
    while let Some(request) = Request::read(&mut requests)? {
        if !answer(shared, stream, &request)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Answers one request, and whether the connection goes on.
fn answer(shared: &Shared, stream: &TcpStream, request: &Request) -> io::Result<bool> {
    let fault = shared.rules.take(request);
    let send = |bytes: &[u8]| -> io::Result<()> {
        let mut to = stream;
        to.write_all(bytes)?;
        shared.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    };
    match &fault {
        Fault::ResetBefore => return reset(shared, stream),
        Fault::Answer(reply) => {
            send(&reply.bytes())?;
            return Ok(true);
        }
        Fault::Hold => shared.rules.hold(),
        _ => {}
    }
    let reply = shared.server.reply(request)?;
    let bytes = reply.bytes();
    match fault {
        Fault::ResetAfter(count) => {
            send(&bytes[..count.min(bytes.len())])?;
            reset(shared, stream)
        }
        Fault::ResetMidBody => {
            send(&bytes[..bytes.len() - reply.body.len().div_ceil(2)])?;
            reset(shared, stream)
        }
        Fault::Swallow => Ok(false),
        Fault::Hang => {
            shared.rules.pause(EVER);
            Ok(false)
        }
        Fault::Truncate => {
            let half = reply.body.len() / 2;
            let mut reply = reply;
            reply.body.truncate(half);
            send(&reply.bytes())?;
            Ok(true)
        }
        Fault::Slow(pause) => {
            for byte in bytes {
                if shared.rules.pause(pause) {
                    return Ok(false);
                }
                send(&[byte])?;
            }
            Ok(true)
        }
        Fault::None | Fault::Hold | Fault::Answer(_) | Fault::ResetBefore => {
            send(&bytes)?;
            Ok(true)
        }
    }
}

/// Ends a connection with RST: what was not sent yet is thrown away.
fn reset(shared: &Shared, stream: &TcpStream) -> io::Result<bool> {
    let peer = stream.peer_addr()?;
    // The copy holds the connection open.
    shared
        .open
        .lock()
        .unwrap()
        .retain(|other| other.peer_addr().ok() != Some(peer));
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
    Ok(false)
}
