"""The small repository that most scenarios begin with: a program that adds up numbers, right or wrong."""

from omk.domain.values import PASSES

README = "# Totals\n\nAdds up the numbers it reads, one a line.\n"
RIGHT = "import sys\n\nprint(sum(int(line) for line in sys.stdin))\n"
WRONG = "import sys\n\nprint(len(sys.stdin.readlines()))\n"
CHECK = """\
got=$(printf '1\\n2\\n3\\n' | python3 total.py)
if test "$got" = 6
then echo "ok: the total of 1, 2 and 3 is 6"
else echo "expected 6, got $got"; exit 1
fi
"""

EMPTY = {"README.md": README}
"""No program yet."""
BROKEN = {"README.md": README, "total.py": WRONG, "check.sh": CHECK}
"""A program that counts lines instead of adding numbers, and the script that notices."""

BUILD = "Build a CLI total.py that prints the sum of the numbers it reads"
FIX = "Fix the bug that total.py counts the lines instead of adding them up"
MENDING = r"command:printf 'import sys\n\nprint(sum(int(line) for line in sys.stdin))\n' > total.py"
"""An agent that does what is asked for."""

GREENFIELD = (
    *("--gate", "acceptance=test -f total.py"),
    *("--gate", r"smoke=printf '1\n2\n' | python3 total.py"),
    *("--gate", r"""demo=test "$(printf '1\n2\n' | python3 total.py)" = 3"""),
)
REGRESSION = ("--gate", "regression=sh check.sh")
REVIEWS = tuple(f"review.{name}" for name in PASSES)
"""The codes of all six reviews."""
