//! Secrets of servers on loopback, OpenBao and moto: many at once from a manager that has just been opened, beside a bare
//! HTTP client and what Python programs fetch with; and a hit of the cache beside AWS's caching client for Python.
//!
//! `-- --rounds=2` makes a run that only shows that everything works.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Deserialize;
use serde_json::json;
use strongroom::Builder;
use strongroom::blocking::SecretManager;
use strongroom_fakes::{Moto, OpenBao};
use tokio::runtime::Runtime;

use support::peers::{Peers, Took};
use support::stores::{VALUE, name};
use support::{Pair, Report, Target, median, subject, subject_command};

/// How many secrets the most is.
const MOST: usize = 500;
/// How many requests a client has under way: what a manager has by default.
const AT_ONCE: usize = 16;
const ROUNDS: usize = 15;
const HITS: usize = 20_000;
/// Above the names of all secrets.
const PREFIX: &str = "bench";
/// Above the names of secrets that are stored as other programs store them.
const RAW: &str = "raw";

fn main() {
    if subject().is_none() {
        // AWS clients find credentials in the environment; nothing of whoever runs this is to lead them elsewhere.
        let rounds: Vec<String> = std::env::args().filter(|word| word.starts_with("--rounds=")).collect();
        let mut again = subject_command("measure", &[]);
        again.args(rounds).env_clear();
        for (name, value) in credentials() {
            again.env(name, value);
        }
        assert!(again.status().unwrap().success());
        return;
    }
    let mut arguments = std::env::args();
    let rounds = arguments.find_map(|word| word.strip_prefix("--rounds=")?.parse().ok());
    let rounds = rounds.unwrap_or(ROUNDS);
    let mut report = Report::new("remote");
    if let Some(why) = strongroom_fakes::missing() {
        return report.skipped("secrets of OpenBao and of AWS", &why);
    }
    let (bao, moto) = (OpenBao::dev(), Moto::start());
    let mut environment = bao.environment(bao.root_token());
    environment.extend(moto.environment());
    let mut peers = Peers::start(PREFIX, VALUE, environment);
    from_openbao(&mut report, &bao, &mut peers, rounds);
    from_aws(&mut report, &moto, &mut peers, rounds);
}

fn credentials() -> [(&'static str, &'static str); 5] {
    [
        ("AWS_ACCESS_KEY_ID", Moto::ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", Moto::SECRET_KEY),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent"),
    ]
}

fn from_openbao(report: &mut Report, bao: &OpenBao, peers: &mut Peers, rounds: usize) {
    for at in 0..MOST {
        let path = format!("secret/data/{PREFIX}/{}", name(at));
        bao.write(&path, &json!({"data": {"value": VALUE}}));
    }
    let open = || {
        let builder = builder("vault").option("vault.address", bao.address());
        let builder = builder.option("vault.prefix", PREFIX);
        opened(builder.secret_option("vault.token", bao.root_token()))
    };
    let bare = Bare::new(bao);
    for count in [1, 50, MOST] {
        // One fetch is too short for few rounds.
        let rounds = if count == 1 { rounds * 8 } else { rounds };
        let peers = std::cell::RefCell::new(&mut *peers);
        let [ours, floor, hvac, aiohttp] = in_rounds(
            rounds,
            [
                &mut || fetch(open, count),
                &mut || bare.fetch(count),
                &mut || peers.borrow_mut().take("hvac", count),
                &mut || peers.borrow_mut().take("aiohttp", count),
            ],
        );
        let is_most = |target| if count == MOST { target } else { Target::None };
        let mut row = |beside: &str, floor: &[Took], target| {
            let text = format!("{count} from OpenBao, cold, beside {beside}");
            report.pair(&text, pair(floor, &ours, wall), is_most(target));
            if count == MOST {
                let text = format!("the same in the client's processor time, beside {beside}");
                report.pair(&text, pair(floor, &ours, busy), Target::None);
            }
        };
        row("a bare client, 16 at once", &floor, Target::Ratio(1.3));
        row("hvac in a loop", &hvac, Target::Ratio(0.25));
        row("aiohttp, 16 at once", &aiohttp, Target::None);
    }
}

fn from_aws(report: &mut Report, moto: &Moto, peers: &mut Peers, rounds: usize) {
    let document = json!({"value": VALUE}).to_string();
    for at in 0..MOST {
        for (prefix, text) in [(PREFIX, document.as_str()), (RAW, VALUE)] {
            let path = format!("{prefix}/{}", name(at));
            moto.ask("CreateSecret", &json!({"Name": path, "SecretString": text}));
        }
    }
    let open = |prefix: &str| {
        let builder = builder("aws").option("aws.endpoint", moto.address());
        let builder = builder.option("aws.region", Moto::REGION);
        opened(builder.option("aws.prefix", prefix))
    };
    let shared = std::cell::RefCell::new(&mut *peers);
    let [ours, boto3, batches] = in_rounds(
        rounds.div_ceil(3),
        [
            &mut || fetch(|| open(PREFIX), MOST),
            &mut || shared.borrow_mut().take("boto3", MOST),
            &mut || shared.borrow_mut().take("boto3-batch", MOST),
        ],
    );
    let text = format!("{MOST} from AWS, cold, beside");
    let one_by_one = pair(&boto3, &ours, wall);
    report.pair(&format!("{text} boto3 one by one"), one_by_one, Target::Ratio(0.083));
    report.pair(
        &format!("{text} boto3, batches of 20 in a loop"),
        pair(&batches, &ours, wall),
        Target::None,
    );
    for (prefix, what, target) in [
        (PREFIX, "documents of ours", Target::Ours(25.0)),
        (RAW, "values of other programs", Target::None),
    ] {
        let manager = open(prefix);
        get_all(&manager, MOST);
        let metrics = manager.metrics();
        let counted = metrics.iter().filter(|(name, _)| name.starts_with("requests."));
        let requests: u64 = counted.map(|(_, number)| number).sum();
        report.alone(
            &format!("requests for {MOST} from AWS, {what}"),
            "",
            requests as f64,
            target,
        );
    }

    let manager = open(PREFIX);
    let key = name(0);
    assert_eq!(manager.get_value(key.as_str()).unwrap().as_deref(), Some(VALUE));
    let [hit, caching] = in_rounds(
        rounds * 3,
        [
            &mut || {
                let begun = Begun::now();
                for _ in 0..HITS {
                    let _ = black_box(manager.get_value(black_box(key.as_str())));
                }
                begun.took(HITS)
            },
            &mut || peers.take("caching", HITS / 10),
        ],
    );
    let text = "a hit of `get_value`, beside aws-secretsmanager-caching";
    report.pair(text, pair(&caching, &hit, wall), Target::Ratio(0.01));
}

