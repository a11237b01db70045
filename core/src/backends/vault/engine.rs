//! Calls to the KV v2 engine: with a token, once more with a new one where that was dead, and what the answers are.

use std::fmt;
use std::sync::Arc;

use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::auth::{self, Login};
use super::client::{Client, Reply, Request, Text};
use super::error::{Refusal, failed, first_version};
use super::names::{self, Names, Part, encode};
use super::stored::{self, Found, History, inner};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::sys::fork::ForkCell;

/// Room in a reply for what stands round a value, and for a value whose every byte is written as `\u0000`.
const MAX_READ: usize = 6 * super::backend::MAX_VALUE + (64 << 10);
/// The longest list that is read: Vault answers a whole folder at once.
const MAX_LIST: usize = 64 << 20;

/// The engine at one mount, and who calls it.
pub(super) struct Engine {
    pub(super) client: Arc<Client>,
    pub(super) login: Login,
    pub(super) names: Names,
    /// Set once it is known that the mount is none of version 1. Whoever looks lets the others wait, and a child looks
    /// for itself: the one that looked in its parent does not go on there.
    probed: ForkCell<OnceCell<()>>,
}

/// What a mount is.
#[derive(Deserialize)]
struct Mount {
    #[serde(default)]
    path: String,
    #[serde(default, rename = "type")]
    kind: String,
    options: Option<MountOptions>,
}

#[derive(Deserialize)]
struct MountOptions {
    version: Option<String>,
}

impl Engine {
    pub(super) fn new(client: Client, login: Login, names: Names) -> Self {
        Self {
            client: Arc::new(client),
            login,
            names,
            probed: ForkCell::new(OnceCell::new),
        }
    }

    /// Makes a call with a token. A 403 that is answered is a policy's.
    pub(super) async fn call(&self, cx: &CallContext, request: Request<'_>) -> Result<Reply> {
        let token = self.login.token(cx, &self.client).await?;
        let reply = self.client.send(cx, request.clone(), Some(&token)).await?;
        if reply.status != 403 {
            return Ok(reply);
        }
        let token = match self.login.refused(cx, &self.client, &token).await? {
            auth::Refusal::Denied => return Ok(reply),
            auth::Refusal::Again(token) => token,
        };
        let reply = self.client.send(cx, request, Some(&token)).await?;
        if reply.status == 403 {
            self.login.check_alive(cx, &self.client, &token).await?;
        }
        Ok(reply)
    }

    /// Reads a version of what lies at a path of a mount; the current one where none is given.
    pub(super) async fn read(&self, cx: &CallContext, mount: &str, path: &str, version: Option<u64>) -> Result<Found> {
        let mut asked = names::of(mount, Part::Data, path);
        if let Some(version) = version {
            asked.push_str(&format!("?version={version}"));
        }
        let mut request = Request::read("kv.read", &asked);
        request.max_reply = MAX_READ;
        let reply = self.call(cx, request).await?;
        let found = match reply.status {
            200 => stored::item(reply)?,
            _ => match Refusal::of(&reply) {
                Refusal::Absent => stored::gone(&reply),
                refusal => return Err(refusal.error(&reply, false)),
            },
        };
        match found {
            Found::Nothing => self.doubt(cx).await?,
            // What knows versions is of version 2.
            _ if mount == self.names.mount() => drop(self.probed.get().set(())),
            _ => {}
        }
        Ok(found)
    }

    /// Reads what lies at a path of ours.
    pub(super) async fn current(&self, cx: &CallContext, path: &str) -> Result<Found> {
        self.read(cx, self.names.mount(), path, None).await
    }

    /// Reads what is known about all versions; `None` where there is nothing at all.
    pub(super) async fn history(&self, cx: &CallContext, path: &str) -> Result<Option<(History, Reply)>> {
        let asked = self.names.of(Part::Metadata, path);
        let reply = self.call(cx, Request::read("kv.metadata_read", &asked)).await?;
        if reply.status != 200 {
            return match Refusal::of(&reply) {
                Refusal::Absent => {
                    self.doubt(cx).await?;
                    Ok(None)
                }
                refusal => Err(refusal.error(&reply, false)),
            };
        }
        let text = std::str::from_utf8(&reply.body).map_err(|_| failed(false))?;
        let history = inner::<History>(text)?;
        Ok(Some((history, reply)))
    }

    /// Writes data as a new version, which is the answer. With `cas` only where that is the current one; 0 is none.
    pub(super) async fn put(&self, cx: &CallContext, path: &str, data: &str, cas: Option<u64>) -> Result<u64> {
        #[derive(Deserialize)]
        struct Written {
            version: u64,
        }
        self.probe(cx).await?;
        let options = cas.map_or(String::new(), |cas| format!("\"options\":{{\"cas\":{cas}}},"));
        let mut text = Zeroizing::new(Vec::with_capacity(options.len() + data.len() + 16));
        for part in ["{", &options, "\"data\":", data, "}"] {
            text.extend_from_slice(part.as_bytes());
        }
        let asked = self.names.of(Part::Data, path);
        let request = Request::write("kv.write", Method::POST, &asked, Some(Text::new(text)));
        let reply = self.call(cx, request).await?;
        match reply.status {
            200 => {}
            204 => return Err(first_version()),
            _ => return Err(Refusal::of(&reply).error(&reply, true)),
        }
        let text = std::str::from_utf8(&reply.body).unwrap_or_default();
        inner::<Written>(text)
            .map(|written| written.version)
            .map_err(|_| failed(true))
    }

