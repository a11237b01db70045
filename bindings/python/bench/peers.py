"""What Python programs read secrets with, each ready to be asked without a person and without a network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

SERVICE, USER = "org/acme", "api_key"


def secret_service(value: str) -> Callable[[str, str], Any]:
    """``keyring.get_password`` over SecretStorage, in the session of D-Bus that this process runs in."""
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
        raise RuntimeError("there is no session of D-Bus; `cargo xtask bench python` starts one")
    import keyring
    from keyring.backends import SecretService

    keyring.set_keyring(SecretService.Keyring())  # type: ignore[no-untyped-call]
    keyring.set_password(SERVICE, USER, value)
    return keyring.get_password


def encrypted_file(value: str, folder: Path) -> Callable[[str, str], Any]:
    """The encrypted file of ``keyrings.alt``, unlocked."""
    from keyrings.alt.file import EncryptedKeyring  # type: ignore[import-untyped]

    ring = EncryptedKeyring()
    ring.file_path = str(folder / "keyrings.cfg")
    ring.keyring_key = "bench"
    ring.set_password(SERVICE, USER, value)
    return ring.get_password  # type: ignore[no-any-return]


def aws_cache(value: str) -> Callable[[str], Any]:
    """A hit of ``aws-secretsmanager-caching``: its client is asked once, and answers from a stub."""
    import boto3  # type: ignore[import-untyped]
    from aws_secretsmanager_caching import SecretCache  # type: ignore[import-untyped]
    from botocore.stub import Stubber  # type: ignore[import-untyped]

    arn = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:bench-AbCdEf"
    version = "00000000-0000-0000-0000-000000000000"
    client = boto3.client(
        "secretsmanager", region_name="eu-central-1", aws_access_key_id="bench", aws_secret_access_key="bench"
    )
    stub = Stubber(client)
    described = {"ARN": arn, "Name": USER, "VersionIdsToStages": {version: ["AWSCURRENT"]}}
    stub.add_response("describe_secret", described)
    answer = {"ARN": arn, "Name": USER, "VersionId": version, "SecretString": value, "VersionStages": ["AWSCURRENT"]}
    stub.add_response("get_secret_value", answer)
    stub.activate()
    cache = SecretCache(client=client)
    cache.get_secret_string(USER)
    return cache.get_secret_string  # type: ignore[no-any-return]
