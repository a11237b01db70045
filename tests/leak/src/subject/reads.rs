use strongroom::{GetOptions, ListOptions, Result, SecretKey, SecretScope};
use strongroom_crash::rig::block_on;

use super::{Case, Expect, KEY, Scene, Seed, stage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "get",
        seed: Seed::Current,
        run: get,
    },
    Case {
        name: "get-async",
        seed: Seed::Current,
        run: get_async,
    },
    Case {
        name: "get-threads",
        seed: Seed::Current,
        run: get_threads,
    },
    Case {
        name: "get-expired-allowed",
        seed: Seed::Current,
        run: get_with,
    },
    Case {
        name: "get-value",
        seed: Seed::Current,
        run: get_value,
    },
    Case {
        name: "get-into",
        seed: Seed::Current,
        run: get_into,
    },
    Case {
        name: "get-version",
        seed: Seed::Former,
        run: get_version,
    },
    Case {
        name: "get-many",
        seed: Seed::Current,
        run: get_many,
    },
    Case {
        name: "get-with-fallback",
        seed: Seed::Current,
        run: get_with_fallback,
    },
    Case {
        name: "exists",
        seed: Seed::Current,
        run: exists,
    },
    Case {
        name: "describe",
        seed: Seed::Current,
        run: describe,
    },
    Case {
        name: "list-all",
        seed: Seed::Current,
        run: list,
    },
    Case {
        name: "versions",
        seed: Seed::Current,
        run: versions,
    },
    Case {
        name: "verify",
        seed: Seed::Current,
        run: verify,
    },
    Case {
        name: "lock",
        seed: Seed::Current,
        run: lock,
    },
];

fn get(scene: &Scene) -> Result<()> {
    let secret = scene.manager.get(KEY)?;
    stage("live", Expect::Found);
    drop(secret);
    Ok(())
}

fn get_async(scene: &Scene) -> Result<()> {
    let manager = scene.manager.to_async();
    let secret = block_on(manager.get(KEY))?;
    stage("live", Expect::Found);
    drop(secret);
    Ok(())
}

/// Reads on threads that have ended when the scan looks: their stacks may still be mapped.
fn get_threads(scene: &Scene) -> Result<()> {
    let secrets: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| scene.manager.get(KEY))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    stage("live", Expect::Found);
    drop(secrets);
    Ok(())
}

fn get_with(scene: &Scene) -> Result<()> {
    let secret = scene.manager.get_with(KEY, GetOptions::new().include_expired())?;
    stage("live", Expect::Found);
    drop(secret);
    Ok(())
}

fn get_value(scene: &Scene) -> Result<()> {
    let text = scene.manager.get_value(KEY)?;
    stage("live", Expect::Found);
    drop(text);
    Ok(())
}

/// The buffer is the caller's, who wipes it.
fn get_into(scene: &Scene) -> Result<()> {
    let mut buffer = vec![0; 100];
    scene.manager.get_into(KEY, &mut buffer)?;
    stage("live", Expect::Found);
    buffer.fill(0);
    std::hint::black_box(&mut buffer);
    stage("buffer wiped", Expect::Nothing);
    Ok(())
}

fn get_version(scene: &Scene) -> Result<()> {
    let versions = scene.manager.versions(KEY)?;
    let former = versions
        .iter()
        .find(|entry| !entry.current)
        .map(|entry| entry.version.clone());
    let secret = former
        .map(|version| scene.manager.get_version(KEY, &version))
        .transpose()?;
    stage("live", Expect::Found);
    drop(secret);
    Ok(())
}

fn get_many(scene: &Scene) -> Result<()> {
    let secrets = scene.manager.get_many(&[KEY, "app/leak/absent"])?;
    stage("live", Expect::Found);
    drop(secrets);
    Ok(())
}

fn get_with_fallback(scene: &Scene) -> Result<()> {
    let scopes = [
        SecretScope::org("acme"),
        SecretScope::app("leak"),
        SecretScope::global(),
    ];
    let secret = scene.manager.get_with_fallback("value", &scopes)?;
    stage("live", Expect::Found);
    drop(secret);
    Ok(())
}

fn exists(scene: &Scene) -> Result<()> {
    scene.manager.exists(KEY)?;
    stage("asked", Expect::Nothing);
    Ok(())
}

fn describe(scene: &Scene) -> Result<()> {
    let description = scene.manager.describe(SecretKey::parse(KEY)?)?;
    stage("asked", Expect::Nothing);
    drop(description);
    Ok(())
}

fn list(scene: &Scene) -> Result<()> {
    let page = scene.manager.list(ListOptions::new().full_metadata())?;
    stage("asked", Expect::Nothing);
    drop(page);
    Ok(())
}

fn versions(scene: &Scene) -> Result<()> {
    let versions = scene.manager.versions(KEY)?;
    stage("asked", Expect::Nothing);
    drop(versions);
    Ok(())
}

fn verify(scene: &Scene) -> Result<()> {
    scene.manager.verify()?;
    stage("verified", Expect::Nothing);
    Ok(())
}

/// What a caller holds stays the caller's; then it goes, and the next use unlocks.
fn lock(scene: &Scene) -> Result<()> {
    let secret = scene.manager.get(KEY)?;
    scene.manager.lock()?;
    stage("live", Expect::Found);
    drop(secret);
    stage("locked", Expect::Nothing);
    let again = scene.manager.get(KEY)?;
    stage("live again", Expect::Found);
    drop(again);
    Ok(())
}
