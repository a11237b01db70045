//! `cargo xtask demo`: the main thing at work, in a temporary home. Every line is checked; the first that does not
//! hold ends the demo with an error.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use strongroom::blocking::SecretManager;
use strongroom::{ErrorKind, SecretScope};

use crate::run::{cargo, cli, files, in_home, pass, root};
use crate::suites::FEATURES;
use crate::{Outcome, c, tools};

/// Names and values that no file may show.
const SECRETS: [(&str, &str); 3] = [
    ("api_key", "demo-global-value-7f3a"),
    ("org/acme-demo/api_key", "demo-acme-value-91c2"),
    ("smtp_password", "demo-smtp-value-55de"),
];
const NEEDLES: [&str; 7] = [
    "api_key",
    "acme-demo",
    "smtp_password",
    "demo-global-value",
    "demo-acme-value",
    "demo-smtp-value",
    "-value-",
];

/// Shows it.
pub(crate) fn demo() -> Outcome {
    // As the suites build it, so that neither has to build what the other has built.
    let mut build = cargo(["build", "--quiet", "--workspace", "--lib", "--bins"]);
    pass(build.args(FEATURES))?;
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let home = Home(folder.path());

    println!("1. The default store, without any configuration");
    println!("   strongroom init: {}", first_line(&home.run(&["init"], "")?.stderr));
    for (key, value) in SECRETS {
        home.run(&["set", key], value)?;
        println!("   strongroom set {key}");
    }
    let listed = text(&home.run(&["list"], "")?.stdout);
    hold(
        listed == "global/api_key\nglobal/smtp_password\norg/acme-demo/api_key\n",
        "the list names all three",
    )?;
    println!("   strongroom list: {}", listed.trim_end().replace('\n', ", "));

    println!("2. The same store through the Rust API: the nearest scope that has the secret answers");
    let (store, key_file) = home.places()?;
    let manager = open(&store, &key_file)?;
    let chain = [SecretScope::org("acme-demo"), SecretScope::global()];
    for (name, wanted, scope) in [
        ("api_key", SECRETS[1].1, "org/acme-demo"),
        ("smtp_password", SECRETS[2].1, "global"),
    ] {
        let found = manager
            .get_with_fallback(name, &chain)
            .map_err(|error| error.to_string())?;
        let holds = found.is_some_and(|secret| secret.value.expose() == wanted.as_bytes());
        hold(holds, &format!("`{name}` comes from {scope}"))?;
        println!("   get_with_fallback({name}, [org/acme-demo, global]) answers from {scope}");
    }
    let absent = manager
        .get_with_fallback("no_such_key", &chain)
        .map_err(|error| error.to_string())?;
    hold(absent.is_none(), "a name that no scope has is absent")?;
    println!("   get_with_fallback(no_such_key, …) answers: none");

    println!("3. What the files show");
    // With the manager still open, so that the side files are there too.
    let control = home.0.join("control");
    fs::write(&control, "org/acme-demo/api_key demo-acme-value").map_err(|error| error.to_string())?;
    hold(found_in(&control)?.len() >= 3, "the search finds what is in clear")?;
    fs::remove_file(&control).map_err(|error| error.to_string())?;
    let mut bytes = 0;
    let files = files(home.0)?;
    hold(
        files.contains(&store) && files.contains(&key_file),
        "the store and its key file are among the files",
    )?;
    for file in &files {
        let found = found_in(file)?;
        hold(found.is_empty(), &format!("{} shows none of {found:?}", file.display()))?;
        bytes += fs::metadata(file).map(|data| data.len()).unwrap_or_default();
        println!("   {}", file.strip_prefix(home.0).unwrap_or(file).display());
    }
    println!(
        "   {} files, {bytes} bytes: no name, no value (the same search finds them in a file in clear)",
        files.len()
    );
    drop(manager);

    println!("4. A wrong key");
    let mut command = home.command(&["get", "api_key"]);
    let output = command
        .env("STRONGROOM_SECRETS_KEY", "5a".repeat(32))
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| error.to_string())?;
    let wanted = i32::from(ErrorKind::WrongKey.exit_code());
    hold(
        output.status.code() == Some(wanted) && output.stdout.is_empty(),
        "a wrong key is refused",
    )?;
    println!("   {}", text(&output.stderr).trim_end().replace('\n', "\n   "));
    println!("   exit code {wanted}, nothing on stdout");

    println!("5. The same store from C");
    let key = SECRETS[1].0;
    let said = quickstart(&home, key)?;
    let wanted = format!("{key}: {} bytes", SECRETS[1].1.len());
    hold(
        said.lines().any(|line| line == wanted),
        "the program in C reads what the command wrote",
    )?;
    hold(
        !NEEDLES
            .iter()
            .any(|needle| needle.ends_with("-value") && said.contains(needle)),
        "it shows no value",
    )?;
    println!("   {}", said.trim_end().replace('\n', "\n   "));
    println!("All of it held.");
    Ok(())
}

