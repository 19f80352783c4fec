"""The security pass: did the change add a secret? Findings say where and of what shape, never the content.

Three sources: omk's own shapes (some are those the log cuts), secret-like names assigned a quoted value, and the token detectors
of detect-secrets, called without verification, so without network. High entropy alone is no reason: digests and lock
files are full of it. Lines of any length are scanned in windows that overlap.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache

from omk.domain.values import Change, Finding
from omk.domain.words import counted
from omk.log.redact import RULES
from omk.runtime.reviews.material import Material, Verdict, judged

Detector = tuple[str, Callable[[str], bool]]

WINDOW, OVERLAP = 16_384, 1_024  # characters; a secret is shorter than the overlap
MOST_FINDINGS = 200

SHARED = {
    "GitHub token": "github_token",
    "GitLab token": "gitlab_token",
    "AWS key id": "aws_access_key",
    "Slack token": "slack_token",
    "Anthropic key": "anthropic_key",
}  # the rules of the log that are as strict as a review has to be; the others cut more than is surely a secret
SHAPES = {
    "private_key": r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]:",
    "stripe_key": r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",
    "openai_key": r"\bsk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20}T3BlbkFJ)",
    "google_api_key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "npm_token": r"\bnpm_[A-Za-z0-9]{36}\b|:_authToken\s{0,4}=\s{0,4}[A-Za-z0-9-]{32,}",
    "pypi_token": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
}
BLANKS = re.compile(r"\s{2,}")
BEARER = re.compile(r"(?i:\bbearer) +([A-Za-z0-9._~+/=-]{20,})")
KEYS = r"(?:(?:api|secret|access|private|auth)[ _-]?key|secret|token|passwd|password|pwd)"
ASSIGNED = re.compile(
    rf"(?i){KEYS}[\"'`\]]{{0,3}}(?:\s{{0,8}}:\s{{0,8}}[&\w<>\[\]' ]{{1,30}}|\s[a-z]{{1,12}})?"
    r"\s{0,8}(?::=|=>|[:=])\s{0,8}@?[brf]?([\"'`])((?:(?!\1)[^\s\\]){16,512})\1"
)
ENVIRONMENT = re.compile(rf"(?i)^\s*(?:export\s+)?\w*{KEYS}\s*=\s*()([^\s\"'$#<{{]{{16,}})\s*$")
ENVIRONMENT_FILE = re.compile(r"(^|/)(\.env(\.[^/]*)?|[^/]*\.env)$")
SAMPLE = re.compile(r"(?i)your|example|placeholder|change.?me|dummy|redacted|insert|x{4,}|\*{3,}|\.\.\.|[<>{}$%]|^https?://")
IDENTIFIER = re.compile(r"[a-z]+([_.\-/:][a-z]+)+|[a-z]+([A-Z][a-z]+)+|[A-Z]+(_[A-Z]+)+|[\w.-]*/[\w./-]*")
LOCAL = re.compile(r"@(localhost|127\.0\.0\.1|0\.0\.0\.0|db|postgres|redis|mysql|[\w.-]*example)(?![\w.-])")
COMMON = frozenset(("password", "passwd", "pass", "pw", "secret", "user", "postgres", "root", "admin", "guest"))
LOCK_FILE = re.compile(
    r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|bun\.lockb?|go\.sum|Pipfile\.lock|[\w.-]+\.lock)$"
)
PLUGINS = {
    "aws.AWSKeyDetector": "aws_secret_key",
    "azure_storage_key.AzureStorageKeyDetector": "azure_storage_key",
    "cloudant.CloudantDetector": "cloudant_credentials",
    "discord.DiscordBotTokenDetector": "discord_token",
    "github_token.GitHubTokenDetector": "github_token",
    "gitlab_token.GitLabTokenDetector": "gitlab_token",
    "ibm_cloud_iam.IbmCloudIamDetector": "ibm_cloud_key",
    "ibm_cos_hmac.IbmCosHmacDetector": "ibm_cloud_key",
    "jwt.JwtTokenDetector": "json_web_token",
    "mailchimp.MailchimpDetector": "mailchimp_key",
    "pypi_token.PypiTokenDetector": "pypi_token",
    "sendgrid.SendGridDetector": "sendgrid_key",
    "slack.SlackDetector": "slack_token",
    "softlayer.SoftlayerDetector": "softlayer_credentials",
    "square_oauth.SquareOAuthDetector": "square_token",
    "stripe.StripeDetector": "stripe_key",
    "telegram_token.TelegramBotTokenDetector": "telegram_token",
    "twilio.TwilioKeyDetector": "twilio_key",
}  # not the ones that guess: Artifactory matches words like APDivision, entropy matches digests


def security(material: Material) -> Verdict:
    """Block when an added line holds a secret."""
    if not material.changes:
        return Verdict("not_applicable", "Nothing changed.")
    found: list[Finding] = []
    for change in material.files:
        found.extend(secrets(material, change, MOST_FINDINGS - len(found)))
        if len(found) >= MOST_FINDINGS:
            break
    praise = f"No secret in the lines added to {counted(len(material.files), 'file')}."
    return judged(found, praise, "Added lines hold a high-confidence secret marker")


def secrets(material: Material, change: Change, most: int) -> Iterator[Finding]:
    """Where one change adds secrets, one finding per line and code."""
    for number, line in material.added(change):
        codes = dict.fromkeys(code for window in windows(line) for code in marks(window, change.path))
        for code in codes:
            if most <= 0:
                return
            most -= 1
            yield Finding(path=change.path, line=number, code=code)


def windows(line: str) -> Iterator[str]:
    """The line, or overlapping parts of one that is very long."""
    for start in range(0, max(len(line) - OVERLAP, 1), WINDOW - OVERLAP):
        yield line[start : start + WINDOW]


def marks(line: str, path: str) -> list[str]:
    """The codes of the secrets in a piece of a line."""
    shapes = [code for code, pattern in compiled() if any(not hollow(found[0]) for found in pattern.finditer(line))]
    if shapes or LOCK_FILE.search(path):
        return shapes
    if any(not hollow(found[1]) and not SAMPLE.search(found[1]) for found in BEARER.finditer(line)):
        return ["bearer_token"]
    assigned = [*ASSIGNED.finditer(line), *(ENVIRONMENT.finditer(line) if ENVIRONMENT_FILE.search(path) else ())]
    if any(secretive(found[2]) for found in assigned):
        return ["secret_assignment"]
    if len(line) < 16:  # noqa: PLR2004 - no detector matches less
        return []
    squeezed = BLANKS.sub(" ", line)  # the detectors take cubic time over a run of blanks
    return list(dict.fromkeys(code for code, holds in detectors() if holds(squeezed)))


def secretive(value: str) -> bool:
    """Whether an assigned value looks like a secret rather than a sample, an address, a path or an identifier."""
    return not (hollow(value) or SAMPLE.search(value) or IDENTIFIER.fullmatch(value))


def hollow(value: str) -> bool:
    """Whether the value is mere filling, like `ghp_xxxxxxxxxxxxxxxxxxxx`."""
    return len(set(value[4:])) <= 3  # noqa: PLR2004 - such as xxxx or 1212


@cache
def compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Omk's own shapes, compiled once."""
    shared = ((SHARED[rule.name], rule.pattern.pattern) for rule in RULES if rule.name in SHARED)
    whole = ((code, rf"(?a:\b(?:{pattern})(?![A-Za-z0-9]))") for code, pattern in shared)
    return tuple((code, re.compile(pattern)) for code, pattern in (*SHAPES.items(), *whole))


@cache
def detectors() -> tuple[Detector, ...]:
    """The token detectors of detect-secrets and basic authentication in addresses, loaded when first needed."""
    from importlib import import_module

    found: list[Detector] = []
    for name, code in PLUGINS.items():
        module, _, plugin = name.partition(".")
        found.append((code, holds(getattr(import_module(f"detect_secrets.plugins.{module}"), plugin)())))
    basic = import_module("detect_secrets.plugins.basic_auth").BasicAuthDetector()
    return (*found, ("basic_auth", lambda line: any(real_password(word, line) for word in basic.analyze_string(line))))


def holds(plugin: object) -> Callable[[str], bool]:
    """Whether a detect-secrets plugin finds anything in a line; `analyze_string` never verifies."""
    analyze: Callable[[str], Iterator[str]] = plugin.analyze_string  # type: ignore[attr-defined]
    return lambda line: any(not hollow(str(found)) for found in analyze(line))


def real_password(word: str, line: str) -> bool:
    """Whether the password of an address is more than a sample for a local service."""
    return word.lower() not in COMMON and not SAMPLE.search(word) and not LOCAL.search(line)
