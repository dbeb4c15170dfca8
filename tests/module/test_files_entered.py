# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many files somebody has to open who follows one rollback from its first call to its last."""

from __future__ import annotations

import contextlib
import inspect
import pathlib
import sys
import threading
import types
import typing as t

from ansible_collections.lastgood.aws.plugins import module_utils
from tests.module.services import Shop

HOUSE: t.Final = pathlib.Path(next(iter(module_utils.__path__))).resolve()
MOST: t.Final = 34


@contextlib.contextmanager
def files_entered() -> t.Iterator[set[str]]:
    """Paths below module_utils of the files in which a function runs meanwhile; what an import runs does not count."""
    seen: set[str] = set()

    def enters(frame: types.FrameType, event: str, _arg: object) -> None:
        code = frame.f_code
        # The body of a module or of a class is no function.
        if event == "call" and code.co_flags & inspect.CO_OPTIMIZED:
            seen.add(code.co_filename)

    found: set[str] = set()
    before = sys.getprofile()
    threading.setprofile(enters)
    sys.setprofile(enters)
    try:
        yield found
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
        paths = (pathlib.Path(name).resolve() for name in seen)
        found.update(str(path.relative_to(HOUSE)) for path in paths if path.is_relative_to(HOUSE))


def test_a_rolling_rollback_is_followed_through_few_files(shop: Shop) -> None:
    shop.releases(2)
    with files_entered() as found:
        run = shop.rollback()
    assert (run.outcome, run.moves) == ("rolled_back", ["UpdateService"])
    entered = sorted(name for name in found if name.startswith("_ecs/"))
    # It is a real trip: from the step through the plan and the write to the watching.
    assert {"_ecs/steps/rollback.py", "_ecs/move/mover.py", "_ecs/controllers/ecs/write.py"} <= set(entered)
    assert len(entered) <= MOST, "\n".join([f"{len(entered)} files, and {MOST} are enough:", *entered])


def test_a_rolling_rollback_enters_no_file_of_another_controller(shop: Shop) -> None:
    shop.releases(2)
    with files_entered() as found:
        shop.rollback()
    others = ("_codedeploy/", "_ecs/controllers/codedeploy/", "_ecs/controllers/external/")
    assert sorted(name for name in found if name.startswith(others)) == []
