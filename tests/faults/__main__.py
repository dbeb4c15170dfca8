# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``python -m tests.faults``: everything that is tried, judged, and counted in docs/faults.md.

Each case that is wrong is printed with the command that runs it alone. The last line is ``N runs, 0 wrong``. What was
right is kept for each commit, so that ``--resume`` can go on, or put parts together.
"""

from __future__ import annotations

import argparse
import fnmatch
import os
import platform
import random
import sys
import time
import typing as t
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from tests.faults import known, page, proxied
from tests.faults.cases import Case, all_cases
from tests.faults.journal import Journal, path_of
from tests.faults.pool import Verdict, carry_out, scene_of
from tests.faults.scenes import SCENES

SEED = 20261129
PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def main(arguments: t.Sequence[str]) -> int:
    """Try everything, or what is asked for. Returns 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--only", default="*", metavar="PATTERN", help="names of cases, such as 'kill/fast/*'")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of races, moments and the proxy (default: {SEED})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at once (default: the processors)")
    parser.add_argument("--share", type=float, default=1.0, help="this part of the cases, chosen by the seed (1.0)")
    parser.add_argument("--resume", action="store_true", help="count what was right on this commit, and try the rest")
    parser.add_argument("--list", action="store_true", help="print the names of the cases in process and end")
    options = parser.parse_args(arguments)
    # Inherited by every run, so that sets have the same order in all of them.
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.faults", *arguments])
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    told = Teller(options.seed, options.share, Journal(path_of(options.seed)), options.resume)
    for scene in SCENES:
        if not may_match(options.only, scene):
            continue
        with scene_of(scene) as (made, calm):
            cases = [case for case in all_cases(scene, calm, options.seed) if is_wanted(options, case)]
            if options.list:
                print("\n".join(case.name for case in cases))
                continue
            for verdict in carry_out(made, calm, told.left_of(cases), options.jobs):
                told.take(verdict)
        told.scene(scene)
    if options.list:
        return 0
    if any(may_match(options.only, scene, "proxy") for scene in SCENES):
        for verdict in proxied.verdicts(
            options.seed,
            lambda case: is_wanted(options, case) and bool(told.left_of([case])),
        ):
            told.take(verdict)
        told.scene("proxy")
    if options.only == "*":
        if options.share >= 1:
            told.stale()
        PAGE.write_text(page.rewritten(PAGE.read_text(encoding="utf-8"), table(told)), encoding="utf-8")
    print(f"{told.count} runs, {told.wrong} wrong", flush=True)
    return 1 if told.wrong or not told.count else 0


def is_wanted(options: argparse.Namespace, case: Case) -> bool:
    """Whether the case is asked for. Its name decides on the share, so a part of all tries the same ones."""
    in_the_share = random.Random(f"{options.seed} {case.name}").random() < options.share
    return in_the_share and fnmatch.fnmatchcase(case.name, options.only)


def may_match(pattern: str, scene: str, what: str = "") -> bool:
    """Whether any case of this scene can be."""
    first, _slash, rest = pattern.partition("/")
    here = fnmatch.fnmatchcase(scene, rest.partition("/")[0] or "*")
    return here and (not what or fnmatch.fnmatchcase(what, first))


class Teller:
    """Counts, and prints what is wrong."""

    def __init__(self, seed: int, share: float, journal: Journal, resume: bool) -> None:
        self.seed = seed
        self._journal = journal
        self._right = journal.read() if resume else {}
        self.part = "" if share >= 1 else f", {share:.0%} of the cases, which the seed chooses"
        self.count = 0
        self.wrong = 0
        self.seconds = 0.0
        self.known = Counter[str]()
        self.cells = Counter[tuple[str, str]]()
        self._began = time.monotonic()
        self._here = [0, 0]

    def left_of(self, cases: t.Sequence[Case]) -> list[Case]:
        """Those that are still to be tried. The others were right before, and are counted."""
        for case in cases:
            if case.name in self._right:
                self._count(Verdict(case, (), self._right[case.name]))
        return [case for case in cases if case.name not in self._right]

    def take(self, verdict: Verdict) -> None:
        """Another one has ended."""
        self._count(verdict)
        if not verdict.wrong:
            self._journal.add(verdict.case.name, verdict.seconds)

    def _count(self, verdict: Verdict) -> None:
        case = verdict.case
        self.count += 1
        self.seconds += verdict.seconds
        self._here[0] += 1
        self.cells[case.what, case.scene] += 1
        found = known.sorted_out(case.name, verdict.wrong)
        self.known.update(found.known)
        if found.wrong:
            self.wrong += 1
            self._here[1] += 1
            print(f"WRONG {case.name}: make faults ONLY={case.name} SEED={self.seed}", flush=True)
            for wrong in found.wrong:
                print(f"    {wrong}", flush=True)

    def scene(self, name: str) -> None:
        """Everything of a scene has been tried."""
        count, wrong = self._here
        if count:
            print(f"{name}: {count} runs, {wrong} wrong, {time.monotonic() - self._began:.0f} s", flush=True)
        self._began, self._here = time.monotonic(), [0, 0]

    def stale(self) -> None:
        """What is expected to be wrong, and never was."""
        for rule in known.KNOWN:
            if not self.known[rule.what]:
                self.wrong += 1
                print(f"WRONG in known.py: nothing is wrong any more about {rule.what!r}: remove it", flush=True)


def table(told: Teller) -> str:
    """The figures of the page."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("ansible-core", "boto3", "moto"))
    head = (
        f"Measured on {time.strftime('%Y-%m-%d')} with the seed {told.seed}{told.part}, in "
        f"{told.seconds / 60:.0f} minutes of CPU time, Python {platform.python_version()}, {packages}."
    )
    return page.table(head, told.cells, told.wrong, told.known)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
