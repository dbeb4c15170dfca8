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
    wrong = [
        f"{name}:{line} {function.fullname} has a complexity of {function.complexity}; {MOST} is the most"
        for (name, line), function in found.items()
        if function.complexity > MOST
    ]
    print("\n".join(wrong) or f"{len(found)} functions, none above {MOST}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
