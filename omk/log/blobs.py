"""Outputs out of line: what a process printed, without secrets, compressed, under a salted digest."""

from msgspec import Struct

from omk.domain.digest import digest_of
from omk.domain.event import Output
from omk.errors import Damaged

PREVIEW = 240
_LINE = 65_536
_LEVEL = 3


class Blob(Struct, frozen=True):
    """A stored output: `digest` is `b2:` + BLAKE2b-256 of salt and content, `frame` the content as one zstd frame.

    `size` counts the bytes of the content, in which secrets are cut and a line stands for what was left out.
    """

    digest: str
    salt: bytes
    size: int
    frame: bytes


def pack(head: bytes, tail: bytes, size: int, salt: bytes) -> tuple[Output, Blob]:
    """The record and the blob of an output of *size* bytes, of which *head* and *tail* were kept.

    Where something is left out, the lines that the gap tore are left out too, so that no half of a secret stays.
    """
    from omk.log.redact import cut_bytes  # its patterns are needed to write only

    left_out = size - len(head) - len(tail)
    if left_out > 0:
        head, tail = _whole_lines(head, tail)
        left_out = size - len(head) - len(tail)
        gap = b"" if head.endswith(b"\n") or not head else b"\n"
        content = b"%s%s[... %d bytes left out ...]\n%s" % (cut_bytes(head), gap, left_out, cut_bytes(tail))
    else:
        content = cut_bytes(head + tail)
    blob = Blob(_digest(salt, content), salt, len(content), _compress(content))
    return Output(digest=blob.digest, size=size, left_out=max(left_out, 0), preview=preview(content)), blob


def unpack(blob: Blob) -> bytes:
    """The content of a blob; raises Damaged `blob.unreadable` or `blob.digest`."""
    import zstandard

    try:
        content = zstandard.ZstdDecompressor().decompress(blob.frame, max_output_size=blob.size)
        digest = _digest(blob.salt, content)
    except (zstandard.ZstdError, MemoryError, OverflowError, TypeError, ValueError) as problem:
        text = f"it cannot be decompressed ({problem})."
        raise Damaged(f"output {blob.digest}", None, "blob.unreadable", text) from problem
    if digest != blob.digest:
        raise Damaged(f"output {blob.digest}", None, "blob.digest", "its content is not what was recorded.")
    return content


def preview(content: bytes) -> str:
    """The last line of *content* with a letter or a digit in it, as text, at most 240 characters.

    What a tool prints last is its verdict; what it prints first is often only a banner.
    """
    lines = content[-64 * PREVIEW :].decode("utf-8", "replace").splitlines()
    last = next((line for line in reversed(lines) if any(character.isalnum() for character in line)), "")
    return last.strip()[:PREVIEW]


def _whole_lines(head: bytes, tail: bytes) -> tuple[bytes, bytes]:
    """Both without the line that the gap between them tore; a line longer than 64 KiB stays torn."""
    end = head.rfind(b"\n", max(0, len(head) - _LINE))
    start = tail.find(b"\n", 0, _LINE)
    return head[: end + 1] if end >= 0 else head, tail[start + 1 :]


def _digest(salt: bytes, content: bytes) -> str:
    return digest_of(salt + content)


def _compress(content: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=_LEVEL).compress(content)
