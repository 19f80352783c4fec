"""A `gh` for tests: `FILE REMOTE pr …`. It keeps pull requests in FILE and merges in the bare repository REMOTE.

FILE may tell it how to behave: `fail: {verb: [status, words]}`, `hang: verb` (writes its pid into `hung`, then stays),
`crash: verb` (does it, then kills whoever called), `deaf: verb` (does it, then says that it failed), `checks` (a list of
answers, the last one stays), `view` (fields that override), `before_merge` (a commit that `main` is moved to first).
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FLAGS = {
    "list": {"--head": 1, "--state": 1, "--limit": 1, "--json": 1},
    "create": {"--title": 1, "--body-file": 1, "--head": 1, "--base": 1, "--draft": 0},
    "edit": {"--title": 1, "--body-file": 1, "--base": 1},
    "ready": {"--undo": 0},
    "view": {"--json": 1},
    "checks": {"--json": 1},
    "merge": {"--squash": 0, "--match-head-commit": 1},
}
NEEDED = {
    "list": {"--head", "--state", "--json"}, "create": {"--title", "--body-file", "--head", "--base"}, "view": {"--json"},
    "edit": {"--title", "--body-file", "--base"}, "checks": {"--json"}, "merge": {"--squash", "--match-head-commit"},
}  # fmt: skip
FIELDS = {
    "url", "state", "isDraft", "headRefOid", "baseRefName", "mergeable", "mergeStateStatus", "reviewDecision", "mergeCommit",
    "name", "bucket",
}  # fmt: skip
LONGEST_BODY, LONGEST_TITLE = 65_536, 256


def tell(words):
    sys.stdout.write(f"{words}\n")


def die(status, words):
    sys.stderr.write(f"{words}\n")
    sys.exit(status)


def parse(verb, words):
    flags, rest = {}, []
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            if word not in FLAGS[verb] or word in flags:
                die(1, f"unknown flag: {word}")
            flags[word] = words.pop(0) if FLAGS[verb][word] else True
        else:
            rest.append(word)
    if missing := NEEDED.get(verb, set()) - flags.keys():
        die(1, f"missing: {missing}")
    if strange := set(str(flags.get("--json", "url")).split(",")) - FIELDS:
        die(1, f"Unknown JSON field: {strange}")
    if len(rest) != (0 if verb in {"list", "create"} else 1):
        die(1, f"wrong arguments: {rest}")
    return flags, rest


class Forge:
    def __init__(self, file, remote):
        self.file, self.remote = Path(file), remote
        self.state = json.loads(self.file.read_text())

    def save(self):
        fresh = self.file.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps(self.state))
        fresh.rename(self.file)

    def git(self, *words):
        done = subprocess.run(["git", "--git-dir", self.remote, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            die(1, done.stderr)
        return done.stdout.strip()

    def tip(self, branch):
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def pull(self, url):
        found = [one for one in self.state["pulls"] if one["url"] == url]
        return found[0] if found else die(1, f"no pull requests found for {url}")

    def shown(self, pull, names):
        """A merged or closed pull request stays at the commit it had then."""
        head = self.tip(pull["head"]) if pull["state"] == "OPEN" else pull["headRefOid"]
        facts = {
            "url": pull["url"], "state": pull["state"], "isDraft": pull["isDraft"], "headRefOid": head,
            "baseRefName": pull["base"], "mergeable": "MERGEABLE", "mergeStateStatus": "CLEAN", "reviewDecision": "",
            "mergeCommit": pull.get("mergeCommit"), **self.state.get("view", {}),
        }  # fmt: skip
        return {name: facts[name] for name in names.split(",")}

    def list(self, flags, _):
        found = [one for one in self.state["pulls"] if one["head"] == flags["--head"]]
        tell(json.dumps([self.shown(one, flags["--json"]) for one in found]))

    def text(self, flags):
        body = sys.stdin.read()
        if flags["--body-file"] != "-" or len(body) > LONGEST_BODY:
            die(1, f"GraphQL: Body is too long (maximum is {LONGEST_BODY} characters)")
        if len(flags["--title"]) > LONGEST_TITLE:
            die(1, f"GraphQL: Title is too long (maximum is {LONGEST_TITLE} characters)")
        return {"title": flags["--title"], "body": body, "base": flags["--base"]}

    def create(self, flags, _):
        head = flags["--head"]
        if not self.tip(head):
            die(1, f"pull request create failed: GraphQL: Head ref {head} must be a branch")
        if any(one["head"] == head and one["state"] == "OPEN" for one in self.state["pulls"]):
            die(1, f'a pull request for branch "{head}" already exists')
        url = f"https://forge.test/hello/world/pull/{len(self.state['pulls']) + 1}"
        pull = {"url": url, "state": "OPEN", "head": head, "isDraft": "--draft" in flags, "headRefOid": ""}
        self.state["pulls"].append(pull | self.text(flags))
        self.save()
        tell(f"\nCreating pull request\n{url}")

    def edit(self, flags, rest):
        self.pull(rest[0]).update(self.text(flags))
        self.save()
        tell(rest[0])

    def ready(self, flags, rest):
        self.pull(rest[0])["isDraft"] = "--undo" in flags
        self.save()

    def view(self, flags, rest):
        tell(json.dumps(self.shown(self.pull(rest[0]), flags["--json"])))

    def checks(self, _, __):
        answers = self.state.get("checks", [[{"name": "tests / on linux", "bucket": "pass"}]])
        now = answers[0]
        self.state["checks"] = answers[1:] or answers
        self.save()
        if not now:
            die(1, "no checks reported on the 'work' branch")
        tell(json.dumps(now))
        if any(one["bucket"] == "pending" for one in now):
            sys.exit(8)

    def merge(self, flags, rest):
        pull = self.pull(rest[0])
        if moved := self.state.get("before_merge"):
            self.git("update-ref", f"refs/heads/{pull['base']}", moved)
        head, base = self.tip(pull["head"]), self.tip(pull["base"])
        if head != flags["--match-head-commit"]:
            die(1, "Head branch was modified. Review and try the merge again.")
        tree = self.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        who = ("-c", "user.name=Forge", "-c", "user.email=forge@example.org")
        commit = self.git(*who, "commit-tree", tree, "-p", base, "-m", f"{pull['title']} (#1)")
        self.git("update-ref", f"refs/heads/{pull['base']}", commit, base)
        pull.update(state="MERGED", mergeCommit={"oid": commit}, headRefOid=head)
        self.save()


def main():
    file, remote, subject, verb, *words = sys.argv[1:]
    if subject != "pr" or verb not in FLAGS:
        die(1, f"unknown command: {subject} {verb}")
    forge = Forge(file, remote)
    forge.state["calls"].append([subject, verb, *words])
    forge.save()
    if verb in forge.state.get("fail", {}):
        die(*forge.state["fail"][verb])
    if forge.state.get("hang") == verb:
        Path(forge.state["hung"]).write_text(f"{os.getpid()}\n")
        time.sleep(1000)
    flags, rest = parse(verb, words)
    getattr(forge, verb)(flags, rest)
    if forge.state.pop("crash", None) == verb:
        forge.save()
        os.kill(os.getppid(), signal.SIGKILL)
    if forge.state.get("deaf") == verb:
        die(1, "HTTP 502: Bad Gateway")


main()
