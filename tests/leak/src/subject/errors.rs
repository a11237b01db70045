//! Calls that fail with the canary in hand.

use std::time::Duration;

use strongroom::{CancellationToken, Error, ErrorKind, Result, Secret, SecretMetadata, SetOptions, Version};
use time::OffsetDateTime;

use super::{Case, Expect, KEY, OTHER, Scene, Seed, stage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "too-large",
        seed: Seed::Nothing,
        run: too_large,
    },
    Case {
        name: "there-already",
        seed: Seed::Current,
        run: there_already,
    },
    Case {
        name: "conflict",
        seed: Seed::Current,
        run: conflict,
    },
    Case {
        name: "invalid-key",
        seed: Seed::Nothing,
        run: invalid_key,
    },
    Case {
        name: "update-not-found",
        seed: Seed::Nothing,
        run: update_not_found,
    },
    Case {
        name: "rotate-not-found",
        seed: Seed::Nothing,
        run: rotate_not_found,
    },
    Case {
        name: "buffer-too-small",
        seed: Seed::Current,
        run: buffer_too_small,
    },
    Case {
        name: "not-utf8",
        seed: Seed::Nothing,
        run: not_utf8,
    },
    Case {
        name: "expired",
        seed: Seed::Nothing,
        run: expired,
    },
    Case {
        name: "cancelled",
        seed: Seed::Current,
        run: cancelled,
    },
    Case {
        name: "closed",
        seed: Seed::Nothing,
        run: closed,
    },
];

/// Holds the error while the scan looks: it must not carry the value.
fn expect<T>(outcome: Result<T>, kind: ErrorKind) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == kind => {
            stage("error held", Expect::Nothing);
            drop(error);
            Ok(())
        }
        Err(error) => Err(error),
        Ok(_) => Err(Error::new(ErrorKind::Internal, "the call should have failed")),
    }
}

/// The canary at both ends of more than may be stored.
fn too_large(scene: &Scene) -> Result<()> {
    let mut bytes = Vec::with_capacity((1 << 20) + scene.masked.len());
    bytes.extend(crate::canary::unmasked(&scene.masked));
    bytes.resize(1 << 20, b'.');
    bytes.extend(crate::canary::unmasked(&scene.masked));
    let secret = Secret::new(bytes);
    stage("live", Expect::Found);
    let outcome = scene.manager.set(KEY, &secret);
    drop(secret);
    expect(outcome, ErrorKind::TooLarge)
}

fn there_already(scene: &Scene) -> Result<()> {
    let outcome = scene
        .manager
        .set_with(KEY, &scene.secret(), SetOptions::new().if_absent());
    expect(outcome, ErrorKind::Conflict)
}

fn conflict(scene: &Scene) -> Result<()> {
    let options = SetOptions::new().if_version(Version::from_number(999_999));
    let secret = scene.secret();
    stage("live", Expect::Found);
    let outcome = scene.manager.set_with(KEY, &secret, options);
    drop(secret);
    expect(outcome, ErrorKind::Conflict)
}

fn invalid_key(scene: &Scene) -> Result<()> {
    let outcome = scene.manager.set("app/leak/..", &scene.secret());
    expect(outcome, ErrorKind::InvalidKey)
}

fn update_not_found(scene: &Scene) -> Result<()> {
    let outcome = scene.manager.update_value(KEY, scene.value());
    expect(outcome, ErrorKind::NotFound)
}

fn rotate_not_found(scene: &Scene) -> Result<()> {
    let outcome = scene.manager.rotate(KEY, scene.value());
    expect(outcome, ErrorKind::NotFound)
}

fn buffer_too_small(scene: &Scene) -> Result<()> {
    let mut buffer = [0; 4];
    let outcome = scene.manager.get_into(KEY, &mut buffer);
    expect(outcome, ErrorKind::BufferTooSmall)
}

fn not_utf8(scene: &Scene) -> Result<()> {
    let mut bytes = Vec::with_capacity(scene.masked.len() / 2 + 1);
    bytes.push(0xff);
    bytes.extend(crate::canary::unmasked(&scene.masked));
    scene.manager.set(KEY, &Secret::new(bytes))?;
    let outcome = scene.manager.get_value(KEY);
    expect(outcome, ErrorKind::InvalidValue)
}

fn expired(scene: &Scene) -> Result<()> {
    let mut secret = scene.secret();
    secret.metadata = SecretMetadata::new().with_expiry(OffsetDateTime::now_utc() - Duration::from_secs(60));
    scene.manager.set(KEY, &secret)?;
    drop(secret);
    let outcome = scene.manager.get(KEY);
    expect(outcome, ErrorKind::Expired)
}

fn cancelled(scene: &Scene) -> Result<()> {
    let token = CancellationToken::new();
    let manager = scene.manager.with_cancel(token.clone());
    token.cancel();
    let secret = scene.secret();
    stage("live", Expect::Found);
    let outcome = manager.set(KEY, &secret);
    drop(secret);
    expect(outcome, ErrorKind::Cancelled)
}

fn closed(scene: &Scene) -> Result<()> {
    scene.manager.set(KEY, &Secret::new(OTHER))?;
    scene.manager.close()?;
    let outcome = scene.manager.set(KEY, &scene.secret());
    expect(outcome, ErrorKind::Closed)
}
