//! Batches that make many requests share the places with all other calls.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use strongroom::blocking::SecretManager;

use super::number;

/// How long the server takes for a request.
const LATENCY: Duration = Duration::from_millis(3);

/// How many requests are in the server at once.
#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

impl Load {
    /// Answers each request of a connection that there is no such secret.
    fn serve(&self, connection: TcpStream) -> std::io::Result<()> {
        let mut requests = BufReader::new(connection.try_clone()?);
        let (mut answers, mut line) = (connection, String::new());
        while requests.read_line(&mut line)? > 0 {
            // Reads have no body: an empty line is the end of one.
            if line.trim().is_empty() {
                self.all.fetch_add(1, Ordering::SeqCst);
                let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                thread::sleep(LATENCY);
                self.now.fetch_sub(1, Ordering::SeqCst);
                answers.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 13\r\n\r\n{\"errors\":[]}")?;
            }
            line.clear();
        }
        Ok(())
    }
}

/// A server, and a manager over it.
fn server(concurrency: &str) -> (Arc<Load>, SecretManager) {
    let (load, listener) = (Arc::<Load>::default(), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = format!("http://{}", listener.local_addr().unwrap());
    let accepting = Arc::clone(&load);
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let load = Arc::clone(&accepting);
            thread::spawn(move || load.serve(connection));
        }
    });
    let builder = SecretManager::builder().without_environment().backend("vault");
    let builder = builder.option("vault.address", address).option("cache", "off");
    let builder = builder.option("concurrency", concurrency).option("deadline", "60s");
    let manager = builder.secret_option("vault.token", "token").open_blocking().unwrap();
    (load, manager)
}

#[test]
fn four_batches_at_once_make_no_more_requests_than_the_setting_says() {
    let (load, manager) = server("4");
    thread::scope(|scope| {
        let batches: Vec<_> = (0..6)
            .map(|batch| {
                let keys: Vec<String> = (0..12).map(|n| format!("k{batch}-{n}")).collect();
                let manager = &manager;
                scope.spawn(move || {
                    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                    manager.get_many(&keys)
                })
            })
            .collect();
        let single = scope.spawn(|| manager.get("single"));
        for batch in batches {
            let found = batch.join().unwrap().unwrap();
            assert_eq!((found.secrets.len(), found.failures.len()), (0, 0));
        }
        assert!(single.join().unwrap().unwrap().is_none());
    });
    assert!(load.all.load(Ordering::SeqCst) > 6 * 12);
    let most = load.most.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} requests at once");
    assert_eq!(number(&manager, "concurrency.running"), 0);
    assert_eq!(number(&manager, "concurrency.waiting"), 0);
}

#[test]
fn one_place_is_enough_for_any_batch() {
    let (load, manager) = server("1");
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| manager.get_many(&["a", "b", "c", "d"]).unwrap());
        }
    });
    assert_eq!(load.most.load(Ordering::SeqCst), 1);
}
