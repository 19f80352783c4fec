"""`python -m tools.soak [--seed N] [--limit N] [--jobs N]`: try the crash matrix.

It says how many kill points were tried, and which of them failed, with the rooms in which that happened.
"""

import argparse
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random  # noqa: TID251 - the seed is given, so the same points are tried again

from tools.soak.matrix import Tried, again, points, tried

EVERY = 25


def main() -> int:
    """0 if every goal came out as if it had not been killed."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak", description="Try the crash matrix.")
    parser.add_argument("--seed", type=int, default=1, help="which points are tried first, and where those die who resume")
    parser.add_argument("--limit", type=int, default=0, help="how many points at most; 0: all")
    parser.add_argument("--jobs", type=int, default=2, help="how many goals at once")
    parser.add_argument("--place", help="only this place: append, git, agent, gate, …")
    wishes = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="omk-soak."))
    known = [kill for kill in points(folder / "alive") if wishes.place in {None, kill.place}]
    dice = Random(wishes.seed)  # noqa: S311 - dice for a sample, not for secrets
    dice.shuffle(known)
    chosen = [(kill, tuple(again(dice))) for kill in known[: wishes.limit or None]]
    failed = list[Tried]()
    with ThreadPoolExecutor(wishes.jobs) as pool:
        runs = [pool.submit(tried, folder / str(number), *one) for number, one in enumerate(chosen)]
        for number, run in enumerate(runs, 1):
            if run.result().wrongs:
                failed.append(run.result())
                print(f"FAILED {_shown(run.result())} in {folder / str(number - 1)}", flush=True)
            if number % EVERY == 0:
                print(f"{number} of {len(runs)} tried, {len(failed)} failed", file=sys.stderr, flush=True)
    print(f"{len(chosen)} of {len(known)} kill points tried (seed {wishes.seed}), {len(failed)} failed.")
    if not failed:
        shutil.rmtree(folder)
    return 1 if failed else 0


def _shown(one: Tried) -> str:
    return f"{', then '.join(map(str, one.kills))}: {'; '.join(one.wrongs)}"


if __name__ == "__main__":
    sys.exit(main())
