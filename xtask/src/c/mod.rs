//! `cargo xtask c`: the C and C++ programs of tests/c against an installed library of the dev profile.

mod compile;
mod program;

use std::path::{Path, PathBuf};
use std::process::Command;

use self::compile::{Build, Flavour, check_header, neighbour, support};
use self::program::{Counted, run};
use crate::Outcome;
use crate::dist::{self, Artefacts};
use crate::run::{files, parallel, pass, read, root, target};
use crate::suites;
use crate::tools;

/// How many operations the random driver does as part of the suite.
const RANDOM: u64 = 10_000;

/// Libraries that programs of the suite name, a header of each, and Debian's packages of them.
const PACKAGES: [(&str, &str, &str); 1] = [("sqlite3", "sqlite3.h", "libsqlite3-dev")];

/// The prefix that the suites' programs are built against. It has what only tests need, unlike any that a user makes.
pub(crate) fn prefix() -> PathBuf {
    target().join("prefix")
}

/// Installs what the suites' build has left.
pub(crate) fn install() -> Outcome {
    dist::install(&prefix(), &Artefacts::of_suites())
}

/// Where the programs are.
fn folder(name: &str) -> PathBuf {
    root().join("tests/c").join(name)
}

/// One thing to do.
enum Job {
    /// A file that must compile.
    Header { source: PathBuf, standard: &'static str },
    /// Files of tests/c/header that must link as one program, which ends with 0.
    Units(Build),
    /// A program that must run and count.
    Program(Program),
}

struct Program {
    name: String,
    build: Build,
    /// Besides the folder that each run is given.
    arguments: Arguments,
    with_valgrind: bool,
}

#[derive(Clone)]
enum Arguments {
    /// The program's own folder.
    Folder,
    /// The program's own folder, so many operations, and a seed, where it is not to be another one each time.
    Random(u64, Option<u64>),
    /// The vectors, the program's own folder, and where to write what was run.
    Vectors(PathBuf),
}

/// Runs every program; the last line counts. Without `build` it takes what is installed.
pub(crate) fn suite(build: bool) -> Outcome {
    if build {
        suites::build()?;
        install()?;
    }
    let mut skipped = Vec::new();
    let with_valgrind = needed(tools::system("valgrind", "valgrind"), "valgrind", &mut skipped);
    let mut jobs = headers()?;
    jobs.extend(suite_programs(with_valgrind, &mut skipped)?);
    jobs.extend(random_program(RANDOM, None));
    jobs.extend(vector_programs(&mut skipped)?);
    work(&jobs, skipped)
}

/// Runs random operations: how many, and the seed of a run that is to be repeated.
pub(crate) fn random(words: &[&str]) -> Outcome {
    let numbers: Option<Vec<u64>> = words.iter().map(|word| word.parse().ok()).collect();
    let (operations, seed) = match numbers.as_deref() {
        Some(&[operations]) => (operations, None),
        Some(&[operations, seed]) => (operations, Some(seed)),
        _ => return Err("usage: cargo xtask random OPERATIONS [SEED]".to_owned()),
    };
    suites::build()?;
    install()?;
    work(&Vec::from_iter(random_program(operations, seed)), Vec::new())
}

fn work(jobs: &[Job], mut skipped: Vec<String>) -> Outcome {
    support(&prefix())?;
    neighbour()?;
    let answers = parallel(2, jobs, |job| {
        let (name, answer) = match job {
            Job::Header { source, standard } => {
                let name = format!("{} as {standard}", file_name(source));
                (name, check_header(source, standard, &prefix()).map(|()| Counted::one()))
            }
            Job::Units(build) => {
                let built = build.compile("units", &prefix());
                let ended = built.and_then(|program| pass(&mut Command::new(program)));
                ("units of one program".to_owned(), ended.map(|()| Counted::one()))
            }
            Job::Program(program) => (program.name.clone(), program.work()),
        };
        match &answer {
            Ok(counted) => println!("ok      {name}: {}", counted.checks),
            Err(reason) => println!("FAILED  {name}: {reason}"),
        }
        answer
    });
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    let mut passed = 0;
    for counted in answers.into_iter().flatten() {
        passed += counted.checks;
        skipped.extend(counted.skipped);
    }
    for what in skipped {
        println!("skipped: {what}");
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 {
        Ok(())
    } else {
        Err("not every program passed".to_owned())
    }
}

impl Program {
    fn work(&self) -> Outcome<Counted> {
        let file = self.build.compile(&self.name, &prefix())?;
        run(&file, &self.name, &self.arguments, self.with_valgrind)
    }
}

fn headers() -> Outcome<Vec<Job>> {
    let mut jobs = Vec::new();
    for source in sources("header")? {
        let standards: &[_] = if is_cpp(&source) {
            &["c++17", "c++20"]
        } else {
            &["c99", "c11", "c17"]
        };
        jobs.extend(standards.iter().map(|standard| Job::Header {
            source: source.clone(),
            standard,
        }));
    }
    let mut units = sources("header")?;
    units.retain(|source| file_name(source).starts_with("unit_"));
    if !units.is_empty() {
        jobs.push(Job::Units(Build {
            sources: units,
            flavour: Flavour::Sanitized,
            libraries: Vec::new(),
            flags: Vec::new(),
            with_support: false,
        }));
    }
    Ok(jobs)
}

/// A program's first line asks for more than the usual run: `valgrind`, `static`, `links:<library>`,
/// `flag:<of the compiler>`.
fn suite_programs(with_valgrind: bool, skipped: &mut Vec<String>) -> Outcome<Vec<Job>> {
    let mut jobs = Vec::new();
    for source in sources("suite")? {
        let text = read(&source)?;
        let first = text.lines().next().unwrap_or_default();
        let words: Vec<_> = first
            .split([' ', ',', ';'])
            .map(|word| word.trim_end_matches([':', '.']))
            .collect();
        let asks = |word: &str| words.contains(&word);
        let named = |kind: &str| -> Vec<String> {
            let named = words.iter().filter_map(|word| word.strip_prefix(kind));
            named.map(str::to_owned).collect()
        };
        let (libraries, flags) = (named("links:"), named("flag:"));
        let has_all = PACKAGES.iter().all(|&(library, header, package)| {
            !libraries.iter().any(|name| name == library)
                || needed(tools::header(header, package), &file_name(&source), skipped)
        });
        if !has_all {
            continue;
        }
        let mut add = |flavour: Flavour, with_valgrind, how: &str| {
            jobs.push(Job::Program(Program {
                name: format!("{}{how}", file_name(&source)),
                build: Build {
                    sources: vec![source.clone()],
                    flavour,
                    with_support: true,
                    libraries: libraries.clone(),
                    flags: flags.clone(),
                },
                arguments: Arguments::Folder,
                with_valgrind,
            }));
        };
        add(Flavour::Sanitized, false, "");
        if asks("valgrind") && with_valgrind {
            add(Flavour::Plain, true, " under valgrind");
        }
        if asks("static") {
            add(Flavour::Static, false, " with the static library");
        }
    }
    Ok(jobs)
}

fn random_program(operations: u64, seed: Option<u64>) -> Option<Job> {
    let source = folder("random/driver.c");
    source.exists().then(|| {
        Job::Program(Program {
            name: format!("random operations ({operations})"),
            build: Build {
                sources: vec![source],
                flavour: Flavour::Sanitized,
                libraries: Vec::new(),
                flags: Vec::new(),
                with_support: true,
            },
            arguments: Arguments::Random(operations, seed),
            with_valgrind: false,
        })
    })
}

/// The drivers of the vectors: all files of a language are one program.
fn vector_programs(skipped: &mut Vec<String>) -> Outcome<Vec<Job>> {
    let mut jobs = Vec::new();
    for (language, header, package, libraries) in [
        ("c", "cjson/cJSON.h", "libcjson-dev", &["cjson"][..]),
        ("cpp", "nlohmann/json.hpp", "nlohmann-json3-dev", &[]),
    ] {
        let mut sources = sources("vectors")?;
        sources.retain(|source| source.extension().is_some_and(|ending| ending == language));
        let name = format!("vectors ({language})");
        if !sources.is_empty() && needed(tools::header(header, package), &name, skipped) {
            jobs.push(Job::Program(Program {
                name,
                build: Build {
                    sources,
                    flavour: Flavour::Sanitized,
                    libraries: libraries.iter().map(|&name| name.to_owned()).collect(),
                    flags: Vec::new(),
                    with_support: false,
                },
                arguments: Arguments::Vectors(target().join("parity").join(format!("{language}.json"))),
                with_valgrind: false,
            }));
        }
    }
    Ok(jobs)
}

fn needed(tool: Outcome, what: &str, skipped: &mut Vec<String>) -> bool {
    match tool {
        Ok(()) => true,
        Err(reason) => {
            skipped.push(format!("what needs {what}: {reason}"));
            false
        }
    }
}

/// The sources in a folder of tests/c, sorted; none where there is no such folder.
fn sources(name: &str) -> Outcome<Vec<PathBuf>> {
    let folder = folder(name);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let is_source = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "c" || ending == "cpp");
    Ok(files(&folder)?.into_iter().filter(is_source).collect())
}

fn is_cpp(source: &Path) -> bool {
    source.extension().is_some_and(|ending| ending == "cpp")
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
