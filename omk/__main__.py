"""Where omk starts. `omk --version` answers before anything else is imported."""

import gc
import os
import sys

VERSION = "0.6.0"


def main() -> int:
    """Run the command line of this process; the answer is its exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] in (["--version"], ["-V"]):
        print(f"omk {VERSION}")
        return 0
    if sys.platform == "win32":
        print("omk: omk runs on Linux and macOS. On Windows use it inside WSL.", file=sys.stderr)
        return 1
    gc.disable()  # imports make thousands of classes and no garbage; `run` switches it on again
    from omk.cli.app import run

    return run(arguments)


def start() -> None:
    """Run this process's command line and leave at once: taking thousands of classes apart first would cost 15 ms."""
    try:
        code = main()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # the caller may have closed it
                stream.flush()
    except BrokenPipeError:
        code = 0  # whoever read this has left
    except KeyboardInterrupt:
        code = 130
    os._exit(code)


if __name__ == "__main__":
    start()
