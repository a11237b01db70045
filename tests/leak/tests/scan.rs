//! Another process searches the subject's memory at every stage.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use strongroom_crash::rig::{Home, Watchdog, knob, say};
use strongroom_leak::canary::{masked, random, random_bytes, unmasked_vec};
use strongroom_leak::inner_keys::inner_keys;
use strongroom_leak::scan::{Needle, needles, scan};

/// With the wiping allocator, as our own artefacts have it.
const SUBJECT: &str = env!("CARGO_BIN_EXE_strongroom-leak");
/// With the default one.
const CONTROL: &str = env!("CARGO_BIN_EXE_leak-control");
const LIMIT: Duration = Duration::from_secs(240);

/// What a stage said and what was found there.
struct Stage {
    name: String,
    expect: String,
    places: Vec<String>,
}

#[derive(Default)]
struct Tally {
    subjects: usize,
    scans: usize,
    bytes: usize,
    unreadable: usize,
    /// Stages at which the canary had to be found and was.
    live: usize,
    complaints: Vec<String>,
}

fn spawn(exe: &str, home: &Home, args: &[&str]) -> Child {
    let mut command = Command::new(exe);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    home.equip(&mut command);
    command.spawn().expect("the subject starts")
}

/// Runs a subject through its stages and scans it at each.
fn follow(exe: &str, home: &Home, args: &[&str], mut wanted: Vec<Needle>, tally: &mut Tally) -> Vec<Stage> {
    let mut child = spawn(exe, home, args);
    let mut stdin = child.stdin.take().unwrap();
    let mut stages = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        match line.split_once(' ') {
            Some(("stage", rest)) => {
                let (name, expect) = rest.rsplit_once(' ').unwrap();
                let finds = scan(child.id(), &wanted).expect("the subject's memory can be read");
                tally.scans += 1;
                tally.bytes += finds.read;
                tally.unreadable = tally.unreadable.max(finds.unreadable);
                stages.push(Stage {
                    name: name.to_owned(),
                    expect: expect.to_owned(),
                    places: finds.places,
                });
                writeln!(stdin, "go on").unwrap();
            }
            Some(("canary", text)) => wanted = needles(&unmasked_vec(text)),
            _ => tally.complaints.push(format!("{args:?}: {line}")),
        }
    }
    let status = child.wait().unwrap();
    if !status.success() {
        tally.complaints.push(format!("{}: ended with {status}", args[0]));
    }
    tally.subjects += 1;
    stages
}

/// Compares what was found with what had to be.
fn judge(name: &str, stages: &[Stage], tally: &mut Tally) {
    if stages.is_empty() {
        tally.complaints.push(format!("{name}: no stage was reached"));
    }
    for stage in stages {
        match (stage.expect.as_str(), stage.places.len()) {
            ("found", 0) => tally
                .complaints
                .push(format!("{name}, {}: not found, so the scan is blind", stage.name)),
            ("found", _) => tally.live += 1,
            ("nothing", 1..) => {
                tally
                    .complaints
                    .push(format!("{name}, {}: LEAK {:?}", stage.name, stage.places));
            }
            _ => {}
        }
    }
}

/// Scans all cases of a group.
fn scan_group(group: &str) {
    // The same cases as a Rust program gets them that does not opt in to the wiping allocator; by hand, for SECURITY.md.
    let exe = if knob("STRONGROOM_LEAK_DEFAULT_ALLOCATOR").is_some() {
        CONTROL
    } else {
        SUBJECT
    };
    scan_cases(exe, SUBJECT, group);
}

