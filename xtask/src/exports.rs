//! What ffi/src exports, read from its sources: names, documentation, guards, and what only tests have.

use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Item, Stmt};

use crate::Outcome;
use crate::run::{read, root};

/// The crate of the C ABI.
const CRATE: &str = "ffi";
/// The functions that stop a panic at the border.
const GUARDS: &str = "ffi/src/guard.rs";

/// A function that C can call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    /// Only with the feature `testing`.
    pub(crate) is_testing: bool,
    is_documented: bool,
    /// The function that its whole body is a call of.
    body: Option<String>,
}

/// The crate's sources in the order in which its modules are declared.
#[derive(Default)]
pub(crate) struct Sources {
    /// Without the files of modules that only tests have.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) exports: Vec<Export>,
    /// Structs, enums and type aliases.
    pub(crate) types: Vec<String>,
    pub(crate) enums: Vec<String>,
    /// Public constants.
    pub(crate) constants: Vec<String>,
    /// Functions that are no exports: their file, their name, and what their whole body is a call of.
    helpers: Vec<(PathBuf, String, Option<String>)>,
    /// Other things that only tests have.
    pub(crate) testing_items: Vec<String>,
    /// How many functions carry the attribute, also those that a macro hides from every reader of the sources.
    attributes: usize,
}

/// Reads the crate.
pub(crate) fn sources() -> Outcome<Sources> {
    let mut sources = Sources::default();
    sources.file(&root().join(CRATE).join("src/lib.rs"), false)?;
    Ok(sources)
}

impl Sources {
    /// The names of what C programs may call, sorted.
    pub(crate) fn symbols(&self) -> Vec<&str> {
        self.names(|export| !export.is_testing)
    }

    /// What a library with the feature `testing` exports, sorted.
    pub(crate) fn symbols_with_testing(&self) -> Vec<&str> {
        self.names(|_| true)
    }

    fn names(&self, wanted: impl Fn(&Export) -> bool) -> Vec<&str> {
        let wanted = self.exports.iter().filter(|export| wanted(export));
        let mut names: Vec<_> = wanted.map(|export| export.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn file(&mut self, path: &Path, is_testing: bool) -> Outcome {
        let text = read(path)?;
        let file = syn::parse_file(&text).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let is_attribute = |line: &&str| line.trim_start().starts_with("#[unsafe(no_mangle)]");
        self.attributes += text.lines().filter(is_attribute).count();
        if !is_testing {
            self.files.push(path.to_owned());
        }
        self.items(&file.items, path, &folder_of_modules(path), is_testing)
    }

    fn items(&mut self, items: &[Item], file: &Path, folder: &Path, is_testing: bool) -> Outcome {
        for item in items {
            let is_testing = is_testing || attributes(item).iter().any(is_for_tests);
            let name = match item {
                Item::Mod(module) => {
                    match &module.content {
                        Some((_, items)) => {
                            self.items(items, file, &folder.join(module.ident.to_string()), is_testing)?
                        }
                        None => self.file(&module_file(folder, &module.ident.to_string())?, is_testing)?,
                    }
                    continue;
                }
                Item::Fn(function) => {
                    let body = called(&function.block.stmts);
                    if function.attrs.iter().any(is_export) {
                        self.exports.push(Export {
                            name: function.sig.ident.to_string(),
                            file: file.to_owned(),
                            is_testing,
                            is_documented: function.attrs.iter().any(is_documentation),
                            body,
                        });
                    } else {
                        let name = function.sig.ident.to_string();
                        self.helpers.push((file.to_owned(), name, body));
                    }
                    function.sig.ident.to_string()
                }
                Item::Struct(item) => self.named(&item.ident, false),
                Item::Enum(item) => self.named(&item.ident, true),
                Item::Type(item) => self.named(&item.ident, false),
                Item::Const(item) => {
                    if matches!(item.vis, syn::Visibility::Public(_)) {
                        self.constants.push(item.ident.to_string());
                    }
                    item.ident.to_string()
                }
                _ => continue,
            };
            if is_testing {
                self.testing_items.push(name);
            }
        }
        Ok(())
    }

    fn named(&mut self, name: &syn::Ident, is_enum: bool) -> String {
        let name = name.to_string();
        self.types.push(name.clone());
        if is_enum {
            self.enums.push(name.clone());
        }
        name
    }
}

/// Every export is documented, and its whole body is a call of a guard.
pub(crate) fn check_guards() -> Outcome {
    let guards =
        syn::parse_file(&read(&root().join(GUARDS))?).map_err(|error| format!("cannot read {GUARDS}: {error}"))?;
    let guards: Vec<_> = guards
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Fn(function) => Some(function.sig.ident.to_string()),
            _ => None,
        })
        .filter(|name| name.starts_with("guard"))
        .collect();
    judge(&sources()?, &guards)
}

