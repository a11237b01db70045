//! The few fields of cargo's JSON messages that are needed, without a JSON reader: cargo writes one message a line,
//! without white space between tokens.

use std::path::PathBuf;

/// Something that cargo built and that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Executable {
    /// The folder of its package.
    pub(crate) package: PathBuf,
    /// The target's name.
    pub(crate) name: String,
    /// Whether it is a test harness and not a program.
    pub(crate) is_test: bool,
    /// The file.
    pub(crate) path: PathBuf,
}

/// Every executable that the messages name.
pub(crate) fn executables(messages: &str) -> Vec<Executable> {
    messages.lines().filter_map(executable).collect()
}

fn executable(line: &str) -> Option<Executable> {
    if !line.starts_with(r#"{"reason":"compiler-artifact""#) {
        return None;
    }
    let path = text_after(line, r#""executable":""#)?;
    let manifest = PathBuf::from(text_after(line, r#""manifest_path":""#)?);
    let target = &line[line.find(r#""target":{"#)?..];
    Some(Executable {
        package: manifest.parent()?.to_owned(),
        name: text_after(target, r#""name":""#)?,
        is_test: target
            .get(target.find(r#""profile":{"#)?..)?
            .split_once('}')?
            .0
            .contains(r#""test":true"#),
        path: path.into(),
    })
}

fn text_after(line: &str, mark: &str) -> Option<String> {
    let rest = &line[line.find(mark)? + mark.len()..];
    Some(rest[..rest.find('"')?].replace(r"\\", r"\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_an_executable() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","package_id":"path+file:///r/cli#0.1.0","manifest_path":"/r/cli/Cargo.toml","#,
            r#""target":{"kind":["test"],"crate_types":["bin"],"name":"cli","src_path":"/r/cli/t.rs","test":true},"#,
            r#""profile":{"opt_level":"0","test":true},"features":[],"filenames":["/t/cli-1"],"executable":"/t/cli-1","fresh":true}"#,
            "\n",
            r#"{"reason":"compiler-artifact","manifest_path":"/r/a/Cargo.toml","target":{"name":"a"},"profile":{"test":false},"executable":null}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let wanted = Executable {
            package: "/r/cli".into(),
            name: "cli".to_owned(),
            is_test: true,
            path: "/t/cli-1".into(),
        };
        assert_eq!(executables(messages), [wanted]);
    }
}
