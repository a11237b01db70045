"""Fernet tokens, which Python's ``cryptography`` and its like read and write too.

Keys are one text, ``new,old`` where there are several, or a list of them: the first one writes, all of them read. A key
is what :func:`generate_key` gives, or any that ``cryptography.fernet.Fernet.generate_key`` gave.

>>> from strongroom import fernet
>>> old = fernet.generate_key()
>>> token = fernet.encrypt(old, "s3cret")
>>> new = fernet.generate_key()
>>> token = fernet.rotate([new, old], token)
>>> fernet.decrypt(new, token).reveal()
's3cret'

Every function raises ``InvalidArgument`` where one of the keys is none. No error carries a key or a value.
"""

from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta
    from typing import Union

    from typing_extensions import Buffer

    from ._native import Secret

    Text = Union[str, Buffer, Secret]
    Keys = Union[Text, Iterable[Text]]

__all__ = ["decrypt", "encrypt", "generate_key", "rotate", "timestamp"]


def generate_key() -> Secret:
    """Make a new random key: 44 characters, url-safe base64.

    >>> len(fernet.generate_key().reveal())
    44
    """
    return _native.fernet_generate()


def encrypt(keys: Keys, value: Text) -> str:
    """Make a token of a value with the first key. Raises ``TooLarge``.

    >>> key = fernet.generate_key()
    >>> fernet.encrypt(key, "s3cret").startswith("gAAAA")
    True
    """
    return _native.fernet_encrypt(keys, value)


def decrypt(keys: Keys, token: Text, ttl: Union[float, timedelta, None] = None) -> Secret:
    """Read the value of a token that one of the keys made.

    With ``ttl``, in seconds or as a ``timedelta``, only where the token is no older and is not of the future; without,
    its age does not count.

    Raises ``InvalidValue`` where this is no token, ``WrongKey`` where none of the keys made it or it was changed,
    ``Expired`` where it is older than ``ttl``.

    >>> key = fernet.generate_key()
    >>> fernet.decrypt(key, fernet.encrypt(key, "s3cret"), ttl=60).reveal()
    's3cret'
    """
    return _native.fernet_decrypt(keys, token, ttl)


def rotate(keys: Keys, token: Text) -> str:
    """Make a token of the first key with the value and the time of another: its age stays what it was.

    Raises what :func:`decrypt` raises without a ``ttl``.

    >>> old, new = fernet.generate_key(), fernet.generate_key()
    >>> token = fernet.rotate([new, old], fernet.encrypt(old, "s3cret"))
    >>> fernet.decrypt(new, token).reveal()
    's3cret'
    """
    return _native.fernet_rotate(keys, token)


def timestamp(keys: Keys, token: Text) -> datetime:
    """Tell when a token was made, to the second.

    Raises what :func:`decrypt` raises without a ``ttl``: a time that no key vouches for is not told.

    >>> key = fernet.generate_key()
    >>> fernet.timestamp(key, fernet.encrypt(key, "s3cret")).tzinfo
    datetime.timezone.utc
    """
    return _native.fernet_timestamp(keys, token)
