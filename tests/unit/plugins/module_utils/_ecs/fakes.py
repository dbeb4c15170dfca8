# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A deployment controller that says what it was told to say: no answer of AWS stands behind it."""

from __future__ import annotations

import typing as t

from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.base import Controller
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.deployments import (
    Advanced,
    Begun,
    End,
    Ending,
    Going,
    Known,
    Look,
    Meant,
    More,
    Record,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.of import Controllers
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.controllers.plans import (
    Between,
    Facts,
    GoBack,
    GoTo,
    Past,
    Plan,
    Way,
)
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.model import Service, TaskDefinition
from ansible_collections.lastgood.aws.plugins.module_utils._ecs.past.choices import Choice
from ansible_collections.lastgood.aws.tests.unit.plugins.module_utils._ecs.builders import FakeAws, FakeClock


class FakeController(Controller):
    """Says at each look, and at each write, what it was told to say; what it is asked to do it remembers."""

    deployer = "Somebody"

    def __init__(
        self,
        *says: Look | Exception,
        begins: t.Sequence[Begun | Exception] = (),
        undone: str = "",
        more: More | None = None,
        goes_on: str = "",
        advises: str = "",
    ) -> None:
        super().__init__(FakeAws(), FakeClock())
        self.says = list(says)
        self.begins = list(begins)
        # The writes, by the target's ARN, and what was taken further, by its id.
        self.begun: list[str] = []
        self.done: list[str] = []
        self.advises = advises
        self._answers = undone, more, goes_on

    def _begin(self, planned: Plan, tasks: int | None, reason: str | None) -> Begun:
        self.begun.append(planned.target.arn if planned.target is not None else "")
        answer = self.begins.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _adopt(self, planned: Plan) -> Begun:
        primary = planned.service.primary
        return Begun(planned.service, wrote=False, deployment_id=primary.id if primary is not None else "")

    def advice(self, planned: Plan, error: Exception) -> str:
        return self.advises

    def records(self, watched: t.Sequence[tuple[Going, Service]]) -> list[Record | None]:
        if isinstance(self.says[0], Exception):
            raise self.says[0] if len(self.says) == 1 else t.cast(Exception, self.says.pop(0))
        return [None for _one in watched]

    def assess(self, going: Going, service: Service, record: Record | None) -> Look:
        look = self.says[0] if len(self.says) == 1 else self.says.pop(0)
        assert isinstance(look, Look)
        return look

    def advance(self, going: Going, service: Service) -> Advanced:
        self.done.append(going.deployment_id)
        return Advanced(service)

    def undone(self, going: Going, service: Service) -> str:
        return self._answers[0]

    def more(self, going: Going, service: Service, record: Record | None) -> More | None:
        return self._answers[1]

    def goes_on(self, going: Going, record: Record | None) -> str:
        return self._answers[2]

    def way_back(self, goal: GoBack, facts: Facts, choice: Choice, between: Between) -> Way:
        return Way("refuse", "none")

    def way_to(self, goal: GoTo, facts: Facts, target: TaskDefinition) -> Way:
        return Way("refuse", "none")

    def meant(self, service: Service, past: Past, wanted: str) -> Meant | Known:
        return Known("refused", "")

    def end_of(self, going: Going, service: Service, past: Past, ending: Ending) -> End:
        return End(None, "leave")


class FakeControllers(Controllers):
    """Whatever the service, it is this one that deploys it."""

    def __init__(self, only: Controller) -> None:
        super().__init__(FakeAws(), FakeClock())
        self._only = only

    def of(self, service: Service) -> Controller:
        return self._only

    @property
    def brisk(self) -> Controllers:
        return self
