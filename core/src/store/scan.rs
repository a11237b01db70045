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
pub(super) struct Row<'p> {
    /// Zeroes in a table without sids.
    pub(super) sid: Sid,
    /// 0 in a table without numbers.
    pub(super) number: i64,
    /// In the piece's room, for this row to do with as it likes.
    pub(super) sealed: &'p mut [u8],
}

/// Calls `each` for every row, in order. The caller has a transaction open, so that the pieces belong together. Only
/// reading happens inside the gate that a fork waits for; `each` is called outside.
pub(super) fn walk(link: &Link, cx: &CallContext, walk: &Walk, mut each: impl FnMut(Row<'_>) -> Step<()>) -> Step<()> {
    let mut last: Option<(Sid, i64)> = None;
    let mut piece = Piece::default();
    loop {
        cx.check()?;
        let more = link.inside(|connection| {
            let (sql, (sid, number)) = match last {
                None => (walk.first, ([0; 16], 0)),
                Some(last) => (walk.next, last),
            };
            piece.read(&mut *connection.prepare_cached(sql)?, sid, number)
        })?;
        let mut room = &mut piece.room[..];
        for &(sid, number, length) in &piece.rows {
            let (sealed, rest) = std::mem::take(&mut room).split_at_mut(length);
            room = rest;
            let place = (sid, number);
            // What does not ascend is not found by its key either.
            if last.is_some_and(|last| last >= place) {
                return Err(damaged("the rows of a table are out of order").into());
            }
            last = Some(place);
            each(Row { sid, number, sealed })?;
        }
        if !more {
            return Ok(());
        }
    }
}

/// The rows of a piece, their boxes one after the other in one room that all pieces use in turn.
#[derive(Default)]
struct Piece {
    /// Sid, number, and how long the box is.
    rows: Vec<(Sid, i64, usize)>,
    room: Vec<u8>,
}

impl Piece {
    /// Reads one piece; whether there may be another one.
    fn read(&mut self, statement: &mut Statement<'_>, sid: Sid, number: i64) -> Step<bool> {
        self.rows.clear();
        self.room.clear();
        let mut rows = statement.query((&sid[..], number, ROWS as i64))?;
        while let Some(row) = rows.next()? {
            let sid = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let sid = sid.try_into().map_err(|_| damaged("a row's sid has not 16 bytes"))?;
            let sealed = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
            self.room.extend_from_slice(sealed);
            self.rows.push((sid, row.get(1)?, sealed.len()));
            if self.room.len() >= BYTES {
                return Ok(true);
            }
        }
        Ok(self.rows.len() == ROWS)
    }
}
