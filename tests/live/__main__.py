# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make live` and `make live-clean` run."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import typing as t
from collections.abc import Sequence
from pathlib import Path

from tests.live.check import Finding
from tests.live.place import CONFIRMATION, Account, NotConfirmed, Place, Simulated
from tests.live.run import COST, PERMISSIONS, chosen, in_the_simulator, left_behind, run, table
from tests.live.story import tell
from tests.live.sweep import sweep
from tests.live.trace import RECORDINGS, ROOT
from tests.simulator import Simulator


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make live", description="Ask AWS twenty questions. See docs/live.md.")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", ""))
    parser.add_argument("--only", type=int, nargs="*", default=[], metavar="N", help="numbers of checks; default: all")
    parser.add_argument("--folder", type=Path, help="where traces go; default: tests/recordings/live")
    parser.add_argument("--simulator", action="store_true", help="ask the simulator; the traces need a --folder")
    parser.add_argument("--story", action="store_true", help="the story of `make demo` instead of the checks")
    parser.add_argument("--clean", action="store_true", help="only delete what earlier runs have left")
    parser.add_argument("--subnets", default="", help="for tasks on Fargate; default: those of the default VPC")
    parser.add_argument("--security-groups", default="")
    for kind in ("assumed", "task", "codedeploy"):
        parser.add_argument(f"--{kind}-role", default="", help="ARN of a role that exists; default: one is made")
    return parser.parse_args(words)


def main(words: Sequence[str]) -> int:
    """0: everything was answered and deleted. 1: not. 2: nothing was done."""
    arguments = _arguments(words)
    try:
        which = chosen(arguments.only)
    except ValueError as error:
        print(error)
        return 2
    # Whoever stops it gets everything deleted first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if arguments.simulator and arguments.story:
            print("Nothing was done: `make demo` tells the story in the simulator.")
            return 2
        if arguments.simulator:
            with Simulator() as simulator:
                return _in(Simulated(simulator), which, arguments)
        print(COST, PERMISSIONS, sep="\n", flush=True)
        if not arguments.region:
            print("Nothing was done: name a Region with AWS_REGION.")
            return 2
        return _in(Account(arguments.region), which, arguments)
    except NotConfirmed as reason:
        print(f"Nothing was done: {reason}.")
        print(f"    {'='.join(CONFIRMATION)} AWS_REGION={arguments.region} make live")
        return 2
    except KeyboardInterrupt:
        print("stopped; everything was deleted, as far as it is not named above")
        return 1


def _in(place: Place, which: t.Any, arguments: argparse.Namespace) -> int:
    if arguments.clean:
        return _report(sweep(place), left_behind(place))
    given = {
        "subnets": arguments.subnets,
        "security_groups": arguments.security_groups,
        **{f"{kind}_role": getattr(arguments, f"{kind}_role") for kind in ("assumed", "task", "codedeploy")},
    }
    if arguments.story:
        code, left = tell(place, given, print)
        return code or _report(left, left_behind(place))
    folder = arguments.folder or (RECORDINGS if place.source == "aws" else None)
    findings, left = run(place, which, folder, _say, given)
    asked = findings if place.source == "aws" else []
    print("\n" + table(which, asked, findings if not asked else in_the_simulator(which)))
    if folder is not None:
        shown = folder.resolve()
        print(f"traces: {shown.relative_to(ROOT) if shown.is_relative_to(ROOT) else folder}")
    return max(_counted(findings), _report(left, left_behind(place)))


def _say(line: str) -> None:
    print(line, flush=True)


def _counted(findings: Sequence[Finding]) -> int:
    states = [finding.state for finding in findings]
    print(", ".join(f"{states.count(state)} {state}" for state in ("answered", "not run", "failed")))
    return 0 if set(states) <= {"answered", "not run"} else 1


def _report(not_deleted: Sequence[str], found: Sequence[str]) -> int:
    for line in not_deleted:
        print(f"could not be deleted: {line}")
    for line in found:
        print(f"still there: {line}")
    print("`make live-clean` tries again" if not_deleted or found else "nothing with the tag lastgood-live is left")
    return 1 if not_deleted or found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