fn judge(sources: &Sources, guards: &[String]) -> Outcome {
    let is_guarded = |export: &Export| {
        let is_guard = |name: &String| guards.contains(name);
        // Or a function of the same file that itself is nothing but a call of a guard.
        let helps = |called: &String| {
            let mut helpers = sources.helpers.iter();
            helpers
                .any(|(file, name, body)| *file == export.file && name == called && body.as_ref().is_some_and(is_guard))
        };
        export.body.as_ref().is_some_and(|name| is_guard(name) || helps(name))
    };
    let guarded = sources.exports.iter().filter(|export| is_guarded(export)).count();
    let names = |wanted: &dyn Fn(&Export) -> bool| {
        let wanted = sources.exports.iter().filter(|export| wanted(export));
        wanted.map(|export| export.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let unguarded = names(&|export| !is_guarded(export));
    if !unguarded.is_empty() {
        return Err(format!(
            "a panic could leave these exports; the whole body must be a call of a guard of {GUARDS}: {unguarded}"
        ));
    }
    if sources.attributes != guarded {
        return Err(format!(
            "{} `#[unsafe(no_mangle)]` but {guarded} guarded exports: a macro hides one from the header and from this check",
            sources.attributes
        ));
    }
    let undocumented = names(&|export| !export.is_documented);
    if !undocumented.is_empty() {
        return Err(format!("these exports have no documentation: {undocumented}"));
    }
    println!("        {guarded} exports, each in a guard");
    Ok(())
}

/// Where the files of a file's modules are.
fn folder_of_modules(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(path);
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "mod") | None => folder.to_owned(),
        Some(stem) => folder.join(stem),
    }
}

fn module_file(folder: &Path, name: &str) -> Outcome<PathBuf> {
    let files = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
    let found = files.into_iter().find(|file| file.exists());
    found.ok_or_else(|| format!("no file for the module {name} in {}", folder.display()))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

/// `cfg(test)` and `cfg(feature = "testing")`, alone, among others that must all hold, or as one or the other.
fn is_for_tests(attribute: &Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return false;
    };
    let text: String = list.tokens.to_string().split_whitespace().collect();
    let is_one = |condition: &str| matches!(condition, "test" | r#"feature="testing""#);
    let inside = |start| text.strip_prefix(start).and_then(|rest| rest.strip_suffix(')'));
    list.path.is_ident("cfg")
        && match (inside("all("), inside("any(")) {
            (Some(conditions), _) => conditions.split(',').any(is_one),
            (_, Some(conditions)) => conditions.split(',').all(is_one),
            (None, None) => is_one(&text),
        }
}

fn is_export(attribute: &Attribute) -> bool {
    match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("no_mangle"),
        syn::Meta::List(list) => list.path.is_ident("unsafe") && list.tokens.to_string() == "no_mangle",
        syn::Meta::NameValue(_) => false,
    }
}

fn is_documentation(attribute: &Attribute) -> bool {
    let syn::Meta::NameValue(pair) = &attribute.meta else {
        return false;
    };
    let Expr::Lit(literal) = &pair.value else { return false };
    let syn::Lit::Str(text) = &literal.lit else {
        return false;
    };
    pair.path.is_ident("doc") && !text.value().trim().is_empty()
}

