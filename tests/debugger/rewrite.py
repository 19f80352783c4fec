"""`python -m tests.debugger.rewrite [NAME]…`: write the screens of the debugger anew. Look at each before you commit it."""

import sys

from tests.debugger.screens import FOLDER, SHOTS, file_of, shoot


def main(names):
    """Write the screens of these names, or all; those that nobody shoots any more go."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or SHOTS:
        file_of(name).write_text(shoot(SHOTS[name]))
        sys.stdout.write(f"{file_of(name)}\n")
    for path in FOLDER.glob("*.txt"):
        if path.stem not in SHOTS:
            path.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