/// Scans all cases of a group in `exe`; `seeder` lists them and fills their stores.
fn scan_cases(exe: &str, seeder: &str, group: &str) {
    let _watchdog = Watchdog::new("a leak scan", LIMIT);
    let begin = Instant::now();
    let mut tally = Tally::default();
    let listed = spawn(seeder, &Home::new(), &["list", group])
        .wait_with_output()
        .unwrap();
    let names = String::from_utf8(listed.stdout).unwrap();
    assert!(names.lines().count() >= 8, "the group has its cases");
    for name in names.lines() {
        let home = Home::new();
        let canary = random();
        let text = masked(&canary);
        let seeded = spawn(seeder, &home, &["seed", name, &text]).wait_with_output().unwrap();
        if !seeded.status.success() {
            tally
                .complaints
                .push(format!("{name}: seed: {}", String::from_utf8_lossy(&seeded.stdout)));
            continue;
        }
        let stages = follow(exe, &home, &[name, &text], needles(&canary), &mut tally);
        judge(name, &stages, &mut tally);
    }
    report(group, begin, &tally);
}

fn report(group: &str, begin: Instant, tally: &Tally) {
    say(&format!(
        "leak {group}: {} subjects, {} scans of {} MiB in all, canary found where it is alive {} times, {} unreadable \
         mappings, {} complaints, {:.1} s",
        tally.subjects,
        tally.scans,
        tally.bytes >> 20,
        tally.live,
        tally.unreadable,
        tally.complaints.len(),
        begin.elapsed().as_secs_f64()
    ));
    assert!(tally.complaints.is_empty(), "\n{}", tally.complaints.join("\n"));
}

#[test]
fn nothing_that_was_written_stays_in_memory() {
    scan_group("writes");
}

#[test]
fn nothing_that_was_read_stays_in_memory() {
    scan_group("reads");
}

#[test]
fn nothing_that_left_the_cache_stays_in_memory() {
    scan_group("cache");
}

#[test]
fn nothing_stays_in_memory_after_a_call_that_failed() {
    scan_group("errors");
}

/// The key as bytes and in both of its texts, so that no way of reading it leaves another form behind.
fn key_needles(key: &[u8]) -> Vec<Needle> {
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    [needles(key), needles(hex.as_bytes())].concat()
}

#[test]
fn the_key_of_a_store_is_not_in_memory_once_it_is_closed() {
    let _watchdog = Watchdog::new("a scan for keys", LIMIT);
    let (begin, mut tally) = (Instant::now(), Tally::default());
    let mut held = Vec::new();
    for way in ["raw", "text", "file", "fd"] {
        let (home, key) = (Home::new(), random_bytes(32));
        let stages = follow(
            SUBJECT,
            &home,
            &["key", way, &masked(&key)],
            key_needles(&key),
            &mut tally,
        );
        judge(&format!("key {way}"), &stages, &mut tally);
        for stage in stages
            .iter()
            .filter(|stage| stage.expect == "any" && !stage.places.is_empty())
        {
            held.push(format!("{way} {}: {:?}", stage.name, stage.places));
        }
    }
    say(&format!(
        "leak keys: found in ordinary memory while open or locked: {held:?}"
    ));
    report("keys", begin, &tally);
}

#[test]
fn the_root_key_and_the_data_keys_are_never_in_memory_that_others_can_read() {
    let _watchdog = Watchdog::new("a scan for inner keys", LIMIT);
    let (begin, mut tally) = (Instant::now(), Tally::default());
    let (home, key) = (Home::new(), random_bytes(32));
    let arguments = ["key", "raw", &masked(&key)];
    // A first run makes the store; what its boxes hold is read from the file, by its documented format alone.
    let stages = follow(SUBJECT, &home, &arguments, needles(&key), &mut tally);
    judge("making the store", &stages, &mut tally);
    let inner = inner_keys(&home.store(), &key).unwrap();
    assert!(
        inner.len() >= 7,
        "root key, five static keys, a data key: {}",
        inner.len()
    );
    let wanted: Vec<Needle> = inner.iter().chain([&key]).flat_map(|key| needles(key)).collect();
    let stages = follow(SUBJECT, &home, &arguments, wanted, &mut tally);
    judge("using the store", &stages, &mut tally);
    say(&format!("leak inner keys: {} keys looked for", inner.len()));
    report("inner keys", begin, &tally);
}