/// What is called, where a body is one call and nothing else that runs.
fn called(body: &[Stmt]) -> Option<String> {
    let items = body.iter().take_while(|statement| matches!(statement, Stmt::Item(_)));
    match &body[items.count()..] {
        [Stmt::Expr(Expr::Unsafe(inner), None)] => called(&inner.block.stmts),
        [Stmt::Expr(Expr::Call(call), None)] => {
            let Expr::Path(path) = call.func.as_ref() else {
                return None;
            };
            Some(path.path.segments.last()?.ident.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources_of(text: &str) -> Sources {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lib.rs");
        std::fs::write(&file, text).unwrap();
        let mut sources = Sources::default();
        sources.file(&file, false).unwrap();
        sources
    }

    const GOOD: &str =
        "/// Gives it.\n#[unsafe(no_mangle)]\npub extern \"C\" fn strongroom_b() -> u32 { guard_value(0, || 1) }\n";

    #[test]
    fn an_export_is_found_with_what_guards_it() {
        let sources = sources_of(GOOD);
        assert_eq!(sources.symbols(), ["strongroom_b"]);
        assert_eq!(judge(&sources, &["guard_value".to_owned()]), Ok(()));
        let inside = sources_of(&GOOD.replace("guard_value(0, || 1)", "unsafe { guard_value(0, || 1) }"));
        assert_eq!(judge(&inside, &["guard_value".to_owned()]), Ok(()));
        let helped = GOOD.replace("guard_value(0, || 1)", "const X: u32 = 0; read(X)");
        let helper = "fn read(x: u32) -> u32 { guard_value(x, || 1) }";
        let through = sources_of(&format!("{helped}{helper}"));
        assert_eq!(judge(&through, &["guard_value".to_owned()]), Ok(()));
        assert!(judge(&sources_of(&helped), &["guard_value".to_owned()]).is_err());
        assert!(
            judge(&sources, &["guard".to_owned()])
                .unwrap_err()
                .contains("strongroom_b")
        );
    }

    #[test]
    fn a_body_that_does_more_than_call_a_guard_is_refused() {
        for body in ["1", "let x = 1; guard(|| x)", "guard(|| 1);", "other(|| 1)"] {
            let text = format!("/// Doc.\n#[unsafe(no_mangle)]\npub extern \"C\" fn strongroom_a() {{ {body} }}");
            let refused = judge(&sources_of(&text), &["guard".to_owned()]);
            assert!(refused.unwrap_err().contains("strongroom_a"), "{body}");
        }
    }

    #[test]
    fn an_export_without_documentation_or_inside_a_macro_is_refused() {
        let guards = ["guard_value".to_owned()];
        let bare = GOOD.replace("/// Gives it.", "///");
        assert!(
            judge(&sources_of(&bare), &guards)
                .unwrap_err()
                .contains("documentation")
        );
        let hidden = format!("macro_rules! m {{ () => {{\n{GOOD}}} }}\n");
        assert!(judge(&sources_of(&hidden), &guards).unwrap_err().contains("macro"));
    }

    #[test]
    fn what_only_tests_have_is_marked() {
        let text = format!(
            "#[cfg(feature = \"testing\")]\nmod testing {{ {GOOD} pub struct Inner; }}\n\
             #[cfg(all(unix, feature = \"testing\"))]\npub struct A;\n\
             #[cfg(not(feature = \"testing\"))]\npub struct B;\n#[cfg(any(unix, test))]\npub struct G;\npub enum C {{ D }}\npub const E: u32 = 1;\nconst F: u32 = 1;"
        );
        let sources = sources_of(&text);
        assert!(sources.symbols().is_empty());
        assert_eq!(sources.symbols_with_testing(), ["strongroom_b"]);
        assert_eq!(sources.testing_items, ["strongroom_b", "Inner", "A"]);
        assert_eq!(sources.types, ["Inner", "A", "B", "G", "C"]);
        assert_eq!(sources.enums, ["C"]);
        assert_eq!(sources.constants, ["E"]);
    }
}
