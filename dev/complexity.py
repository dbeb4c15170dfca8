# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fails if a function in plugins/module_utils is more complex than it may be.

radon counts every branch of a condition; ruff's C901 leaves out ``and``, ``or`` and conditional expressions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from radon.complexity import cc_visit
from radon.visitors import Class, Function
from setup import ROOT

MOST = 15
# Functions that are more complex until they are divided.
LARGER = {
    "_ecs/controllers/codedeploy/deploys.py make",
    "_ecs/controllers/codedeploy/meant.py meant",
    "_ecs/controllers/codedeploy/records.py records",
    "_ecs/controllers/codedeploy/watch.py _going_back",
    "_ecs/controllers/ecs/watch.py _native",
    "_ecs/controllers/ecs/way_back.py of",
    "_ecs/controllers/external/task_sets.py _standing_choice",
    "_ecs/move/planner.py Planner.make_plans",
    "_ecs/move/progress.py progress",
    "_ecs/move/run.py ServiceRun.as_dict",
    "_ecs/move/watch.py Sweeper._judge",
    "_ecs/steps/deploy.py Deploy._act_on_one",
}


def functions(blocks: Iterable[Class | Function]) -> Iterator[Function]:
    """Each function once: radon lists methods in their class and beside it."""
    for block in blocks:
        if isinstance(block, Class):
            yield from functions([*block.methods, *block.inner_classes])
        else:
            yield block
            yield from functions(block.closures)


def main() -> int:
    house = ROOT / "plugins" / "module_utils"
    found = {
        (file.relative_to(house).as_posix(), function.lineno): function
        for file in sorted(house.rglob("*.py"))
        for function in functions(cc_visit(file.read_text(encoding="utf-8")))
    }
    over = {
        f"{name} {function.fullname}": f"{name}:{line} {function.fullname} has a complexity of {function.complexity}"
        for (name, line), function in found.items()
        if function.complexity > MOST
    }
    wrong = [f"{text}; {MOST} is the most" for which, text in over.items() if which not in LARGER]
    print("\n".join(wrong) or f"{len(found)} functions, {len(over)} above {MOST}, all of them known")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
