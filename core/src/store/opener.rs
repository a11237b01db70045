//! Opening the boxes of a scan.

use super::error::{Damage, Step};
use super::keyring::Keyring;
use crate::crypto::sealed::{Opened, open_in_place};
use crate::crypto::{Address, Deriver, SealedBox};

/// Opens many boxes: what derives their keys is made once an epoch, not once a box. Lives for one scan.
pub(crate) struct Opener<'k> {
    keys: &'k Keyring,
    last: Option<(u32, Deriver)>,
}

impl<'k> Opener<'k> {
    pub(super) fn new(keys: &'k Keyring) -> Self {
        Self { keys, last: None }
    }

    /// Like [`Keyring::open`], in place.
    pub(crate) fn open<'b>(
        &mut self,
        address: &Address,
        sealed: &'b mut [u8],
        what: &'static str,
    ) -> Step<Opened<&'b mut [u8]>> {
        let epoch = SealedBox::parse(sealed).damage(what)?.epoch();
        let known = self.last.take().filter(|(last, _)| *last == epoch);
        let (_, deriver) = match known {
            Some(known) => self.last.insert(known),
            None => self.last.insert((epoch, Deriver::new(self.keys.epoch(epoch, what)?))),
        };
        Ok(open_in_place(sealed, deriver, address).damage(what)?)
    }
}
