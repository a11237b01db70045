//! A server whose answers are a script.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use crate::http::{Reply, Request};
use crate::proxy::{Proxy, Server};

/// A scripted HTTP server. It has what a [`Proxy`] has: faults, and a record of the requests.
#[derive(Debug)]
pub struct Stub {
    proxy: Proxy,
    replies: Arc<Mutex<VecDeque<Reply>>>,
}

impl Stub {
    /// Answers with these replies, one after the other; when there are none left, with 599.
    pub fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
        let left = Arc::clone(&replies);
        let mut stub = Self::with(move |_| left.lock().unwrap().pop_front().unwrap_or_else(|| Reply::new(599)));
        stub.replies = replies;
        stub
    }

    /// Answers with what `answer` makes of a request.
    pub fn with(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            proxy: Proxy::over(Box::new(Answers(Box::new(answer)))),
            replies: Arc::default(),
        }
    }

    /// Adds a reply to those that [`start`](Self::start) was given.
    pub fn push(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }
}

impl Deref for Stub {
    type Target = Proxy;

    fn deref(&self) -> &Proxy {
        &self.proxy
    }
}

struct Answers(Box<dyn Fn(&Request) -> Reply + Send + Sync>);

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

impl Server for Answers {
    fn reply(&self, request: &Request) -> io::Result<Reply> {
        Ok((self.0)(request))
    }
}
