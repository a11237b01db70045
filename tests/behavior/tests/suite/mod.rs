//! The operations, and how tests become trials.

#[macro_use]
mod harness;
mod backends;
mod client;
mod minimal;

mod cancel;
mod capabilities;
mod delete;
mod describe;
mod errors;
mod exists;
mod expiry;
mod explain;
mod fallback;
mod faults;
mod generate;
mod get;
mod get_into;
mod get_many;
mod health;
mod keys;
mod limits;
mod list;
mod lock_close;
mod metrics;
mod read_only;
mod refresh;
mod resolve;
mod restore;
mod rollback;
mod rotate;
mod set;
mod set_api_key;
mod set_many;
mod subscribe;
mod transfer;
mod update_metadata;
mod update_value;
mod values;
mod versions;
mod views;

use backends::Subject;
pub(crate) use backends::variables;
use backends::without_servers;
use harness::Test;
use libtest_mimic::Trial;

fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for group in [
        cancel::tests,
        capabilities::tests,
        delete::tests,
        describe::tests,
        errors::tests,
        exists::tests,
        expiry::tests,
        explain::tests,
        fallback::tests,
        faults::tests,
        generate::tests,
        get::tests,
        get_into::tests,
        get_many::tests,
        health::tests,
        keys::tests,
        limits::tests,
        list::tests,
        lock_close::tests,
        metrics::tests,
        read_only::tests,
        refresh::tests,
        resolve::tests,
        restore::tests,
        rollback::tests,
        rotate::tests,
        set::tests,
        set_api_key::tests,
        set_many::tests,
        subscribe::tests,
        transfer::tests,
        update_metadata::tests,
        update_value::tests,
        values::tests,
        versions::tests,
        views::tests,
    ] {
        tests.extend(group());
    }
    tests
}

/// Every test over every backend that it suits, the backends in turn, so that none of the servers is waited for by all
/// threads at once.
#[expect(clippy::print_stdout, reason = "what is skipped is told")]
pub(crate) fn trials() -> Vec<Trial> {
    let mut backends: Vec<std::vec::IntoIter<Trial>> = Vec::new();
    let missing = without_servers();
    if let Some(why) = &missing {
        println!("skipped: vault and aws: {why}");
    }
    for &subject in Subject::ALL {
        if subject.needs_server() && missing.is_some() {
            continue;
        }
        let mut trials = Vec::new();
        for test in tests() {
            let has_what_it_needs =
                (!test.needs_script || subject.has_script()) && (!test.needs_data || subject.is_prepared());
            if has_what_it_needs && (test.suits)(&subject.expected()) {
                let name = format!("{}::{}::{}", subject.word(), test.operation, test.sentence);
                trials.push(Trial::test(name, move || harness::run(subject, test)));
            }
        }
        backends.push(trials.into_iter());
    }
    let mut trials = Vec::new();
    loop {
        let before = trials.len();
        trials.extend(backends.iter_mut().filter_map(Iterator::next));
        if trials.len() == before {
            return trials;
        }
    }
}
