//! What a project's file may say, and who is asked about it.

use super::*;

#[test]
fn a_projects_file_needs_trust_for_all_but_the_names_of_keys() {
    let place = Place::new();
    for setting in SETTINGS.iter().filter(|setting| setting.key != "dotenv") {
        let [(_, text), _] = documents(setting.key, good(setting));
        let path = place.file("strongroom.toml", &text);
        let is_free = matches!(setting.key, "env.required" | "env.known");
        let found = builder().backend("memory").project_file(&path, |_, _| false).inspect();
        assert_eq!(found.untrusted.is_set(setting.key), !is_free, "{}", setting.key);
        if !is_free {
            let error = problem(found);
            assert_eq!(
                (error.kind(), error.setting()),
                (ErrorKind::PolicyDenied, Some(setting.key))
            );
            assert!(error.help().contains("strongroom config trust"));
            let told = format!("strongroom config trust {}", path.display());
            assert!(error.to_string().contains(&told), "{error}");
        }
        // What is asked about are the very bytes that are read; where nothing needs trust, nobody is asked.
        let mut asked = Vec::new();
        let trusted = |role, bytes: Option<&[u8]>| {
            asked.push((role, bytes == Some(text.as_bytes())));
            true
        };
        let found = builder().backend("memory").project_file(&path, trusted).inspect();
        assert_eq!(found.problems.len(), 0, "{:?}", found.problems);
        assert_eq!(
            asked,
            if is_free {
                vec![]
            } else {
                vec![(ConfigRole::Project, true)]
            }
        );
    }
    let path = place.file("strongroom.toml", "[secrets]\nbackend = \"memory\"\n");
    let error = builder().project_file(&path, |_, _| false).open_blocking().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PolicyDenied);
}

#[test]
fn nobody_looks_at_what_an_untrusted_project_names() {
    let place = Place::new();
    // Broken, and open to everybody: whoever reads it tells.
    let dotenv = place.file("variables", "c4nary-value\n");
    mode(&dotenv, 0o602);
    let path = place.file(
        "strongroom.toml",
        "[secrets]\ndotenv = \"variables\"\n[secrets.env]\nrequired = [\"A\"]\n",
    );
    let found = builder().backend("memory").project_file(&path, |_, _| false).inspect();
    assert!(found.files.iter().all(|file| file.role != ConfigRole::Dotenv));
    assert_eq!(found.settings.text("env.required"), Some("A"));
    assert!(found.untrusted.is_set("dotenv") && !found.settings.is_set("dotenv"));
    assert_eq!(problem(found).kind(), ErrorKind::PolicyDenied);
    // Detection does not see it either.
    let text = "[secrets.encrypted]\npath = \"elsewhere/s.strongroom\"\n";
    let found = builder()
        .project_file(place.file("strongroom.toml", text), |_, _| false)
        .inspect();
    let origin = found.settings.origin("backend").to_string();
    assert!(!origin.contains("elsewhere"), "{origin}");
}

#[test]
fn variables_that_a_projects_file_names_are_asked_about_and_have_no_more_say_than_it() {
    let place = Place::new();
    let project = place.file("strongroom.toml", "[secrets]\ndotenv = \".env\"\ncache_bytes = 7\n");
    let text = "SIDESEAT_SECRETS_CACHE_ENTRIES=5\nSIDESEAT_SECRETS_CACHE_BYTES=8\nSECRET_BACKEND=local\n";
    let named = place.file(".env", text);
    let mut asked = Vec::new();
    let found = builder()
        .project_file(&project, |role, bytes| {
            asked.push((role, bytes.map(<[u8]>::to_vec)));
            // What was asked about counts, whatever stands there later.
            if role == ConfigRole::Dotenv {
                fs::write(&named, "SIDESEAT_SECRETS_CACHE_ENTRIES=6\n").unwrap();
            }
            true
        })
        .inspect();
    assert_eq!(asked[1..], [(ConfigRole::Dotenv, Some(text.as_bytes().to_vec()))]);
    assert_eq!(found.settings.text("cache_entries"), Some("5"));
    assert_eq!(found.settings.text("cache_bytes"), Some("8"));
    assert_eq!(found.settings.text("backend"), Some("local"));
    assert!(matches!(
        found.settings.origin("cache_entries"),
        Origin::ProjectEnvironmentFile { .. }
    ));
    let explicit = place.file("explicit.toml", "[secrets]\ncache_entries = 4\n");
    let found = builder()
        .config_file(&explicit)
        .project_file(&project, |_, _| true)
        .inspect();
    assert_eq!(found.settings.text("cache_entries"), Some("4"));
    // Named by the program it counts like the environment.
    let found = builder()
        .option("dotenv", named.to_str().unwrap())
        .config_file(&explicit)
        .project_file(&project, |_, _| true)
        .inspect();
    assert_eq!(found.settings.text("cache_entries"), Some("6"));
    // The project's file is trusted, its variables are not any longer.
    let found = builder()
        .backend("memory")
        .project_file(&project, |role, _| role == ConfigRole::Project)
        .inspect();
    assert!(found.untrusted.is_set("cache_bytes") && found.untrusted.is_set("dotenv"));
    assert!(!found.settings.is_set("cache_entries"));
    let error = problem(found);
    assert_eq!(
        (error.kind(), error.setting()),
        (ErrorKind::PolicyDenied, Some("dotenv"))
    );
    assert!(
        error.to_string().contains(".env") && error.to_string().contains("strongroom.toml"),
        "{error}"
    );
    // One that is not there is asked about too.
    fs::remove_file(&named).unwrap();
    let mut absent = false;
    let found = builder().backend("memory").project_file(&project, |role, bytes| {
        absent |= role == ConfigRole::Dotenv && bytes.is_none();
        true
    });
    refused(found.inspect(), &["no file", ".env"]);
    assert!(absent);
}

#[cfg(feature = "env")]
#[test]
fn secrets_that_a_projects_file_leads_to_are_those_that_were_asked_about() {
    let place = Place::new();
    let project = place.file("strongroom.toml", "[secrets]\nbackend = \"env\"\ndotenv = \".env\"\n");
    let named = place.file(".env", "SIDESEAT_SECRET_GLOBAL_A=asked\n");
    let secrets = builder()
        .project_file(&project, |role, _| {
            if role == ConfigRole::Dotenv {
                fs::write(
                    &named,
                    "SIDESEAT_SECRET_GLOBAL_A=swapped\nSIDESEAT_SECRET_GLOBAL_B=added\n",
                )
                .unwrap();
            }
            true
        })
        .open_blocking()
        .unwrap();
    assert_eq!(secrets.get_value("A").unwrap().as_deref(), Some("asked"));
    assert_eq!(secrets.get_value("B").unwrap(), None);
}
