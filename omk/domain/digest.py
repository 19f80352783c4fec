"""The one digest of omk: `b2:` + BLAKE2b-256 in 64 hex digits (RFC 7693)."""

try:
    from _blake2 import blake2b  # what `hashlib` hands out, without loading OpenSSL: 3 ms of every start
except ImportError:  # another Python than CPython
    from hashlib import blake2b

__all__ = ["blake2b", "digest_of"]


def digest_of(content: bytes) -> str:
    """The digest of *content*."""
    return "b2:" + blake2b(content, digest_size=32).hexdigest()
