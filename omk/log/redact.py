"""Secrets are cut before anything touches the disk: rules as data, each in linear time (behaviour 1.15, more shapes).

Every pattern begins with a literal word and is bounded after it, so no text makes it slow; a rule is tried only if one
of its words occurs in the text at all.
"""

import re
from collections.abc import Callable

from msgspec import Struct

CUT = "[REDACTED]"
_PASSES = 8

_KEYS = (
    r"(?:api[_-]?key|token|passw(?:or)?d|passphrase|secret(?:[_-]?access)?(?:[_-]?key)?"
    r"|private[_-]?key|access[_-]?key|auth[_-]?key)"
)
_ASSIGNED = r"\\?[\"'`]?\]?[ \t]{0,8}(?::=|=>|=(?!=)|:(?!:))[ \t]{0,8}"
_VALUE = r"(?P<value>\\\"[^\"\\\n]*|\\'[^'\\\n]*|\"(?:[^\"\\\n]|\\.)*|'(?:[^'\\\n]|\\.)*|[^\s\"'`,;&\\]+)"
_REFERENCE = re.compile(
    r"\\?[\"']?(?:(?:bearer|basic|token)[ \t]+)?"
    r"(?:\$(?:[A-Za-z_]\w*|\{[^}\n]*\}|\(.*)|%\w+%|<[\w -]+>|\{\{.*"
    r"|(?:os\.|process\.)(?:env|getenv).*|ENV\[.*|None|null|true|false)\W*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,15}[\W]*")


class Rule(Struct, frozen=True):
    """One shape of a secret: *words* of which one must occur (lower case), the pattern, and what is kept around it."""

    name: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str]], str] = lambda _: CUT


def _assigned(match: re.Match[str]) -> str:
    """`key = value` without its value; a reference such as `$TOKEN`, a count or a cut value stays."""
    value, whole = match["value"], match[0]
    quote = re.match(r"\\?[\"']?", value)
    inner = value[quote.end() :] if quote else value
    is_short = not (quote and quote[0]) and len(inner) < 3  # noqa: PLR2004 (`token: )` of a compiler is no secret)
    if not inner or is_short or inner.startswith(CUT) or _REFERENCE.fullmatch(value):
        return whole
    if match.groupdict().get("key", "").lower() == "token" and _NUMBER.fullmatch(value):
        return whole
    return whole[: len(whole) - len(inner)] + CUT


def _login(match: re.Match[str]) -> str:
    value = match["value"]
    return match[0] if value == CUT or value.startswith(("$", "%", "{")) else f"{match['before']}{CUT}{match['after']}"


def _shape(name: str, word: str | tuple[str, ...], pattern: str) -> Rule:
    words = (word,) if isinstance(word, str) else word
    return Rule(name, tuple(each.lower() for each in words), re.compile(pattern, re.ASCII))


def _keyed(name: str, words: tuple[str, ...], pattern: str) -> Rule:
    return Rule(name, words, re.compile(pattern, re.ASCII | re.IGNORECASE), _assigned)


_BEARER = re.compile(r"(?P<before>bearer[ \t]{1,8})[\w.~+/=-]{20,}", re.ASCII | re.IGNORECASE)
_LOGIN = re.compile(r"(?P<before>://[^/\s:@\"'`]{0,256}:)(?P<value>[^/\s@\"'`]{1,4096})(?P<after>@)", re.ASCII)
_SECRET_WORDS = ("key", "token", "passw", "passphrase", "secret")

RULES = (
    _shape(
        "private key",
        "private key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\s*(?:Proc-Type|DEK-Info|Version|Comment):[^\n]*\n)*"
        r"[A-Za-z0-9+/=\s\\\"',]*+(?:-----END [A-Z0-9 ]{0,40}-----)?",
    ),
    _keyed(
        "authorization",
        ("authorization",),
        r"authorization[\w-]{0,40}" + _ASSIGNED + r"(?P<value>\\\"[^\"\\\n]*|\"(?:[^\"\\\n]|\\.)*|'[^'\n]*|[^\"'`\\\r\n]+)",
    ),
    _keyed("secret value", _SECRET_WORDS, f"(?P<key>{_KEYS})" + _ASSIGNED + _VALUE),
    _keyed(
        "secret option",
        _SECRET_WORDS,
        r"--?[\w-]{0,40}?(?P<key>"
        + _KEYS
        + r")[ \t]{1,8}(?P<value>[^\s\"'=,;&|<>$`()-][^\s\"'=,;&|<>`()]{7,}|\"[^\"\s]{8,}|'[^'\s]{8,})",
    ),
    Rule("bearer token", ("bearer",), _BEARER, lambda match: match["before"] + CUT),
    Rule("password in a URL", ("://",), _LOGIN, _login),
    _shape("GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,}"),
    _shape("GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9_]{20,}"),
    _shape("GitLab token", "glpat-", r"glpat-[\w-]{20,}"),
    _shape("AWS key id", ("akia", "asia"), r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    _shape("Slack token", "xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    _shape("Slack token", "xapp-", r"xapp-[A-Za-z0-9-]{10,}"),
    _shape("Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/[\w/]{10,}"),
    _shape("Stripe key", ("_live_", "_test_"), r"[prs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    _shape("Stripe key", "whsec_", r"whsec_[A-Za-z0-9]{16,}"),
    _shape("Google key", "aiza", r"AIza[\w-]{30,}"),
    _shape("Google token", "ya29.", r"ya29\.[\w-]{20,}"),
    _shape("npm token", "npm_", r"npm_[A-Za-z0-9]{30,}"),
    _shape("PyPI token", "pypi-", r"pypi-(?:AgE[\w-]{16,}|[\w-]{40,})"),
    _shape("Anthropic key", "sk-ant-", r"sk-ant-[\w-]{16,}"),
    _shape("OpenAI key", "sk-", r"(?<![A-Za-z0-9])sk-(?:(?:proj|svcacct|admin|or-v1)-[\w-]{16,}|[A-Za-z0-9]{20,})"),
    _shape("Hugging Face token", "hf_", r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}"),
    _shape("SendGrid key", "sg.", r"(?<![\w.])SG\.[\w-]{16,64}\.[\w-]{16,}"),
    _shape("JSON web token", "eyj", r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]*"),
)


def cut(text: str) -> str:
    """*text* with every secret in it replaced by `[REDACTED]`; cutting twice changes nothing more."""
    for _ in range(_PASSES):
        once, found = _pass(text)
        if not found:
            return text
        text = once
    return text


def cut_bytes(content: bytes) -> bytes:
    """What a process printed, without secrets; every other byte stays as it is."""
    return cut(content.decode("latin-1")).encode("latin-1")


def secrets_in(command: str) -> tuple[str, ...]:
    """The names of the rules that find a secret in a command; a reference such as `$TOKEN` is none."""
    return tuple(dict.fromkeys(_pass(command)[1]))


def _pass(text: str) -> tuple[str, list[str]]:
    """(text after each rule once, the names of the rules that changed it)."""
    lower, found = text.lower(), []
    for rule in RULES:
        if any(word in lower for word in rule.words):
            once = rule.pattern.sub(rule.replace, text)
            if once != text:
                text = once
                found.append(rule.name)
    return text, found
