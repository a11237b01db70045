//! Where the secrets of a server are and how one logs in to it, in words. Never a token.

use strongroom::Settings;

const TOKEN: &str = "vault.token";
const TOKEN_FILE: &str = "vault.token_file";
const FOUND_BY_SDK: &str = "as the AWS SDK finds it";

/// What the settings say of a backend on another machine; nothing of one on this.
pub(crate) fn lines(word: &str, app: &str, settings: &Settings) -> Vec<(&'static str, String)> {
    match word {
        "vault" => vault(app, settings),
        "aws" | "aws_sm" => aws(app, settings),
        _ => Vec::new(),
    }
}

fn vault(app: &str, settings: &Settings) -> Vec<(&'static str, String)> {
    let address = settings.text("vault.address").unwrap_or("not stated");
    let mut lines = vec![("server", address.to_owned())];
    let namespace = settings.text("vault.namespace").filter(|name| !name.is_empty());
    lines.extend(namespace.map(|name| ("namespace", name.to_owned())));
    let mount = settings.text("vault.mount").unwrap_or("secret").trim_matches('/');
    let prefix = settings.text("vault.prefix").unwrap_or(app).trim_matches('/');
    lines.push(("vault place", joined(mount, prefix)));
    lines.push(("vault login", vault_login(settings)));
    lines
}

fn vault_login(settings: &Settings) -> String {
    let method = settings.text("vault.auth").unwrap_or("token");
    if method != "token" {
        let mount = settings.text("vault.auth_mount").unwrap_or(method).trim_matches('/');
        return format!("by `{method}` at auth/{mount}");
    }
    match (settings.is_set(TOKEN), settings.text(TOKEN_FILE)) {
        (true, _) => format!("with the token of {}", settings.origin(TOKEN)),
        (false, Some(file)) => format!("with the token in {file}"),
        (false, None) => "with the token in ~/.vault-token".to_owned(),
    }
}

fn aws(app: &str, settings: &Settings) -> Vec<(&'static str, String)> {
    let stated = |setting: &str| {
        settings
            .text(setting)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let mut lines = vec![(
        "region",
        stated("aws.region").unwrap_or_else(|| FOUND_BY_SDK.to_owned()),
    )];
    lines.extend(stated("aws.endpoint").map(|endpoint| ("endpoint", endpoint)));
    let prefix = settings.text("aws.prefix").unwrap_or(app).trim_end_matches('/');
    lines.push(("aws place", joined("", prefix)));
    let login = match stated("aws.profile") {
        Some(profile) => format!("with the profile `{profile}`"),
        None => "with the credentials that the AWS SDK finds".to_owned(),
    };
    lines.push(("aws login", login));
    lines
}

/// What names begin with.
fn joined(mount: &str, prefix: &str) -> String {
    let parts = [mount, prefix].into_iter().filter(|part| !part.is_empty());
    let place: String = parts.map(|part| format!("{part}/")).collect();
    match place.is_empty() {
        true => "all names, without a prefix".to_owned(),
        false => format!("{place}*"),
    }
}
