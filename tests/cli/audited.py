"""omk under an audit hook that fails on any file opened to be written, any process and any socket."""

SCRIPT = """
import os, sys
from omk.cli.app import run

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
FORBIDDEN = (
    "socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn",
    "os.system", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
    "os.chown", "os.utime", "shutil.", "pty.",
)

def hook(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        if path != os.devnull and ((mode and set(mode) & set("wax+")) or (flags or 0) & WRITES):
            raise RuntimeError(f"{event} {arguments!r}")
    elif event.startswith(FORBIDDEN):
        raise RuntimeError(f"{event} {arguments!r}")

sys.addaudithook(hook)
sys.exit(run(sys.argv[1:]))
"""

LOOPING = SCRIPT.replace('"socket."', '"socket.bind", "socket.connect", "socket.get", "socket.send"')
"""The same for what has an event loop, which wakes itself through a pair of sockets that lead nowhere else."""
