//! What a person or CI runs: `cargo xtask <command>`. No argument parser: it must build in seconds.
#![allow(clippy::print_stdout, reason = "a command of a terminal, not a library")]
#![allow(
    clippy::disallowed_methods,
    reason = "the rule that one module reads the environment is the core's; this is a build tool"
)]

mod bench;
mod c;
mod check;
mod count;
mod demo;
mod dist;
mod exports;
mod header;
mod json;
mod miri;
mod node;
mod parity;
mod python;
mod quickstarts;
mod readme;
mod run;
mod suites;
mod tables;
mod tools;

use std::process::ExitCode;

/// What a command answers: a line that says what is wrong.
pub(crate) type Outcome<T = ()> = Result<T, String>;

const HELP: &str = "\
cargo xtask <command>

  demo            show the main thing at work, in a temporary home
  test            build everything once, run every suite, print the minutes of each
  check [--fix]   formatting, lints, licences, generated docs, other platforms, README
  c               run the C and C++ programs of tests/c, with sanitizers, some under valgrind
  random N [SEED] do N random operations through the C ABI, with sanitizers
  miri            run the tests of the C ABI's exports under Miri
  bench [NAME]    run the benchmarks, or one (`c`: those of the C ABI, `node`, `python`: those
                  of the packages), and print their tables
  dist --prefix DIR [--profile release|dev]
                  build and install the C library, its headers, pkg-config and CMake files
  wheel [--out DIR]   build the Python wheel that is shipped, into target/wheels
  python [WORDS]      run the Python suites; with words pytest alone, with these
  python-wheel        run README's lines for Python, and the wheel in every CPython of this machine
  npm             build the packages for npm that are shipped, into target/npm
  node [WORDS]        run the Node.js suites; with words the tests alone: of files with these in
                  their names, words with a dash go to Node.js
  node-package        run README's lines for Node.js, and programs that use the packages alone
  errors [--check]    write docs/errors.md, or compare it
  settings [--check]  write docs/settings.md, or compare it
  guards          whether every export of the C ABI is documented and goes through a guard
  header [--check]    write include/strongroom.h and include/strongroom.symbols, or compare them
  quickstarts     run README's lines for C and C++, in a temporary home
  parity [--check]    write docs/parity.md from what the vectors of the last test left, or compare it
  readme          run the shell blocks of README.md
  help            this text
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["demo"] => demo::demo(),
        ["test"] => suites::test(),
        ["check"] => check::check(false),
        ["check", "--fix"] => check::check(true),
        ["bench"] => bench::all(),
        ["bench", name] => bench::one(name),
        ["c"] => c::suite(true),
        // For `test`, which has built and installed already.
        ["c", "--installed"] => c::suite(false),
        ["random", ref words @ ..] => c::random(words),
        ["miri"] => miri::miri(),
        ["dist", ref words @ ..] => dist::dist(words),
        ["wheel", ref words @ ..] => python::wheel(words),
        ["python", ref words @ ..] => python::alone(words),
        ["python-wheel"] => python::everywhere(),
        ["npm", ref words @ ..] => node::npm(words),
        ["node", ref words @ ..] => node::alone(words),
        ["node-package"] => node::package(),
        ["errors"] => tables::write(tables::ERRORS),
        ["errors", "--check"] => tables::compare(tables::ERRORS),
        ["settings"] => tables::write(tables::SETTINGS_PAGE).and_then(|()| tables::write(tables::SCHEMA)),
        ["settings", "--check"] => {
            tables::compare(tables::SETTINGS_PAGE).and_then(|()| tables::compare(tables::SCHEMA))
        }
        ["guards"] => exports::check_guards(),
        ["header"] => header::write(),
        ["header", "--check"] => header::compare(),
        ["quickstarts"] => quickstarts::run(),
        ["parity"] => parity::write(),
        ["parity", "--check"] => parity::compare(),
        ["readme"] => readme::run_shell_blocks(),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
