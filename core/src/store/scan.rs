//! Walking through a whole table in pieces: a fork waits for one piece at most, never for a big table.

use rusqlite::Statement;

use super::error::{Step, damaged};
use super::link::Link;
use crate::context::CallContext;
use crate::crypto::Sid;

/// The most rows of a piece.
const ROWS: usize = 500;
/// The bytes after which a piece takes no further row.
const BYTES: usize = 256 << 10;

/// A table and the order of its rows.
pub(super) struct Walk {
    /// The first row on.
    first: &'static str,
    /// The rows after `?1` (a sid) and `?2` (a number).
    next: &'static str,
}

pub(super) const HEADS: Walk = Walk {
    first: "SELECT sid, 0, box FROM head ORDER BY sid LIMIT ?3",
    next: "SELECT sid, 0, box FROM head WHERE sid > ?1 ORDER BY sid LIMIT ?3",
};
pub(super) const VERSIONS: Walk = Walk {
    first: "SELECT sid, v, box FROM ver ORDER BY sid, v LIMIT ?3",
    next: "SELECT sid, v, box FROM ver WHERE (sid, v) > (?1, ?2) ORDER BY sid, v LIMIT ?3",
};
pub(super) const RECORDS: Walk = Walk {
    first: "SELECT zeroblob(16), seq, box FROM journal ORDER BY seq LIMIT ?3",
    next: "SELECT zeroblob(16), seq, box FROM journal WHERE seq > ?2 ORDER BY seq LIMIT ?3",
};

/// A row as it stands in the file.
pub(super) struct Row {
    /// Zeroes in a table without sids.
    pub(super) sid: Sid,
    /// 0 in a table without numbers.
    pub(super) number: i64,
    pub(super) sealed: Vec<u8>,
}

/// Calls `each` for every row, in order. The caller has a transaction open, so that the pieces belong together. Only
/// reading happens inside the gate that a fork waits for; `each` is called outside.
pub(super) fn walk(link: &Link, cx: &CallContext, walk: &Walk, mut each: impl FnMut(Row) -> Step<()>) -> Step<()> {
    let mut last: Option<(Sid, i64)> = None;
    loop {
        cx.check()?;
        let (piece, more) = link.inside(|connection| {
            let (sql, (sid, number)) = match last {
                None => (walk.first, ([0; 16], 0)),
                Some(last) => (walk.next, last),
            };
            read(&mut *connection.prepare_cached(sql)?, sid, number)
        })?;
        for row in piece {
            let place = (row.sid, row.number);
            // What does not ascend is not found by its key either.
            if last.is_some_and(|last| last >= place) {
                return Err(damaged("the rows of a table are out of order").into());
            }
            last = Some(place);
            each(row)?;
        }
        if !more {
            return Ok(());
        }
    }
}

/// One piece, and whether there may be another one.
fn read(statement: &mut Statement<'_>, sid: Sid, number: i64) -> Step<(Vec<Row>, bool)> {
    let mut rows = statement.query((&sid[..], number, ROWS as i64))?;
    let mut piece = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let sid = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let sealed = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?.to_vec();
        bytes += sealed.len();
        piece.push(Row {
            sid: sid.try_into().map_err(|_| damaged("a row's sid has not 16 bytes"))?,
            number: row.get(1)?,
            sealed,
        });
        if bytes >= BYTES {
            return Ok((piece, true));
        }
    }
    let more = piece.len() == ROWS;
    Ok((piece, more))
}
