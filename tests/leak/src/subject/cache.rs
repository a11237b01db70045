//! With the cache on (one entry, so that the next value drives the canary out).

use std::time::Duration;

use strongroom::{Lookup, Result, Secret, SecretMetadata, UpdateOptions};
use time::OffsetDateTime;

use super::{Case, Expect, KEY, OTHER, Scene, Seed, stage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "cache-lock",
        seed: Seed::Current,
        run: locked,
    },
    Case {
        name: "cache-close",
        seed: Seed::Current,
        run: closed,
    },
    Case {
        name: "cache-evict",
        seed: Seed::Current,
        run: evicted,
    },
    Case {
        name: "cache-replace",
        seed: Seed::Current,
        run: replaced,
    },
    Case {
        name: "cache-delete",
        seed: Seed::Current,
        run: deleted,
    },
    Case {
        name: "cache-expire",
        seed: Seed::Current,
        run: expired,
    },
    Case {
        name: "cache-set",
        seed: Seed::Nothing,
        run: set,
    },
    Case {
        name: "cache-visitor",
        seed: Seed::Current,
        run: visited,
    },
];

/// Reads until the value comes from the cache, and drops what was read.
fn warm(scene: &Scene) -> Result<()> {
    for _ in 0..3 {
        drop(scene.manager.get(KEY)?);
    }
    if !matches!(scene.manager.try_cached(KEY, <[u8]>::len), Lookup::Hit(_)) {
        super::say("error the value is not cached");
    }
    stage("cached", Expect::Found);
    Ok(())
}

fn locked(scene: &Scene) -> Result<()> {
    warm(scene)?;
    scene.manager.lock()
}

fn closed(scene: &Scene) -> Result<()> {
    warm(scene)?;
    scene.manager.close()
}

fn evicted(scene: &Scene) -> Result<()> {
    warm(scene)?;
    for index in 0..3 {
        scene
            .manager
            .set(format!("app/leak/other{index}"), &Secret::new(OTHER))?;
        drop(scene.manager.get(format!("app/leak/other{index}"))?);
    }
    Ok(())
}

fn replaced(scene: &Scene) -> Result<()> {
    warm(scene)?;
    scene.manager.set(KEY, &Secret::new(OTHER))?;
    drop(scene.manager.get(KEY)?);
    Ok(())
}

fn deleted(scene: &Scene) -> Result<()> {
    warm(scene)?;
    scene.manager.delete(KEY)
}

/// After its expiry the value goes with the next write or check.
fn expired(scene: &Scene) -> Result<()> {
    let expiry = OffsetDateTime::now_utc() + Duration::from_millis(400);
    scene
        .manager
        .update_value_with(KEY, scene.value(), UpdateOptions::new().expires_at(expiry))?;
    warm(scene)?;
    // The library's clock is the kernel's coarse one, which lags by up to a tick.
    while OffsetDateTime::now_utc() <= expiry + Duration::from_millis(20) {
        std::thread::sleep(Duration::from_millis(20));
    }
    if scene.manager.get(KEY).is_ok() {
        super::say("error an expired value was read");
    }
    scene.manager.set("app/leak/other", &Secret::new(OTHER)).map(drop)
}

fn set(scene: &Scene) -> Result<()> {
    let mut secret = scene.secret();
    secret.metadata = SecretMetadata::new().with_provider("openai");
    scene.manager.set(KEY, &secret)?;
    drop(secret);
    warm(scene)?;
    scene.manager.lock()
}

fn visited(scene: &Scene) -> Result<()> {
    warm(scene)?;
    let sum = scene
        .manager
        .try_cached(KEY, |bytes| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>());
    std::hint::black_box(sum);
    scene.manager.lock()
}