/// The subject in C, built against the installed library that `STRONGROOM_PREFIX` names; without it nothing is built.
#[expect(
    clippy::disallowed_methods,
    reason = "the rig's own knobs, which the library does not read"
)]
fn subject_in_c(folder: &Path) -> Option<String> {
    let Some(prefix) = std::env::var_os("STRONGROOM_PREFIX").map(PathBuf::from) else {
        say("skipped: the leak scan through the C API: STRONGROOM_PREFIX names no installed library");
        return None;
    };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../c/leak/subject.c");
    let (exe, lib) = (folder.join("subject"), prefix.join("lib"));
    let built = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args([
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-pedantic",
            "-O1",
            "-g",
            "-I",
        ])
        .arg(prefix.join("include"))
        .arg(source)
        .arg("-L")
        .arg(&lib)
        .args(["-lstrongroom", "-lpthread", "-o"])
        .arg(&exe)
        .arg(format!("-Wl,-rpath,{}", lib.display()))
        .status();
    assert!(
        built.expect("a C compiler").success(),
        "the subject in C does not build"
    );
    Some(exe.to_str().expect("a path that is text").to_owned())
}

#[test]
fn nothing_stays_in_memory_through_the_c_api() {
    let home = Home::new();
    if let Some(exe) = subject_in_c(home.path()) {
        scan_cases(&exe, &exe, "c");
    }
}

#[test]
fn a_key_that_a_c_program_provides_is_not_in_memory_once_the_store_is_closed() {
    let _watchdog = Watchdog::new("a scan for a provided key", LIMIT);
    let (begin, mut tally, folder) = (Instant::now(), Tally::default(), Home::new());
    let Some(exe) = subject_in_c(folder.path()) else {
        return;
    };
    let key = random_bytes(32);
    let stages = follow(
        &exe,
        &Home::new(),
        &["key", &masked(&key)],
        key_needles(&key),
        &mut tally,
    );
    judge("provided key", &stages, &mut tally);
    report("c keys", begin, &tally);
}

#[test]
fn the_scan_finds_what_a_c_program_frees_and_nothing_of_what_it_wipes() {
    let _watchdog = Watchdog::new("the control of the scan in C", LIMIT);
    let (begin, mut tally, folder) = (Instant::now(), Tally::default(), Home::new());
    let Some(exe) = subject_in_c(folder.path()) else {
        return;
    };
    for (way, remains) in [("string", true), ("wiped", false)] {
        let canary = random();
        let stages = follow(
            &exe,
            &Home::new(),
            &[way, &masked(&canary)],
            needles(&canary),
            &mut tally,
        );
        judge(way, &stages, &mut tally);
        let left = stages.last().map(|stage| !stage.places.is_empty());
        assert_eq!(left, Some(remains), "{way}");
    }
    report("c control", begin, &tally);
}

#[test]
fn the_scan_finds_a_plain_string_after_its_drop_under_the_default_allocator_only() {
    let _watchdog = Watchdog::new("the control of the scan", LIMIT);
    let (begin, mut tally) = (Instant::now(), Tally::default());
    let mut left = [SUBJECT, CONTROL].map(|exe| {
        let canary = random();
        let stages = follow(
            exe,
            &Home::new(),
            &["string", &masked(&canary)],
            needles(&canary),
            &mut tally,
        );
        judge("string", &stages, &mut tally);
        stages.into_iter().next_back().unwrap().places
    });
    say(&format!(
        "leak control: left of a dropped String: {:?} wiping, {:?} default",
        left[0], left[1]
    ));
    assert!(
        !left[1].is_empty(),
        "the control left nothing, so the scan proves nothing"
    );
    assert_eq!(std::mem::take(&mut left[0]), Vec::<String>::new());
    report("control", begin, &tally);
}
