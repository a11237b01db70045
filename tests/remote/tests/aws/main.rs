//! The backend `aws` against moto, and where moto answers other than AWS does, against a script of AWS's answers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod batches;
mod errors;
mod formats;
mod life;
mod lists;
mod names;
mod nobody;
mod place;
mod references;
mod sending;
mod versions;

/// Trials of functions that take nothing, named by their module.
#[macro_export]
macro_rules! trials_of {
    ($($name:ident),+ $(,)?) => {
        pub(crate) fn trials() -> Vec<libtest_mimic::Trial> {
            vec![$(libtest_mimic::Trial::test(
                concat!(module_path!(), "::", stringify!($name)),
                || { $name(); Ok(()) },
            )),+]
        }
    };
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some(nobody::ASK) {
        return nobody::ask();
    }
    strongroom_remote::run(|| {
        let mut trials = batches::trials();
        trials.extend(errors::trials());
        trials.extend(formats::trials());
        trials.extend(life::trials());
        trials.extend(lists::trials());
        trials.extend(names::trials());
        trials.extend(nobody::trials());
        trials.extend(references::trials());
        trials.extend(sending::trials());
        trials.extend(versions::trials());
        trials
    });
}
