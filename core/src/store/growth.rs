//! How much opening reads of a file of which nothing is authenticated yet.

use super::error::damaged;
use crate::error::Result;

/// The most rows of `keyslot` and `epoch`, and the most bytes in either: an attacker without a key must not decide how
/// much is read before the first of them is authenticated.
pub(super) const MAX_SLOTS: usize = 64;
pub(super) const MAX_EPOCHS: usize = 4_096;
const MAX_BYTES: usize = 1 << 20;

/// How a table grows while it is read.
pub(super) struct Growth {
    table: &'static str,
    left: usize,
    bytes: usize,
    last: Option<i64>,
}

impl Growth {
    pub(super) fn new(table: &'static str, rows: usize) -> Self {
        Self {
            table,
            left: rows,
            bytes: MAX_BYTES,
            last: None,
        }
    }

    /// Takes a row into account. Pages that lead in a circle show in numbers that do not ascend.
    pub(super) fn row(&mut self, number: i64, bytes: usize) -> Result<()> {
        if self.last.is_some_and(|last| last >= number) {
            return Err(damaged(format!(
                "the rows of the table `{}` are out of order",
                self.table
            )));
        }
        self.last = Some(number);
        let left = self.left.checked_sub(1).zip(self.bytes.checked_sub(bytes));
        (self.left, self.bytes) =
            left.ok_or_else(|| damaged(format!("the table `{}` has more than any store holds", self.table)))?;
        Ok(())
    }
}
