//! Which call fails how: the faults, and their text form.

use std::time::Duration;

use crate::backend::Operation;
use crate::config::parse_duration;
use crate::error::{Error, ErrorKind, Result};

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing; the call is passed on. For scripts such as "the first two calls work". Text: `pass`.
    Pass,
    /// The call waits so long, then is passed on. Text: `latency(5ms)`.
    Latency(Duration),
    /// The call is pending for so many polls, then is passed on. Text: `yield(3)`.
    Yield(u32),
    /// The call is pending until [`FaultBackend::wake`](super::FaultBackend::wake), then is passed on. Text: `hang`.
    Hang,
    /// The call blocks the backend's own worker thread until [`FaultBackend::wake`](super::FaultBackend::wake), as a
    /// call of an operating system's keystore does while nobody answers its prompt; then it is passed on from that
    /// thread. Text: `block`.
    Block,
    /// [`ErrorKind::Locked`]. Text: `locked`.
    Locked,
    /// [`ErrorKind::PermissionDenied`]. Text: `denied`.
    Denied,
    /// [`ErrorKind::RateLimited`]. Text: `throttled` or `throttled(250ms)`.
    Throttled {
        /// How long to wait, where the backend says so.
        retry_after: Option<Duration>,
    },
    /// [`ErrorKind::Unavailable`], this time. Text: `unavailable`.
    Unavailable,
    /// [`ErrorKind::Integrity`]. Text: `corrupt`.
    Corrupt,
    /// [`ErrorKind::Unavailable`] for this and every later call until
    /// [`FaultBackend::reconnect`](super::FaultBackend::reconnect). Text: `disconnect`.
    Disconnect,
    /// The call is passed on and its answer is lost: [`ErrorKind::OutcomeUnknown`]. Text: `outcome_unknown`.
    OutcomeUnknown,
    /// An error of this kind. Text: `fail(storage_full)`, by the kind's token.
    Fail(ErrorKind),
}

/// To which calls a fault applies: those of one operation (of any, where there is none), so many times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) operation: Option<Operation>,
    /// How many calls are left; every call where there is no number.
    pub(super) left: Option<u32>,
    pub(super) fault: Fault,
}

/// Rules in their order. The first one that names the call's operation and has calls left decides alone; a call that
/// no rule fits is passed on.
///
/// The text form is a list of rules, parted by `;`. A rule is `operation[*count]:fault`, where the operation is a word
/// of [`Operation`] or `*` for any, and the fault as in [`Fault`]. Spaces around the parts do not matter.
///
/// `get:hang; set*2:throttled(250ms); *:latency(5ms)` makes every `get` hang, the first two `set` fail, and everything
/// else slow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    rules: Vec<Rule>,
}

impl Script {
    /// No rules: every call is passed on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the text form; an empty text is an empty script.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidConfig`], saying at which byte of the text what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let mut rules = Vec::new();
        let mut at = 0;
        for part in text.split(';') {
            if !part.trim().is_empty() {
                let start = at + (part.len() - part.trim_start().len());
                rules.push(parse_rule(part.trim(), start)?);
            } else if !text.trim().is_empty() && at + part.len() < text.len() {
                // Only the end may be empty: `a;` is a script, `;a` and `a;;b` are slips of the pen.
                return Err(wrong(at, "a rule is empty"));
            }
            at += part.len() + 1;
        }
        Ok(Self { rules })
    }

    pub(super) fn push(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub(super) fn has_latency(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.fault, Fault::Latency(_)))
    }

    /// The fault of the next call of `operation`; uses up one of the rule's calls.
    pub(super) fn next(&mut self, operation: Operation) -> Fault {
        let rule = self
            .rules
            .iter_mut()
            .find(|rule| rule.left != Some(0) && rule.operation.is_none_or(|wanted| wanted == operation));
        rule.map_or(Fault::Pass, |rule| {
            rule.left = rule.left.map(|left| left - 1);
            rule.fault.clone()
        })
    }
}

impl std::str::FromStr for Script {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

fn wrong(at: usize, reason: &str) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("is no script: at byte {at}, {reason}"),
    )
}

