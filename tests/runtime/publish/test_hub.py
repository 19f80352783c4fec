"""What is read out of a remote's address, and of what gh says."""

import threading

import pytest

from omk.runtime.publish.call import TimedOut, call
from omk.runtime.publish.hub import CheckView, repository_of
from omk.runtime.publish.merging import verdict
from omk.runtime.publish.remote import reason_of
from omk.runtime.publish.trouble import Stopped
from tests.cli.calling import Meeting, is_running


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/ann/hello",
        "https://github.com/ann/hello.git",
        "http://github.com/ann/hello.git/",
        "https://ann:secret@github.com/ann/hello.git",
        "git@github.com:ann/hello.git",
        "ssh://git@github.com/ann/hello.git",
        "ssh://git@github.com:22/ann/hello",
    ],
)
def test_a_forges_address_names_host_owner_and_repository(address):
    assert repository_of(address) == "github.com/ann/hello"


@pytest.mark.parametrize("address", ["/home/ann/hello.git", "../hello", "file:///srv/hello.git", "C:/hello/world", ""])
def test_a_path_names_no_forge(address):
    assert repository_of(address) is None


@pytest.mark.parametrize(
    ("buckets", "outcome"),
    [
        ((), "none"),
        (("pass", "skipping"), "passed"),
        (("pass", "pending"), "pending"),
        (("pending", "fail"), "failed"),
        (("cancel", "pass"), "failed"),
    ],
)
def test_all_checks_together_are_as_good_as_the_worst(buckets, outcome):
    assert verdict(tuple(CheckView(name=f"a name with blanks {bucket}", bucket=bucket) for bucket in buckets)) == outcome


def test_a_rejected_branch_tells_why():
    stderr = "To /srv/x\n ! [rejected] main -> main (stale info)\nerror: failed to push some refs to '/srv/x'\n"
    assert reason_of(stderr) == "! [rejected] main -> main (stale info)."
    assert reason_of("fatal: no such remote\n") == "fatal: no such remote."


def called(command, folder, *, seconds=60, stop=None, stdin=b""):
    environment = {"PATH": "/usr/bin:/bin"}
    return call(command, directory=folder, environment=environment, seconds=seconds, stop=stop or threading.Event(), stdin=stdin)


def test_a_call_that_takes_too_long_is_ended_with_its_group(tmp_path):
    meeting = Meeting(tmp_path / "meeting")
    with pytest.raises(TimedOut):
        called(["sh", "-c", meeting.stays], tmp_path, seconds=1)
    assert not is_running(meeting.wait())


def test_a_call_that_is_not_wanted_any_more_is_ended(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        called(["sleep", "1000"], tmp_path, stop=stop)


def test_what_is_said_to_a_call_arrives_whole_however_long(tmp_path):
    said = b"x" * 300_000
    ended = called(["sh", "-c", "sleep 0.3; cat"], tmp_path, stdin=said)
    assert ended.stdout == said
