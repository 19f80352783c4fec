"""`python -m omk.lake.worker ORDER LANE`: projects one lane, and tells on stdout, a JSON line each time, how far it is.

It ends when its standard input does, which is when the process ends that started it.
"""

import gc
import os
import sys
import threading
from pathlib import Path

import msgspec

from omk.errors import Damaged, OmkError
from omk.lake.build import Broke, Message, Order, project
from omk.log.open import open_log


def main(arguments: list[str]) -> int:
    """Carry out an order; the exit code says whether all of it was."""
    gc.disable()  # a fold makes millions of values and no cycles
    threading.Thread(target=_end_with_parent, daemon=True).start()
    order = msgspec.json.decode(arguments[0], type=Order)
    try:
        log = open_log(order.url, folder=Path(order.folder), create=False)
        for message in project(log, order, int(arguments[1])) if log is not None else ():
            _say(message)
    except Damaged as damage:
        _say(Broke(text=damage.text, goal=damage.goal, seq=damage.seq, code=damage.code))
    except OmkError as problem:
        _say(Broke(text=str(problem)))
    except OSError as problem:
        said = problem.strerror or str(problem)
        _say(Broke(text=f"The lake cannot be built: {said}. Check that omk may use it, and that the disk has room."))
    return 0


def _say(message: Message) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # the thread that waits for the parent must not be waited for
