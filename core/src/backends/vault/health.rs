//! How the server is. The answer needs no token and uses up no quota.

use serde::Deserialize;

use super::client::{Client, Request};
use crate::backend::{Health, HealthState};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};

impl Client {
    /// Asks the server how it is.
    pub(super) async fn health(&self, cx: &CallContext) -> Result<Health> {
        let mut request = Request::read("sys.health", "sys/health");
        request.is_global = true;
        let reply = match self.send(cx, request, None).await {
            Ok(reply) => reply,
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::InvalidConfig) => {
                return Ok(Health::unavailable(error));
            }
            Err(error) => return Err(error),
        };
        Ok(of(reply.status, &reply.body))
    }
}

/// What a server says of itself. Something else on the way may answer with the same codes.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read to know that they are there")]
struct Told {
    initialized: bool,
    sealed: bool,
}

/// What the status of `sys/health` says. These codes mean this there and nowhere else.
fn of(status: u16, body: &[u8]) -> Health {
    let works = |reason: &str| {
        let mut health = Health::ok();
        health.reason = Some(reason.to_owned());
        health
    };
    let down = |text: &'static str| {
        let error = Error::new(ErrorKind::Unavailable, text);
        Health::unavailable(error.with_foreign_code(status))
    };
    if serde_json::from_slice::<Told>(body).is_err() {
        return down(match status {
            500.. => "something on the way answers that the server is down",
            _ => "what answers is no Vault and no OpenBao",
        });
    }
    match status {
        200 => Health::ok(),
        429 => works("the node is a standby, which passes requests on"),
        473 => works("the node is a performance standby"),
        472 => down("the node is a disaster recovery secondary, which answers no requests"),
        474 => Health {
            state: HealthState::Degraded,
            ..works("the node is a standby that is cut off from the active one")
        },
        501 => down("the server is not initialised"),
        503 => down("the server is sealed"),
        530 => down("the node was removed from its cluster"),
        _ => down("the server does not say how it is"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_state_and_reason() {
        use HealthState::{Degraded, Ok, Unavailable};
        for (status, state, word) in [
            (200, Ok, ""),
            (429, Ok, "standby"),
            (473, Ok, "performance standby"),
            (472, Unavailable, "disaster"),
            (474, Degraded, "cut off"),
            (501, Unavailable, "not initialised"),
            (503, Unavailable, "sealed"),
            (530, Unavailable, "removed"),
            (500, Unavailable, "does not say"),
        ] {
            let health = of(status, br#"{"initialized":true,"sealed":false,"standby":false}"#);
            assert_eq!(health.state, state, "{status}");
            assert!(health.reason.unwrap_or_default().contains(word), "{status}");
        }
    }

    #[test]
    fn what_does_not_speak_as_a_server_is_none() {
        for (status, word) in [
            (200, "no Vault"),
            (404, "no Vault"),
            (429, "no Vault"),
            (503, "on the way"),
        ] {
            for body in ["", "<html>please log in</html>", "{}", r#"{"errors":[]}"#] {
                let health = of(status, body.as_bytes());
                assert_eq!(health.state, HealthState::Unavailable, "{status} {body}");
                assert!(health.reason.unwrap_or_default().contains(word), "{status} {body}");
            }
        }
    }
}
