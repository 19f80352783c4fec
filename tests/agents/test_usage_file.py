"""What an agent says it spent is read line by line: nothing is lost, nothing is believed that is no report."""

import os
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.agents.usage_file import LONGEST, UsageFile
from omk.domain.values import Spent


@pytest.fixture
def path(tmp_path):
    return tmp_path / "usage.jsonl"


def append(path, text):
    with path.open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


def test_reports_add_up_as_they_come(path):
    file = UsageFile.make(path)
    append(path, '{"tokens_in": 10, "tokens_out": 2, "usd": "0.012"}\n{"tokens_cached": 5, "model": "m"}\n\n')
    file.read()
    assert file.spent == Spent(tokens_in=10, tokens_out=2, tokens_cached=5, micro_usd=12_000)
    append(path, '{"usd": 0.1}\n{}\n')
    file.read()
    assert file.spent.micro_usd == 112_000
    assert file.unread == 0


def test_a_line_without_its_end_is_read_later(path):
    file = UsageFile.make(path)
    append(path, '{"tokens_in": 1}\n{"tokens')
    file.read()
    assert file.spent.tokens == 1
    append(path, '_in": 2}\n{"tokens_in": 4}')
    file.read()
    assert file.spent.tokens == 3
    file.finish()
    assert (file.spent.tokens, file.unread) == (7, 0)


@pytest.mark.parametrize(
    "line",
    [
        "spent a lot", "[]", "null", '{"tokens_in": -1}', '{"tokens_in": 1.5}', '{"tokens_in": "7"}', '{"tokens_in": 1e400}',
        '{"usd": "NaN"}', '{"usd": "Infinity"}', '{"usd": -0.1}', '{"usd": "1e400"}', '{"usd": true}',
        '{"usd": "1_000"}', '{"usd": "\uff11"}', '{"usd": " 1 "}', '{"usd": "+1"}', '{"usd": [1]}', '{"usd": "\\u0031"}',
        '{"tokens_out": 99999999999999999999}',
        b'{"usd": "\xff"}', "[" * 5_000, '{"tokens_in": 1}' + " " * LONGEST,
    ],
)  # fmt: skip
def test_what_is_no_report_is_counted_and_the_rest_is_read(path, line):
    file = UsageFile.make(path)
    append(path, line)
    append(path, '\n{"tokens_in": 3}\n')
    file.finish()
    assert (file.unread, file.spent) == (1, Spent(tokens_in=3))
    assert len(file.odd) <= 80


def test_a_line_that_never_ends_takes_no_memory(path):
    file = UsageFile.make(path)
    append(path, b"x" * (3 << 20))
    while file.read():
        assert len(file._rest) <= LONGEST
    append(path, b'\n{"tokens_in": 3}\n')
    file.finish()
    assert (file.unread, file.spent) == (1, Spent(tokens_in=3))


def test_reports_beyond_what_a_number_can_hold_are_none(path):
    file = UsageFile.make(path)
    append(path, '{"tokens_in": 9007199254740992}\n' * 2 + '{"usd": 9007199254}\n' * 2)
    file.finish()
    assert file.unread == 2
    assert file.spent == Spent(tokens_in=2**53, micro_usd=9_007_199_254_000_000)


@given(st.lists(st.decimals(0, 1, places=9, allow_nan=False), max_size=20), st.booleans())
def test_money_is_the_exact_sum_rounded_up_once(tmp_path_factory, amounts, as_text):
    path = tmp_path_factory.mktemp("usage") / "usage.jsonl"
    file = UsageFile.make(path)
    written = (f'"{one}"' if as_text else f"{one:f}" for one in amounts)
    append(path, "".join(f'{{"usd": {one}}}\n' for one in written))
    file.finish()
    exact = sum(amounts, Decimal(0)) * 1_000_000
    assert file.spent.micro_usd == int(exact.to_integral_value("ROUND_CEILING"))
    path.unlink()


def test_the_least_amount_is_not_nothing(path):
    file = UsageFile.make(path)
    append(path, '{"usd": "1e-99999"}\n')
    file.finish()
    assert file.spent.micro_usd == 1


def test_the_file_is_private_and_what_lay_there_is_gone(path):
    path.write_text('{"tokens_in": 9}\n')
    file = UsageFile.make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    file.finish()
    assert file.spent == Spent()


def test_what_an_agent_put_in_its_place_is_not_opened(path, tmp_path):
    os.mkfifo(path)
    assert UsageFile.left(path) is None
    path.unlink()
    assert UsageFile.left(path) is None
    path.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text('{"tokens_in": 9}\n')
    assert UsageFile.left(path) is None
    path.unlink()
    path.mkdir()
    assert UsageFile.left(path) is None