fn parse_rule(text: &str, start: usize) -> Result<Rule> {
    let (calls, fault) = text.split_once(':').ok_or_else(|| wrong(start, "a rule has no `:`"))?;
    let fault_at = start + calls.len() + 1 + (fault.len() - fault.trim_start().len());
    let calls = calls.trim();
    // `*` is both the word for any operation and the sign before a count: `**2` is any operation, twice.
    let split = calls.char_indices().skip(1).find(|&(_, c)| c == '*').map(|(at, _)| at);
    let (word, left) = match split {
        Some(sign) => {
            let count = calls[sign + 1..].trim().parse().ok().filter(|&count| count > 0);
            let count = count.ok_or_else(|| wrong(start + sign + 1, "the count is no number from 1 on"))?;
            (calls[..sign].trim(), Some(count))
        }
        None => (calls, None),
    };
    let operation = match word {
        "*" => None,
        _ => Some(Operation::from_word(word).ok_or_else(|| wrong(start, "there is no such operation"))?),
    };
    Ok(Rule {
        operation,
        left,
        fault: parse_fault(fault.trim(), fault_at)?,
    })
}

fn parse_fault(text: &str, start: usize) -> Result<Fault> {
    let (word, argument) = match text.split_once('(') {
        Some((word, rest)) => {
            let argument = rest
                .strip_suffix(')')
                .ok_or_else(|| wrong(start + text.len(), "a `)` is missing"))?;
            (word, Some(argument))
        }
        None => (text, None),
    };
    let at = start + word.len() + 1;
    let span = |argument: &str| parse_duration(argument).ok_or_else(|| wrong(at, "the time span is none (`250ms`)"));
    let fault = match (word, argument) {
        ("pass", None) => Fault::Pass,
        ("latency", Some(argument)) => Fault::Latency(span(argument)?),
        ("yield", Some(argument)) => Fault::Yield(
            argument
                .parse()
                .map_err(|_| wrong(at, "the number of polls is no number"))?,
        ),
        ("hang", None) => Fault::Hang,
        ("block", None) => Fault::Block,
        ("locked", None) => Fault::Locked,
        ("denied", None) => Fault::Denied,
        ("throttled", None) => Fault::Throttled { retry_after: None },
        ("throttled", Some(argument)) => Fault::Throttled {
            retry_after: Some(span(argument)?),
        },
        ("unavailable", None) => Fault::Unavailable,
        ("corrupt", None) => Fault::Corrupt,
        ("disconnect", None) => Fault::Disconnect,
        ("outcome_unknown", None) => Fault::OutcomeUnknown,
        ("fail", Some(token)) => {
            Fault::Fail(ErrorKind::from_token(token).ok_or_else(|| wrong(at, "there is no such kind of error"))?)
        }
        ("latency" | "yield" | "fail", None) => return Err(wrong(start, "the fault needs an argument in `(…)`")),
        (
            "pass" | "hang" | "block" | "locked" | "denied" | "unavailable" | "corrupt" | "disconnect"
            | "outcome_unknown",
            Some(_),
        ) => return Err(wrong(at - 1, "the fault takes no argument")),
        _ => return Err(wrong(start, "there is no such fault")),
    };
    Ok(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_with_counts_arguments_and_spaces() {
        let mut script = Script::parse(" get:hang; set*2 : throttled(250ms);**3:yield(2);*:latency(5ms);").unwrap();
        assert_eq!(script.next(Operation::Get), Fault::Hang);
        assert_eq!(script.next(Operation::Get), Fault::Hang);
        let throttled = Fault::Throttled {
            retry_after: Some(Duration::from_millis(250)),
        };
        assert_eq!(script.next(Operation::Set), throttled);
        assert_eq!(script.next(Operation::Set), throttled);
        for _ in 0..3 {
            assert_eq!(script.next(Operation::Set), Fault::Yield(2));
        }
        assert_eq!(script.next(Operation::Set), Fault::Latency(Duration::from_millis(5)));
        assert_eq!(
            script.next(Operation::GetMany),
            Fault::Latency(Duration::from_millis(5))
        );
    }

    #[test]
    fn an_empty_script_passes_everything_on() {
        for text in ["", "  "] {
            assert_eq!(Script::parse(text).unwrap().next(Operation::Get), Fault::Pass);
        }
    }

    #[test]
    fn a_bad_script_names_the_position() {
        for (text, at) in [
            ("get", 0),
            ("get:hang;fetch:hang", 9),
            ("get:hang; set:explode", 14),
            ("get*0:hang", 4),
            ("get*x:hang", 4),
            ("get:latency", 4),
            ("get:latency(5)", 12),
            ("get:latency(5ms", 15),
            ("get:hang(1s)", 8),
            ("get:fail(nothing)", 9),
            ("get:yield(many)", 10),
            (";get:hang", 0),
            ("get:hang;;set:hang", 9),
        ] {
            let error = Script::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{text}");
            assert!(error.message().contains(&format!("at byte {at},")), "{text}: {error}");
        }
    }
}
