//! Reading one secret: its current or a former version, its description, its versions.

use rusqlite::Connection;

use super::error::{Damage, Step, damaged};
use super::records::{Head, HeadGlance, Ver};
use super::session::Session;
use super::wait::Wait;
use crate::backend::VersionEntry;
use crate::crypto::Sid;
use crate::error::{Error, Result};
use crate::key::SecretKey;
use crate::secret::{Secret, SecretMetadata, Version};
use crate::timestamp::from_micros;

/// Head and newest version in one statement, so that both are of one snapshot.
const NEWEST: &str = "SELECT 0, box FROM head WHERE sid = ?1 \
     UNION ALL SELECT v, box FROM (SELECT v, box FROM ver WHERE sid = ?1 ORDER BY v DESC LIMIT 1)";
/// Head and one version.
const EXACT: &str = "SELECT 0, box FROM head WHERE sid = ?1 \
     UNION ALL SELECT v, box FROM ver WHERE sid = ?1 AND v = ?2";

/// Head and version as they stand in the file.
#[derive(Default)]
struct Rows {
    head: Option<Vec<u8>>,
    version: Option<(u64, Vec<u8>)>,
}

/// Reads a secret. `None` where there is none, or not this version of it.
pub(crate) fn get(
    session: &Session,
    key: &SecretKey,
    version: Option<&Version>,
    wait: &mut Wait<'_>,
) -> Step<Option<Secret>> {
    let sid = session.keys.sid(key);
    match version {
        None => {
            let rows = session.shared.read(wait, |link| {
                link.inside(|connection| rows(connection, NEWEST, &sid, None))
            })?;
            newest(session, key, sid, rows).map_err(|halt| halt.with_key(key))
        }
        Some(version) => {
            let Some(number) = canonical(version) else {
                return Ok(None);
            };
            let rows = session.shared.read(wait, |link| {
                link.inside(|connection| rows(connection, EXACT, &sid, Some(number)))
            })?;
            exact(session, key, sid, number, rows).map_err(|halt| halt.with_key(key))
        }
    }
}

/// The number of a version of this store; `None` where the word is none, or spelled in another way.
pub(super) fn canonical(version: &Version) -> Option<u64> {
    let number = version.number()?;
    let (word, least) = (version.as_str(), i64::MAX.unsigned_abs());
    (number <= least && !word.starts_with('+') && (word == "0" || !word.starts_with('0'))).then_some(number)
}

fn rows(connection: &Connection, sql: &str, sid: &Sid, version: Option<u64>) -> Step<Rows> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = match version {
        None => statement.query([&sid[..]])?,
        Some(version) => statement.query((&sid[..], version as i64))?,
    };
    let mut found = Rows::default();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let sealed = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?.to_vec();
        match u64::try_from(number) {
            Ok(0) => found.head = Some(sealed),
            Ok(number) => found.version = Some((number, sealed)),
            Err(_) => return Err(damaged("a version has no number").into()),
        }
    }
    Ok(found)
}

fn newest(session: &Session, key: &SecretKey, sid: Sid, rows: Rows) -> Step<Option<Secret>> {
    let (head, number, version) = match (rows.head, rows.version) {
        (None, None) => return Ok(None),
        (Some(head), Some((number, version))) => (head, number, version),
        (Some(_), None) => return Err(damaged("the table `ver` lacks the current version of a secret").into()),
        (None, Some(_)) => return Err(damaged("the table `head` lacks the head of a secret that has versions").into()),
    };
    let head = session.keys.open(session.keys.head_address(sid), &head, "head")?;
    let head = HeadGlance::decode(&head).damage("head")?;
    check_name(head.name, key)?;
    if head.current != number {
        return Err(damaged("the newest row of the table `ver` is not the secret's current version").into());
    }
    let (created, version) = (
        head.created,
        session
            .keys
            .open(session.keys.version_address(sid, number), &version, "ver")?,
    );
    Ok(Some(secret(Ver::decode(&version).damage("ver")?, created, number)))
}

