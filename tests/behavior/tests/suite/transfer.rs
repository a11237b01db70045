//! `export` and `import`: documents of many secrets, out of a backend and into it.

use strongroom::transfer::{ExportOptions, Format, IfExists, ImportOptions};
use strongroom::{ErrorKind, Secret};

use super::harness::fails;

fn export(env: &super::backends::Env) -> ExportOptions {
    ExportOptions::new(Format::Json).scope(env.scope())
}

tests! { "transfer";
    fn what_was_exported_is_imported_again(env) needs [write list] {
        for (name, value) in [("A", "one\ntwo"), ("B", "$2a$10$x'\"\\")] {
            env.client.set(env.key(name), &Secret::new(value)).unwrap();
        }
        let exported = env.client.export(export(env)).unwrap();
        assert_eq!(exported.exported.len(), 2);
        for name in ["A", "B"] {
            env.client.delete(env.key(name)).unwrap();
        }
        let options = ImportOptions::new(Format::Json).scope(env.scope());
        let report = env.client.import(exported.document.expose(), options).unwrap();
        assert_eq!(report.created.len(), 2);
        assert_eq!(env.client.get_value(env.key("A")).unwrap().as_deref(), Some("one\ntwo"));
        assert_eq!(env.client.get_value(env.key("B")).unwrap().as_deref(), Some("$2a$10$x'\"\\"));
    }

    fn what_is_there_is_kept_or_replaced_as_told(env) needs [write] {
        env.client.set(env.key("A"), &Secret::new("old")).unwrap();
        let import = |policy: IfExists| {
            let options = ImportOptions::new(Format::Json).scope(env.scope()).if_exists(policy);
            env.client.import(br#"{"A":"new","B":"b"}"#, options)
        };
        fails(import(IfExists::Refuse), ErrorKind::Conflict);
        assert_eq!(env.client.get_value(env.key("B")).unwrap(), None);
        import(IfExists::Skip).unwrap();
        assert_eq!(env.client.get_value(env.key("A")).unwrap().as_deref(), Some("old"));
        assert_eq!(env.client.get_value(env.key("B")).unwrap().as_deref(), Some("b"));
        import(IfExists::Replace).unwrap();
        assert_eq!(env.client.get_value(env.key("A")).unwrap().as_deref(), Some("new"));
    }

    fn without_a_list_there_is_no_export(env) lacks [list] {
        fails(env.client.export(export(env)), ErrorKind::Unsupported);
    }

    fn a_read_only_backend_imports_nothing(env) lacks [write] {
        let options = ImportOptions::new(Format::Json).scope(env.scope());
        fails(env.client.import(br#"{"A":"new"}"#, options), ErrorKind::ReadOnly);
    }
}
