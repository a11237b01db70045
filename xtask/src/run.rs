//! Processes: where they run, how long they may take, what they print.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;

/// Nothing here takes so long; what does hangs.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The command that was built in the dev profile.
pub(crate) fn cli() -> PathBuf {
    target()
        .join("debug")
        .join(format!("strongroom{}", std::env::consts::EXE_SUFFIX))
}

/// Cargo, at the repository's root.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    without_package(&mut command);
    command
}

/// Takes from a command what `cargo run` sets for xtask itself: it would make other packages look changed.
pub(crate) fn without_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

/// Gives a command this folder as its home and nothing of ours that changes what Strongroom does.
pub(crate) fn in_home(command: &mut Command, home: &Path) {
    command.env("HOME", home).env("APPDATA", home);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("XDG_") || text.starts_with("STRONGROOM_") {
            command.env_remove(&name);
        }
    }
}

/// Runs a command on the caller's terminal.
pub(crate) fn pass(command: &mut Command) -> Outcome {
    let status = command
        .status()
        .map_err(|error| format!("cannot run {}: {error}", shown(command)))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed: {status}", shown(command)))
    }
}

/// Runs a command that is heard only when it fails, and gives what it printed.
pub(crate) fn quiet(command: &mut Command) -> Outcome<String> {
    let output = command
        .output()
        .map_err(|error| format!("cannot run {}: {error}", shown(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{} failed\n{}", shown(command), String::from_utf8_lossy(&said)))
}

/// Runs a command with its output in a file, and ends it when it takes longer than anything should.
pub(crate) fn logged(command: &mut Command, log: &File) -> Outcome<ExitStatus> {
    let copy = || {
        log.try_clone()
            .map_err(|error| format!("cannot write the log: {error}"))
    };
    let cannot = |error: std::io::Error, command: &Command| format!("cannot run {}: {error}", shown(command));
    command.stdin(Stdio::null()).stdout(copy()?).stderr(copy()?);
    let mut child = command.spawn().map_err(|error| cannot(error, command))?;
    let start = Instant::now();
    loop {
        match child.try_wait().map_err(|error| cannot(error, command))? {
            Some(status) => return Ok(status),
            None if start.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "{} took longer than {} minutes",
                    shown(command),
                    LIMIT.as_secs() / 60
                ));
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The program and its arguments, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The files in a folder and in the folders in it, sorted.
pub(crate) fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Copies a file, and makes the folder that it goes to.
pub(crate) fn copy(from: &Path, to: &Path) -> Outcome {
    let made = to.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::copy(from, to).map(|_| ()))
        .map_err(|error| format!("cannot copy {}: {error}", from.display()))
}

/// Copies the files in a folder and in the folders in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Outcome {
    for file in files(from)? {
        copy(&file, &to.join(file.strip_prefix(from).unwrap_or(&file)))?;
    }
    Ok(())
}

/// Makes a folder empty.
pub(crate) fn empty(folder: &Path) -> Outcome {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("cannot empty {}: {error}", folder.display()));
        }
        _ => {}
    }
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))
}

/// Runs jobs, so many at a time, and gives their answers in the order of the jobs.
pub(crate) fn parallel<J: Sync, A: Send>(at_a_time: usize, jobs: &[J], run: impl Fn(&J) -> A + Sync) -> Vec<A> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut answers: Vec<(usize, A)> = std::thread::scope(|scope| {
        let work = || {
            let mut mine = Vec::new();
            loop {
                let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(job) = jobs.get(at) else { return mine };
                mine.push((at, run(job)));
            }
        };
        let workers: Vec<_> = (0..at_a_time).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    answers.sort_by_key(|&(at, _)| at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