fn exact(session: &Session, key: &SecretKey, sid: Sid, number: u64, rows: Rows) -> Step<Option<Secret>> {
    let head = match rows.head {
        Some(head) => open_head(session, key, sid, &head)?,
        None if rows.version.is_none() => return Ok(None),
        None => return Err(damaged("the table `head` lacks the head of a secret that has versions").into()),
    };
    let listed = head.versions.iter().any(|row| row.v == number);
    match rows.version {
        Some((_, sealed)) if listed => {
            let version = session
                .keys
                .open(session.keys.version_address(sid, number), &sealed, "ver")?;
            Ok(Some(secret(Ver::decode(&version).damage("ver")?, head.created, number)))
        }
        None if !listed => Ok(None),
        None => Err(damaged("the table `ver` lacks a version that the secret's head lists").into()),
        Some(_) => Err(damaged("the table `ver` has a version that the secret's head does not list").into()),
    }
}

fn secret(version: Ver, created: i64, number: u64) -> Secret {
    let metadata = version.attributes.into_metadata(created, version.updated, number);
    Secret::new(version.value).with_metadata(metadata)
}

/// Opens a head's box; its name must be the key's.
pub(super) fn open_head(session: &Session, key: &SecretKey, sid: Sid, sealed: &[u8]) -> Step<Head> {
    let head = session.keys.open(session.keys.head_address(sid), sealed, "head")?;
    let head = Head::decode(&head).damage("head")?;
    check_name(&head.name, key)?;
    Ok(head)
}

fn check_name(name: &str, key: &SecretKey) -> Result<(), Error> {
    if name == key.as_str() {
        Ok(())
    } else {
        Err(damaged("a head stands under the key of another secret"))
    }
}

fn head(session: &Session, key: &SecretKey, wait: &mut Wait<'_>) -> Step<Option<Head>> {
    let sid = session.keys.sid(key);
    let sealed = session
        .shared
        .read(wait, |link| link.inside(|connection| read_head(connection, &sid)))?;
    match sealed {
        Some(sealed) => open_head(session, key, sid, &sealed)
            .map(Some)
            .map_err(|halt| halt.with_key(key)),
        None => Ok(None),
    }
}

/// Reads a head's box.
pub(super) fn read_head(connection: &Connection, sid: &Sid) -> Step<Option<Vec<u8>>> {
    let mut statement = connection.prepare_cached("SELECT box FROM head WHERE sid = ?1")?;
    let mut rows = statement.query([&sid[..]])?;
    match rows.next()? {
        Some(row) => Ok(Some(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?.to_vec())),
        None => Ok(None),
    }
}

/// Reads what is known about a secret; its value is not touched.
pub(crate) fn describe(session: &Session, key: &SecretKey, wait: &mut Wait<'_>) -> Step<Option<SecretMetadata>> {
    Ok(head(session, key, wait)?.map(Head::into_metadata))
}

/// Reads what is known about a secret or, with `version`, about that version of it.
pub(crate) fn describe_version(
    session: &Session,
    key: &SecretKey,
    version: &Version,
    wait: &mut Wait<'_>,
) -> Step<Option<SecretMetadata>> {
    Ok(get(session, key, Some(version), wait)?.map(|secret| secret.metadata))
}

/// The kept versions of a secret, newest first; `None` where there is no such secret.
pub(crate) fn versions(session: &Session, key: &SecretKey, wait: &mut Wait<'_>) -> Step<Option<Vec<VersionEntry>>> {
    let Some(head) = head(session, key, wait)? else {
        return Ok(None);
    };
    let current = head.current();
    let entries = head.versions.iter().rev().map(|row| {
        let mut entry = VersionEntry::new(Version::from_number(row.v), row.v == current);
        entry.created_at = Some(from_micros(row.at));
        entry.expires_at = row.expires.map(from_micros);
        entry
    });
    Ok(Some(entries.collect()))
}