fn builder(backend: &str) -> Builder {
    let builder = SecretManager::builder().app("bench").without_environment();
    builder.backend(backend).option("deadline", "60s")
}

fn opened(builder: Builder) -> SecretManager {
    builder.open_blocking().unwrap()
}

fn get_all(manager: &SecretManager, count: usize) {
    let names: Vec<String> = (0..count).map(name).collect();
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = manager.get_many(&keys).unwrap();
    assert_eq!((found.secrets.len(), found.failures.len()), (count, 0));
}

/// What it takes from the opening of a manager to the last of so many secrets.
fn fetch(open: impl Fn() -> SecretManager, count: usize) -> Took {
    let begun = Begun::now();
    let manager = open();
    get_all(&manager, count);
    let took = begun.took(1);
    manager.close().unwrap();
    took
}

/// The least that could fetch from OpenBao: requests of reqwest, and of each answer the value.
struct Bare {
    runtime: Runtime,
    tls: rustls::ClientConfig,
    address: String,
    token: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    data: Fields,
}

#[derive(Deserialize)]
struct Fields {
    value: String,
}

impl Bare {
    fn new(bao: &OpenBao) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        #[expect(
            clippy::disallowed_methods,
            reason = "what the library is compared with has a runtime of its own"
        )]
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        Self {
            // As many threads as ours has.
            runtime: runtime.worker_threads(2).enable_all().build().unwrap(),
            tls,
            address: bao.address(),
            token: bao.root_token().to_owned(),
        }
    }

    /// What so many secrets take with a client that has no connection yet.
    fn fetch(&self, count: usize) -> Took {
        let begun = Begun::now();
        let client = reqwest::Client::builder().no_proxy();
        let client = client.tls_backend_preconfigured(self.tls.clone()).build().unwrap();
        let next = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..AT_ONCE.min(count))
            .map(|_| {
                let (client, next) = (client.clone(), Arc::clone(&next));
                let (address, token) = (self.address.clone(), self.token.clone());
                self.runtime.spawn(async move {
                    let mut values = Vec::new();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= count {
                            return values;
                        }
                        let url = format!("{address}/v1/secret/data/{PREFIX}/{}", name(at));
                        let reply = client.get(url).header("X-Vault-Token", &token).send().await.unwrap();
                        let text = reply.bytes().await.unwrap();
                        values.push(serde_json::from_slice::<Answer>(&text).unwrap().data.data.value);
                    }
                })
            })
            .collect();
        let values = self.runtime.block_on(async {
            let mut values = Vec::new();
            for task in tasks {
                values.extend(task.await.unwrap());
            }
            values
        });
        let took = begun.took(1);
        assert_eq!(values, vec![VALUE; count]);
        took
    }
}

/// A moment, by the clock of the wall and by what this process has used of processors.
struct Begun {
    wall: Instant,
    busy: rustix::time::Timespec,
}

impl Begun {
    fn now() -> Self {
        Self {
            busy: rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime),
            wall: Instant::now(),
        }
    }

    /// What each of so many operations took since.
    fn took(&self, operations: usize) -> Took {
        let wall = self.wall.elapsed().as_nanos() as f64;
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let (seconds, nanos) = (now.tv_sec - self.busy.tv_sec, now.tv_nsec - self.busy.tv_nsec);
        let busy = seconds as f64 * 1e9 + nanos as f64;
        Took {
            wall: wall / operations as f64,
            busy: busy / operations as f64,
        }
    }
}

fn wall(took: &Took) -> f64 {
    took.wall
}

fn busy(took: &Took) -> f64 {
    took.busy
}

/// What every side takes in every round. Another side begins in each, and the first round is not counted.
fn in_rounds<const SIDES: usize>(rounds: usize, sides: [&mut dyn FnMut() -> Took; SIDES]) -> [Vec<Took>; SIDES] {
    let mut taken = [const { Vec::new() }; SIDES];
    for round in 0..=rounds {
        for turn in 0..SIDES {
            let side = (round + turn) % SIDES;
            let took = sides[side]();
            if round > 0 {
                taken[side].push(took);
            }
        }
    }
    taken
}

/// The medians of a figure, and the median of its ratios of neighbours.
fn pair(floor: &[Took], ours: &[Took], figure: fn(&Took) -> f64) -> Pair {
    let figures = |side: &[Took]| side.iter().map(figure).collect::<Vec<f64>>();
    let (mut floor, mut ours) = (figures(floor), figures(ours));
    let mut ratios: Vec<f64> = ours.iter().zip(&floor).map(|(ours, floor)| ours / floor).collect();
    Pair {
        ratio: median(&mut ratios),
        floor: median(&mut floor),
        ours: median(&mut ours),
    }
}
