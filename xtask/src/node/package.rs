//! `cargo xtask node-package`: README's lines for Node.js, exactly as a reader would run them, and programs that use the
//! packages alone: modules of both kinds, TypeScript, later versions of Node.js.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::npm::Packages;
use super::{PACKAGE, tools};
use crate::Outcome;
use crate::quickstarts::with_toolchain;
use crate::readme::{self, one_block};
use crate::run::{cargo, copy_folder, in_home, quiet, read, root};

const CONSUMERS: &str = "tests/packages/consumers";
const QUICKSTART: &str = "examples/quickstart/node/main.mjs";
/// README's programs: how their blocks are marked, and what they are saved as.
const PROGRAMS: [(&str, &str); 3] = [("js", "hello.mjs"), ("cjs", "hello.cjs"), ("ts", "hello.mts")];
/// Where README installs, below the home.
const HELLO: &str = "hello";

/// Runs them; the last line counts.
pub(crate) fn package() -> Outcome {
    tools::node()?;
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))?;
    let place = Place {
        home: home.path().to_owned(),
        types: tools::TypeChecker::installed()?,
    };
    let passed = place.readme()? + place.consumers()?;
    println!("{passed} passed, 0 failed");
    Ok(())
}

struct Place {
    home: PathBuf,
    types: tools::TypeChecker,
}

impl Place {
    /// README's lines in a folder that has nothing but them, and the quickstart in the same.
    fn readme(&self) -> Outcome<u32> {
        let page = read(&root().join(readme::PATH))?;
        one_block(&page, "sh npm")?.run(&root(), &self.home, |shell| {
            with_toolchain(shell);
            without_registry(shell);
        })?;
        println!("ok      the block marked `sh npm`");
        let folder = self.home.join(HELLO);
        for (kind, name) in PROGRAMS {
            let file = folder.join(name);
            one_block(&page, kind)?.save(&file)?;
            let program = match kind {
                "ts" => {
                    let options = [
                        "--strict", "--module", "nodenext", "--target", "es2022", "--types", "node",
                    ];
                    let mut compile = self.types.compile();
                    quiet(compile.args(options).arg(&file).current_dir(&folder))?;
                    file.with_extension("mjs")
                }
                _ => file,
            };
            print!("{}", self.run(Path::new("node"), &folder, &program)?);
            println!("ok      the block marked `{kind}`");
        }
        copy_folder(&root().join("examples/quickstart/node"), &folder)?;
        print!("{}", self.run(Path::new("node"), &folder, &folder.join("main.mjs"))?);
        println!("ok      {QUICKSTART}");
        Ok(5)
    }

    /// Programs that use the packages, installed alone.
    fn consumers(&self) -> Outcome<u32> {
        let folder = self.home.join("consumers");
        copy_folder(&root().join(PACKAGE).join(CONSUMERS), &folder)?;
        let packages = Packages::made();
        let mut install = tools::npm();
        in_home(&mut install, &self.home);
        without_registry(&mut install);
        install.args(["install", "--silent", "--prefix"]).arg(&folder);
        quiet(
            install
                .args([&packages.main, &packages.platform])
                .current_dir(&self.home),
        )?;
        let mut passed = 0;
        for (project, what) in [
            ("tsconfig.json", "TypeScript, modules of Node.js"),
            ("tsconfig.bundler.json", "TypeScript, modules of a bundler"),
        ] {
            quiet(self.types.check(&folder.join(project)).current_dir(&folder))?;
            println!("ok      {what}");
            passed += 1;
        }
        // What the type checker has compiled.
        for name in ["typed.mjs", "typed.cjs"] {
            self.run(Path::new("node"), &folder, &folder.join(name))?;
        }
        let mut all = vec![("the Node.js of this machine".to_owned(), PathBuf::from("node"))];
        all.extend(tools::later()?);
        for (name, node) in all {
            for consumer in ["consumer.mjs", "consumer.cjs"] {
                self.run(&node, &folder, &folder.join(consumer))
                    .map_err(|reason| format!("{name}: {reason}"))?;
            }
            println!("ok      {name}: works with `import` and `require`");
            passed += 1;
        }
        let mut build = tools::npm();
        in_home(&mut build, &self.home);
        without_registry(&mut build);
        build.args(["exec", "--no", "--", "strongroom-build", "--help"]);
        let help = quiet(build.current_dir(&folder))?;
        if !help.contains("Builds the native half") {
            return Err(format!("`npx --no strongroom-build --help` says: {help}"));
        }
        println!("ok      `strongroom-build` is found");
        // `npm` has built them below our own workspace; here there is nothing around them.
        let mut metadata = cargo(["metadata", "--format-version=1", "--locked", "--offline"]);
        quiet(metadata.current_dir(folder.join("node_modules/strongroom/native")))?;
        println!("ok      the sources and their lock file are whole");
        Ok(passed + 2)
    }

    fn run(&self, node: &Path, folder: &Path, program: &Path) -> Outcome<String> {
        let mut command = Command::new(node);
        in_home(&mut command, &self.home);
        command.args(["--throw-deprecation", "--unhandled-rejections=strict"]);
        quiet(command.arg(program).current_dir(folder))
    }
}

/// Whatever npm asked a registry for would be somebody else's.
fn without_registry(command: &mut Command) {
    command.env("npm_config_offline", "true");
}
