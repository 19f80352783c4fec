"""Secrets are cut, whatever they are wrapped in, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omk.log.redact import RULES, cut, cut_bytes, secrets_in

LONG = "a1B2c3D4" * 6
SHAPES = {
    "ghp_" + LONG[:20]: "[REDACTED]",
    "ghs_" + LONG: "[REDACTED]",
    "github_pat_11ABC_" + LONG: "[REDACTED]",
    "AKIA" + "ABCD" * 4: "[REDACTED]",
    "xoxb-1234567890-ab": "[REDACTED]",
    "sk_live_" + LONG: "[REDACTED]",
    "sk_test_" + LONG[:16]: "[REDACTED]",
    "Bearer " + LONG: "Bearer [REDACTED]",
    "AIza" + LONG[:35]: "[REDACTED]",
    "npm_" + LONG[:36]: "[REDACTED]",
    "pypi-AgEIcHlwaS5vcmc" + LONG: "[REDACTED]",
    "sk-ant-api03-" + LONG: "[REDACTED]",
    "sk-proj-" + LONG: "[REDACTED]",
    "sk-" + LONG: "[REDACTED]",
    "glpat-" + LONG[:20]: "[REDACTED]",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP": "[REDACTED]",
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,X\n\nMI+/=\na\n-----END RSA PRIVATE KEY-----": "[REDACTED]",
    "-----BEGIN PRIVATE KEY-----\nMIIE\nabc": "[REDACTED]",
    "https://ann:hunter2@example.org/x.git": "https://ann:[REDACTED]@example.org/x.git",
    "api_key=hunter2": "api_key=[REDACTED]",
    "API-KEY: hunter2": "API-KEY: [REDACTED]",
    "apikey = 'hunter 2'": "apikey = '[REDACTED]'",
    "my_token=abc": "my_token=[REDACTED]",
    "x-token: abc": "x-token: [REDACTED]",
    "client_secret=abc": "client_secret=[REDACTED]",
    "client-secret: abc": "client-secret: [REDACTED]",
    "secret: 12345678": "secret: [REDACTED]",
    '{"password": "hun\\"ter", "a": 1}': '{"password": "[REDACTED]", "a": 1}',
    '{\\"token\\":\\"hunter2\\"}': '{\\"token\\":\\"[REDACTED]\\"}',
    "Authorization: Basic dXNlcjpwYXNz\nHost: x": "Authorization: [REDACTED]\nHost: x",
    "curl -H 'Proxy-Authorization: token abc' x": "curl -H 'Proxy-Authorization: [REDACTED]' x",
    "export AWS_SECRET_ACCESS_KEY=abc/d+e": "export AWS_SECRET_ACCESS_KEY=[REDACTED]",
    "tool --password hunter22": "tool --password [REDACTED]",
}
HARMLESS = (
    '"token_usage": 12, "input_tokens": 5',
    '{"token": 123}',
    "token=$TOKEN",
    "password=${PASSWORD} run",
    'curl -H "Authorization: Bearer $TOKEN" https://example.org',
    "https://$USER:$PASSWORD@example.org",
    "password = os.environ['PASSWORD']",
    'assert password == "x"',
    "task-implement-the-whole-of-the-parser-now",
    "docker build --secret id=npm,src=.npmrc .",
    "pytest --token-type=x -k secret",
    "git@example.org:ann/x.git ssh://git@example.org/x",
    "Secret santa has a password and a token",
    "b2:" + "0123456789abcdef" * 4,
    "password=[REDACTED]",
)
pieces = st.lists(
    st.sampled_from([*SHAPES, *HARMLESS, " ", "\n", '"', "'", "\\", "=", ":", "token", "$", "@", "://"]) | st.text(max_size=5)
)


@pytest.mark.parametrize("secret", SHAPES)
def test_a_secret_is_cut_and_what_surrounds_it_stays(secret):
    assert cut(secret) == SHAPES[secret]
    assert cut(f"before\n{secret}\nafter (ok)").endswith("\nafter (ok)") or "BEGIN PRIVATE" in secret
    assert cut_bytes(b"\xff\n" + secret.encode() + b"\n").startswith(b"\xff\n" + SHAPES[secret].encode()[:9])
    assert secrets_in(secret)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text):
    assert cut(text) == text
    assert secrets_in(text) == ()


@given(pieces.map("".join))
def test_cutting_twice_changes_nothing_more(text):
    once = cut(text)
    assert cut(once) == once
    assert (once == text) == (secrets_in(text) == ())


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_can_be_cut(content):
    assert cut_bytes(cut_bytes(content)) == cut_bytes(content)


def test_a_command_with_a_secret_names_the_rules_it_breaks():
    assert secrets_in("curl -u x https://a:b@c && TOKEN=abcdef run") == ("secret value", "password in a URL")


@pytest.mark.parametrize(
    "word",
    [
        "token",
        'token="',
        "token = ",
        "eyJ",
        "eyJaaaaaaaa.",
        "_eyJ",
        "://",
        "://a:",
        "authorization",
        "-",
        "--token ",
        "\\",
        "SG.",
    ],
)
def test_a_long_text_of_beginnings_takes_no_longer_than_one_pass(word):
    text = word * (50_000 // len(word))  # a pattern that looks back or ahead for its end would take minutes here
    assert len(cut(text)) <= len(text) * 3


def test_a_mebibyte_without_secrets_stays_as_it_is():
    content = bytes(range(256)) * 4096
    assert cut_bytes(content) == content


def test_each_rule_is_tried_by_a_lower_case_word():
    assert all(word == word.lower() and word for rule in RULES for word in rule.words)
