# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long is waited until AWS lists what it names."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.lastgood.aws.plugins.module_utils._aws.errors import IncompleteAnswerError
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.move.listing import wait_for
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import service
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils.clocks import Ticking


class Late:
    """Services, each of which is listed after some seconds. ``cut`` are the looks that bring no answer."""

    def __init__(self, listed_after: t.Mapping[str, float], cut: t.Container[int] = ()) -> None:
        self.clock = Ticking()
        self.looks: list[list[str]] = []
        self._listed_after = listed_after
        self._cut = cut

    def look(self, names: list[str]) -> dict[str, Service]:
        self.looks.append(list(names))
        if len(self.looks) in self._cut:
            raise IncompleteAnswerError("The answer was cut off on the way")
        return {name: service(name=name) for name in names}

    def lacks(self, one: Service) -> bool:
        return self.clock.seconds < self._listed_after[one.name]

    def wait(self) -> dict[str, Service]:
        late = {name: service(name=name) for name in self._listed_after}
        return wait_for(late, self.look, self.lacks, self.clock)


@pytest.mark.parametrize(("listed_after", "waited"), [(0.5, 1), (2, 2), (15, 15), (600, 15)])
def test_how_long_is_waited(listed_after: float, waited: float) -> None:
    late = Late({"web": listed_after})
    assert list(late.wait()) == ["web"]
    assert late.clock.seconds == waited


def test_only_what_is_late_is_read_again() -> None:
    late = Late({"web": 1, "api": 3})
    assert set(late.wait()) == {"web", "api"}
    assert late.looks == [["web", "api"], ["api"], ["api"]]


def test_a_look_without_an_answer_is_no_end() -> None:
    late = Late({"web": 2}, cut={1, 2})
    late.wait()
    assert (len(late.looks), late.clock.seconds) == (3, 3)
