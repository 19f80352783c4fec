"""The security pass. Secrets are put together here so that no scanner takes this file for a leak."""

import pytest

from omk.runtime.reviews import security
from omk.runtime.reviews.wall import review
from tests.runtime.reviews.diffs import diff, objections

VALUE = "Zx9" + "qT7" + "mB4" + "kW2" + "rL8" + "vN5" + "yH3"  # 21 characters
HEX = "3f786850e387550fdab836ed7e6dc881de23001b"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "private_key"),
        ("-----BEGIN " + "PRIVATE KEY-----", "private_key"),
        ("-----BEGIN OPENSSH " + "PRIVATE KEY-----", "private_key"),
        ("x = 'ghp_" + VALUE + "'", "github_token"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "aws_access_key"),
        ("url?t=xoxb-" + "123456789012-" + VALUE, "slack_token"),
        ("xapp-" + "1-A012-" + VALUE, "slack_token"),
        ("github_pat_" + VALUE + "_" + VALUE, "github_token"),
        ("glpat-" + VALUE, "gitlab_token"),
        ("sk-ant-" + "api03-" + VALUE, "anthropic_key"),
        ("sk_live_" + VALUE, "stripe_key"),
        ("Authorization: Bearer " + VALUE, "bearer_token"),
        ("AIza" + "Sy" + (VALUE * 2)[:33], "google_api_key"),
        (
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
            "json_web_token",
        ),
        ("postgres://app:" + VALUE + "@db.internal.net/x", "basic_auth"),
        ("password = '" + VALUE + "'", "secret_assignment"),
        ('API_KEY: "' + VALUE + '"', "secret_assignment"),
        ('const apiKey: string = "' + VALUE + '";', "secret_assignment"),
        ('pub const DB_PASSWORD: &str = "' + VALUE + '";', "secret_assignment"),
        ('var token string = "' + VALUE + '"', "secret_assignment"),
        ('{"client_secret": "' + VALUE + '"}', "secret_assignment"),
        ('"secret" => "' + HEX + '"', "secret_assignment"),
        ('aws_secret_access_key = "' + VALUE + VALUE[:19] + '"', "secret_assignment"),
    ],
)
def test_a_secret_is_found_and_its_content_is_never_shown(line, code):
    verdict = review("security", diff({"a.txt": "first\n"}, {"a.txt": f"first\n{line}\n"}))
    assert verdict.outcome == "blocked"
    assert [(each.path, each.line, each.code) for each in verdict.findings] == [("a.txt", 2, code)]
    assert "high-confidence secret marker" in verdict.summary
    assert VALUE not in verdict.summary


@pytest.mark.parametrize(
    "line",
    [
        "password = os.environ['DATABASE_PASSWORD']",
        "password = 'short'",
        "token = get_token('production-cluster')",
        "token = '<your-access-token-here>'",
        "api_key = 'your_api_key_goes_here'",
        "api_key = '${SECRETS_API_KEY_VALUE}'",
        "secret = 'xxxxxxxxxxxxxxxxxxxxxxxx'",
        "token = 'access_token_has_expired'",
        "password: 'passwordConfirmationLabel'",
        "TOKEN_ENDPOINT = 'ACCESS_TOKEN_ENDPOINT'",
        "token_url: 'https://accounts.example.net/oauth2/token'",
        "secret_file = '/run/secrets/database'",
        "label = 'enter the password that you were sent'",
        f"commit = '{HEX}'",
        f"sha256:{HEX * 2}",
        f"integrity = 'sha512-{VALUE * 4}=='",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "data:AKIA" + VALUE + VALUE,
        "Authorization: Bearer YOUR_ACCESS_TOKEN_HERE",
        "Authorization: Bearer ${TOKEN}",
        "postgres://user:password@localhost:5432/x",
        "postgres://app:${PASSWORD}@db.internal.net/x",
        "class APDivisionManager extends APDistribution {}",
        "server at 192.168.7.31 answers",
        "-----BEGIN PUBLIC KEY-----",
        "the token_usage = 123456789012345678",
    ],
)
def test_what_only_resembles_a_secret_is_not_objected_to(line):
    assert objections("security", diff({}, {"a.py": f"{line}\n"})) == []


@pytest.mark.parametrize("path", ["package-lock.json", "web/yarn.lock", "uv.lock", "Cargo.lock", "go.sum", "pnpm-lock.yaml"])
def test_digests_of_lock_files_are_not_secrets(path):
    lines = [f'"integrity": "sha512-{VALUE * 4}=="', f'checksum = "{HEX}"', f'token = "{VALUE}"', f"h1:{VALUE * 2}="]
    assert objections("security", diff({}, {path: "\n".join(lines)})) == []
    assert objections("security", diff({}, {path: "ghp_" + VALUE})) == [f"{path}:1 github_token"]


def test_every_shape_that_the_log_shares_is_still_there():
    assert {code for code, _ in security.compiled()} == {*security.SHAPES, *security.SHARED.values()}


def test_an_unquoted_value_counts_in_an_environment_file_only():
    line = f"export SERVICE_TOKEN={VALUE}\n"
    assert objections("security", diff({}, {".env": line})) == [".env:1 secret_assignment"]
    assert objections("security", diff({}, {"notes.md": line})) == []


def test_a_secret_that_was_there_before_is_not_this_changes_doing():
    old = f"password = '{VALUE}'\n"
    assert objections("security", diff({"a.py": old}, {"a.py": f"x = 1\n{old}"})) == []
    assert objections("security", diff({"a.py": old}, {"b.py": old})) == []
    assert objections("security", diff({"a.py": old}, {})) == []


def test_a_secret_is_found_in_a_big_file_and_on_a_very_long_line():
    line = f"ghp_{VALUE}"
    many = "harmless = 1\n" * 60_000 + line + "\n"
    assert objections("security", diff({}, {"a.py": many})) == ["a.py:60001 github_token"]
    for before in (security.WINDOW - 10, security.WINDOW - security.OVERLAP, 40_000):
        assert objections("security", diff({}, {"a.js": " " * before + line})) == ["a.js:1 github_token"]


def test_a_secret_is_found_among_bytes_that_are_not_text():
    assert objections("security", diff({}, {"a.bin": b"\xff\0\n\xfe ghp_" + VALUE.encode()})) == ["a.bin:2 github_token"]


def test_the_target_of_a_link_is_not_scanned():
    assert objections("security", diff({}, {"a": "ghp_" + VALUE}, modes={"a": "120000"})) == []


def test_a_long_run_of_blanks_does_not_stop_the_scan():
    line = "token" + " " * 50_000 + "ghp_" + VALUE
    assert objections("security", diff({}, {"a.py": line})) == ["a.py:1 github_token"]


def test_the_findings_of_a_flood_are_cut():
    assert len(objections("security", diff({}, {"a.py": f"ghp_{VALUE}\n" * 1_000}))) == security.MOST_FINDINGS


def test_the_pass_does_not_apply_to_no_change():
    assert review("security", diff({}, {})).outcome == "not_applicable"
