//! The services behind connections that break, redirects, changes by others, and forks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod changes;
#[cfg(unix)]
mod forks;
mod passing;
mod readers;
mod redirects;
mod table;
mod verbs;

fn main() {
    strongroom_remote::run(|| {
        let mut trials = table::trials();
        trials.extend(passing::trials());
        trials.extend(redirects::trials());
        trials.extend(changes::trials());
        trials.extend(readers::trials());
        #[cfg(unix)]
        trials.extend(forks::trials());
        trials
    });
}
