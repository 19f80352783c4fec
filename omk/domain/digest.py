"""The one digest of omk: `b2:` + BLAKE2b-256 in 64 hex digits (RFC 7693)."""

try:
    from _blake2 import blake2b  # what `hashlib` hands out, without loading OpenSSL: 3 ms of every start
except ImportError:  # another Python than CPython
    from hashlib import blake2b

__all__ = ["blake2b", "digest_of"]


_hasher = blake2b(digest_size=32).copy
"""A fresh hasher: copying an empty one is cheaper than making one."""


def digest_of(content: bytes) -> str:
    """The digest of *content*."""
    hasher = _hasher()
    hasher.update(content)
    return "b2:" + hasher.hexdigest()
