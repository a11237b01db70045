use strongroom::backend::MetadataUpdate;
use strongroom::{GenerateSpec, Result, RollbackTo, Secret, SecretKey, SetOptions};
use strongroom_crash::rig::block_on;

use super::{Case, Expect, KEY, OTHER, Scene, Seed, announce, stage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "set",
        seed: Seed::Nothing,
        run: set,
    },
    Case {
        name: "set-if-absent",
        seed: Seed::Nothing,
        run: set_if_absent,
    },
    Case {
        name: "set-many",
        seed: Seed::Nothing,
        run: set_many,
    },
    Case {
        name: "set-api-key",
        seed: Seed::Nothing,
        run: set_api_key,
    },
    Case {
        name: "set-async",
        seed: Seed::Nothing,
        run: set_async,
    },
    Case {
        name: "set-string",
        seed: Seed::Nothing,
        run: set_string,
    },
    Case {
        name: "set-over",
        seed: Seed::Current,
        run: set_over,
    },
    Case {
        name: "update-value",
        seed: Seed::Current,
        run: update_value,
    },
    Case {
        name: "update-metadata",
        seed: Seed::Current,
        run: update_metadata,
    },
    Case {
        name: "rotate",
        seed: Seed::Current,
        run: rotate,
    },
    Case {
        name: "rotate-generated",
        seed: Seed::Current,
        run: rotate_generated,
    },
    Case {
        name: "rollback",
        seed: Seed::Former,
        run: rollback,
    },
    Case {
        name: "delete",
        seed: Seed::Current,
        run: delete,
    },
    Case {
        name: "generate-bytes",
        seed: Seed::Nothing,
        run: |scene| generate(scene, &GenerateSpec::bytes(48)),
    },
    Case {
        name: "generate-hex",
        seed: Seed::Nothing,
        run: |scene| generate(scene, &GenerateSpec::hex(24)),
    },
    Case {
        name: "generate-base64",
        seed: Seed::Nothing,
        run: |scene| generate(scene, &GenerateSpec::base64(36)),
    },
    Case {
        name: "generate-password",
        seed: Seed::Nothing,
        run: |scene| generate(scene, &GenerateSpec::password(48)),
    },
    Case {
        name: "get-or-generate-there",
        seed: Seed::Current,
        run: get_or_generate,
    },
];

fn set(scene: &Scene) -> Result<()> {
    let secret = scene.secret();
    scene.manager.set(KEY, &secret)?;
    stage("live", Expect::Found);
    Ok(())
}

fn set_if_absent(scene: &Scene) -> Result<()> {
    let secret = scene.secret();
    scene.manager.set_with(KEY, &secret, SetOptions::new().if_absent())?;
    stage("live", Expect::Found);
    Ok(())
}

fn set_many(scene: &Scene) -> Result<()> {
    let entries: Vec<(SecretKey, Secret)> = (0..3)
        .map(|index| (SecretKey::new(format!("many{index}")), scene.secret()))
        .collect();
    if let Some(error) = scene.manager.set_many(&entries)?.first_error() {
        super::say(&format!("error {}", error.message()));
    }
    stage("live", Expect::Found);
    Ok(())
}

/// The value goes in and is the library's: nothing of it is left as soon as the call is over.
fn set_api_key(scene: &Scene) -> Result<()> {
    let value = scene.value();
    stage("live", Expect::Found);
    scene.manager.set_api_key(KEY, value, Some("openai"))?;
    stage("written", Expect::Nothing);
    Ok(())
}

fn set_async(scene: &Scene) -> Result<()> {
    let manager = scene.manager.to_async();
    let secret = scene.secret();
    block_on(manager.set(KEY, &secret))?;
    stage("live", Expect::Found);
    Ok(())
}

/// A `String` with spare capacity, as a program would hand it over.
fn set_string(scene: &Scene) -> Result<()> {
    let mut text = String::with_capacity(200);
    text.extend(crate::canary::unmasked(&scene.masked).map(char::from));
    let secret = Secret::new(text);
    stage("live", Expect::Found);
    scene.manager.set(KEY, &secret)?;
    Ok(())
}

/// The canary is what is overwritten.
fn set_over(scene: &Scene) -> Result<()> {
    scene.manager.set(KEY, &Secret::new(OTHER))?;
    stage("written", Expect::Nothing);
    Ok(())
}

fn update_value(scene: &Scene) -> Result<()> {
    let value = scene.value();
    stage("live", Expect::Found);
    scene.manager.update_value(KEY, value)?;
    stage("written", Expect::Nothing);
    Ok(())
}

fn update_metadata(scene: &Scene) -> Result<()> {
    scene
        .manager
        .update_metadata(KEY, &MetadataUpdate::new().provider("openai"))?;
    stage("written", Expect::Nothing);
    Ok(())
}

fn rotate(scene: &Scene) -> Result<()> {
    let value = scene.value();
    stage("live", Expect::Found);
    scene.manager.rotate(KEY, value)?;
    stage("written", Expect::Nothing);
    Ok(())
}

fn rotate_generated(scene: &Scene) -> Result<()> {
    scene.manager.rotate(KEY, GenerateSpec::hex(24))?;
    let secret = scene.manager.get(KEY)?;
    announce(secret.as_ref().map(|secret| secret.value.expose()).unwrap_or_default());
    stage("live", Expect::Found);
    Ok(())
}

fn rollback(scene: &Scene) -> Result<()> {
    scene.manager.rollback(KEY, RollbackTo::back(1))?;
    stage("written", Expect::Nothing);
    Ok(())
}

fn delete(scene: &Scene) -> Result<()> {
    scene.manager.delete(KEY)?;
    stage("written", Expect::Nothing);
    Ok(())
}

fn generate(scene: &Scene, spec: &GenerateSpec) -> Result<()> {
    let secret = scene.manager.get_or_generate(KEY, spec)?;
    announce(secret.value.expose());
    stage("live", Expect::Found);
    Ok(())
}

fn get_or_generate(scene: &Scene) -> Result<()> {
    let secret = scene.manager.get_or_generate(KEY, &GenerateSpec::hex(24))?;
    stage("live", Expect::Found);
    drop(secret);
    Ok(())
}