    /// Makes a change that has no answer but that it was made.
    pub(super) async fn change(
        &self,
        cx: &CallContext,
        name: &'static str,
        method: Method,
        asked: &str,
        text: Option<String>,
    ) -> Result<()> {
        self.probe(cx).await?;
        let text = text.map(|text| Text::new(Zeroizing::new(text.into_bytes())));
        let reply = self.call(cx, Request::write(name, method, asked, text)).await?;
        match reply.status {
            204 => Ok(()),
            // With warnings. What is no JSON comes from something else on the way.
            200 if serde_json::from_slice::<IgnoredAny>(&reply.body).is_ok() => Ok(()),
            _ => Err(Refusal::of(&reply).error(&reply, true)),
        }
    }

    /// The names in a folder, a folder's own with `/` at its end. `page` is a part of it: those after a name, at most so
    /// many, where the server knows pages; all of them where it does not.
    pub(super) async fn children(&self, cx: &CallContext, folder: &str, page: (&str, usize)) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Keys {
            #[serde(default)]
            keys: Vec<String>,
        }
        let (after, limit) = page;
        let mut asked = self.names.of(Part::Metadata, folder);
        asked.push_str(&format!("?list=true&limit={limit}"));
        if !after.is_empty() {
            asked.push_str("&after=");
            asked.push_str(&encode(after).replace('/', "%2F"));
        }
        let mut request = Request::read("kv.list", &asked);
        request.max_reply = MAX_LIST;
        let reply = self.call(cx, request).await?;
        if reply.status != 200 {
            return match Refusal::of(&reply) {
                Refusal::Absent => {
                    self.doubt(cx).await?;
                    Ok(Vec::new())
                }
                refusal => Err(refusal.error(&reply, false)),
            };
        }
        let text = std::str::from_utf8(&reply.body).map_err(|_| failed(false))?;
        let keys = inner::<Keys>(text)?.keys;
        if keys.is_empty() {
            // A mount of version 1 answers so to what it does not know.
            self.doubt(cx).await?;
        }
        Ok(keys)
    }

    /// The mount that a path, written with it, is in, and the rest of the path.
    pub(super) async fn split(&self, cx: &CallContext, whole: &str) -> Result<(String, String)> {
        let mount = match self.mount(cx, whole).await? {
            Some(mount) if mount.is_first_version() => return Err(first_version()),
            Some(mount) => mount.path.trim_end_matches('/').to_owned(),
            None => String::new(),
        };
        let rest = whole.strip_prefix(&mount).and_then(|rest| rest.strip_prefix('/'));
        match (mount.is_empty(), rest, whole.split_once('/')) {
            (false, Some(rest), _) => Ok((mount.clone(), rest.to_owned())),
            // A token that may not ask for mounts may read all the same.
            (_, _, Some((mount, rest))) => Ok((mount.to_owned(), rest.to_owned())),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                "the path names a mount and nothing in it",
            )),
        }
    }

    /// Looks at the mount before the first write: one of version 1 would take the write and keep something else.
    async fn probe(&self, cx: &CallContext) -> Result<()> {
        let look = || async {
            match self.mount(cx, self.names.mount()).await? {
                Some(mount) if mount.is_first_version() => Err(first_version()),
                _ => Ok(()),
            }
        };
        self.probed.get().get_or_try_init(look).await.copied()
    }

    /// Looks at the mount, once, where nothing was found: on one of version 1 nothing of ours ever is.
    async fn doubt(&self, cx: &CallContext) -> Result<()> {
        match self.probe(cx).await {
            Err(error) if error.kind() == ErrorKind::InvalidConfig => Err(error),
            // That nothing was found stays true.
            _ => Ok(()),
        }
    }

    /// What the server says of the mount that a path is in; `None` where it does not say.
    async fn mount(&self, cx: &CallContext, path: &str) -> Result<Option<Mount>> {
        let asked = format!("sys/internal/ui/mounts/{}", encode(path));
        let reply = self.call(cx, Request::read("sys.mounts", &asked)).await?;
        if reply.status != 200 {
            return Ok(None);
        }
        let text = std::str::from_utf8(&reply.body).unwrap_or_default();
        Ok(inner::<Mount>(text).ok())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("client", &self.client)
            .field("login", &self.login)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl Mount {
    /// A KV engine without a version is one of the first.
    fn is_first_version(&self) -> bool {
        let version = self.options.as_ref().and_then(|options| options.version.as_deref());
        matches!(self.kind.as_str(), "kv" | "generic") && version != Some("2")
    }
}
