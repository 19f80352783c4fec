"""Outputs: what a process printed, kept without its secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from omk.errors import Damaged
from omk.log.blobs import pack, unpack

SALT = b"s" * 16


@given(st.binary(max_size=500))
def test_an_output_comes_back_without_its_secrets(content):
    output, blob = pack(content + b"\npassword=hunter2\n", b"", len(content) + 18, SALT)
    assert unpack(blob).endswith(b"\npassword=[REDACTED]\n")
    assert (output.digest, output.left_out, output.size) == (blob.digest, 0, len(content) + 18)
    assert blob.size == len(unpack(blob))
    assert len(output.preview) <= 240


def test_the_middle_of_a_long_output_is_left_out_by_whole_lines():
    output, blob = pack(b"first\ntoken=ab", b"cdef\nlast\n", 1_000, SALT)
    assert unpack(blob) == b"first\n[... 989 bytes left out ...]\nlast\n"
    assert output.left_out == 989


def test_a_line_without_an_end_is_cut_where_it_was_cut():
    _, blob = pack(b"aaaa", b"bbbb", 100, SALT)
    assert unpack(blob) == b"aaaa\n[... 92 bytes left out ...]\nbbbb"


def test_a_preview_is_the_last_line_that_says_something():
    content = b"one\n  \xff two  \n\n  ^^^^\n"
    output, _ = pack(content, b"", len(content), SALT)
    assert output.preview == "\ufffd two"


def test_a_preview_has_at_most_240_characters():
    output, _ = pack(b"x" * 500, b"", 500, SALT)
    assert output.preview == "x" * 240


def test_equal_outputs_have_different_names_under_different_salts():
    assert pack(b"ok", b"", 2, SALT)[0].digest != pack(b"ok", b"", 2, b"t" * 16)[0].digest


@pytest.mark.parametrize("change", [{"frame": b"junk"}, {"salt": b"t"}, {"digest": "b2:" + "0" * 64}, {"size": 0}])
def test_a_changed_output_is_damage(change):
    _, blob = pack(b"hello" * 99, b"", 495, SALT)
    if change == {"size": 0}:
        change = {"frame": blob.frame[:-3]}
    with pytest.raises(Damaged):
        unpack(replace(blob, **change))
