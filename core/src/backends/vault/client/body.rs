//! What is sent, and whether it has been: the memory is wiped, and a write that nobody took can be withdrawn.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use zeroize::Zeroizing;

/// The text of a request; its memory is wiped when the last holder is gone.
#[derive(Clone)]
pub(in super::super) struct Text(Arc<Zeroizing<Vec<u8>>>);

impl Text {
    pub(in super::super) fn new(text: Zeroizing<Vec<u8>>) -> Self {
        Self(Arc::new(text))
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const WITHDRAWN: u8 = 2;

/// Whether a request is on its way.
#[derive(Clone, Debug)]
pub(super) struct Sending(Arc<AtomicU8>);

impl Sending {
    /// A request without a text shows nobody when it is taken, and counts as taken at once.
    pub(super) fn new(has_text: bool) -> Self {
        Self(Arc::new(AtomicU8::new(if has_text { WAITING } else { TAKEN })))
    }

    /// Takes the request back; `false` where it is on its way already.
    pub(super) fn withdraw(&self) -> bool {
        self.step(WITHDRAWN) != TAKEN
    }

    fn take(&self) -> bool {
        self.step(TAKEN) != WITHDRAWN
    }

    /// The state that counts: the first one after waiting.
    fn step(&self, to: u8) -> u8 {
        match self
            .0
            .compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => to,
            Err(state) => state,
        }
    }
}

/// The text as the connection takes it.
pub(super) struct Outgoing {
    text: Option<Text>,
    sending: Sending,
}

impl Outgoing {
    pub(super) fn new(text: Text, sending: Sending) -> Self {
        Self {
            text: Some(text),
            sending,
        }
    }
}

/// The request was withdrawn before it was taken.
#[derive(Debug)]
pub(super) struct Withdrawn;

impl std::fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request was withdrawn")
    }
}

impl std::error::Error for Withdrawn {}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Withdrawn;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Withdrawn>>> {
        let Some(text) = self.text.take() else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match self.sending.take() {
            true => Ok(Frame::data(Bytes::from_owner(text))),
            false => Err(Withdrawn),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.text.as_ref().map_or(0, |text| text.as_ref().len() as u64))
    }
}