/// What the quickstart in C says about a key, compiled against the library that was just built.
fn quickstart(home: &Home<'_>, key: &str) -> Outcome<String> {
    tools::system("cc", "gcc")?;
    c::install()?;
    let lib = c::prefix().join("lib");
    let program = home.0.join("quickstart");
    let mut compiler = Command::new("cc");
    compiler
        .arg("-std=c11")
        .arg(root().join("examples/quickstart/c/main.c"));
    compiler.arg("-I").arg(c::prefix().join("include"));
    compiler.arg("-L").arg(&lib).arg("-lstrongroom");
    compiler.arg(format!("-Wl,-rpath,{}", lib.display()));
    pass(compiler.arg("-o").arg(&program))?;
    let mut command = Command::new(&program);
    in_home(&mut command, home.0);
    let output = command.arg(key).current_dir(home.0).output();
    let output = output.map_err(|error| format!("cannot run the quickstart: {error}"))?;
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!("the quickstart in C failed: {}", text(&output.stderr)))
}

struct Home<'a>(&'a Path);

impl Home<'_> {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(cli());
        in_home(&mut command, self.0);
        command.args(args).current_dir(self.0);
        command
    }

    fn run(&self, args: &[&str], stdin: &str) -> Outcome<Output> {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("cannot run the command: {error}"))?;
        if let Some(mut pipe) = child.stdin.take() {
            // A command that does not read its stdin is no error.
            let _ = pipe.write_all(stdin.as_bytes());
        }
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(output);
        }
        Err(format!(
            "strongroom {} failed: {}",
            args.join(" "),
            text(&output.stderr)
        ))
    }

    /// Where the store and its key file lie, as `status` says.
    fn places(&self) -> Outcome<(PathBuf, PathBuf)> {
        let status = text(&self.run(&["status", "-o", "plain"], "")?.stdout);
        let place = |mark: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(mark));
            line.map(PathBuf::from)
                .ok_or_else(|| format!("`strongroom status` does not say {mark:?}"))
        };
        Ok((place("store\t")?, place("key\tthe file ")?))
    }
}

fn open(store: &Path, key_file: &Path) -> Outcome<SecretManager> {
    let builder = strongroom::SecretManager::builder().without_environment();
    let builder = builder.option("encrypted.path", store.to_string_lossy());
    let builder = builder
        .option("encrypted.key_file", key_file.to_string_lossy())
        .option("encrypted.create", "never");
    builder.open_blocking().map_err(|error| error.to_string())
}

fn hold(holds: bool, what: &str) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(format!("this does not hold: {what}"))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn first_line(bytes: &[u8]) -> String {
    text(bytes).lines().next().unwrap_or_default().to_owned()
}

/// The needles in a file: plain, as UTF-16 or as hexadecimal.
fn found_in(file: &Path) -> Outcome<Vec<&'static str>> {
    let bytes = fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let contains = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let shows = |needle: &&str| {
        let wide: Vec<u8> = needle.bytes().flat_map(|byte| [byte, 0]).collect();
        let hexadecimal: String = needle.bytes().map(|byte| format!("{byte:02x}")).collect();
        contains(needle.as_bytes()) || contains(&wide) || contains(hexadecimal.as_bytes())
    };
    Ok(NEEDLES.iter().copied().filter(shows).collect())
}
