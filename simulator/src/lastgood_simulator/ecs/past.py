# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services and task definitions as they were."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass, replace
from typing import Any

from lastgood_simulator.ecs.model import Service, TaskDefinition
from lastgood_simulator.past import History


@dataclass(frozen=True)
class Frozen:
    """A service, and the task definitions that it shares with the present."""

    pickled: bytes
    definitions: dict[str, TaskDefinition]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frozen) and self.pickled == other.pickled

    __hash__ = None  # type: ignore[assignment]


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.definitions: dict[str, TaskDefinition] = {}

    def persistent_id(self, obj: Any) -> str | None:
        if not isinstance(obj, TaskDefinition):
            return None
        self.definitions[obj.arn] = obj
        return obj.arn


class _Unpickler(pickle.Unpickler):
    def __init__(self, frozen: Frozen) -> None:
        super().__init__(io.BytesIO(frozen.pickled))
        self._definitions = frozen.definitions

    def persistent_load(self, pid: str) -> TaskDefinition:
        return self._definitions[pid]


def freeze(service: Service) -> Frozen:
    """A picture of a service. What another AWS service does to it is not in it."""
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(replace(service, drivers=[]))
    return Frozen(file.getvalue(), pickler.definitions)


def thaw(frozen: Frozen) -> Service:
    """The service as it was."""
    service: Service = _Unpickler(frozen).load()
    return service


class EcsPast:
    """Notes what changes, and finds it as an answer is to show it."""

    def __init__(self, history: History) -> None:
        self._history = history

    def note(self, service: Service, at: float) -> None:
        """A service has changed."""
        if self._history.enabled:
            self._history.note(service.arn, at, freeze(service))

    def note_definition(self, definition: TaskDefinition, at: float) -> None:
        """A task definition has changed. Its data and its tags are replaced by new ones, never changed themselves."""
        self._history.note(definition.arn, at, (definition.data, definition.tags))

    def service(self, present: Service | None) -> Service | None:
        """The service as the current answer shows it, None if it does not exist yet."""
        view = self._history.view
        if present is None or (view.moment is None and view.tags is None):
            return present
        frozen: Frozen | None = freeze(present)
        self._history.settle(present.arn, frozen)
        if view.moment is not None:
            frozen = self._history.seen(present.arn, view.moment)
        if frozen is None:
            return None
        shown = thaw(frozen)
        if view.tags is not None:
            old = self._history.seen(present.arn, view.tags)
            shown.tags = thaw(old).tags if old is not None else []
        return shown

    def definition(self, present: TaskDefinition | None) -> TaskDefinition | None:
        """The task definition as the current answer shows it, None if it does not exist yet."""
        view = self._history.view
        if present is None or (view.moment is None and view.tags is None):
            return present
        data, tags = present.data, present.tags
        self._history.settle(present.arn, (data, tags))
        if view.moment is not None:
            old = self._history.seen(present.arn, view.moment)
            if old is None:
                return None
            data, tags = old
        if view.tags is not None:
            old = self._history.seen(present.arn, view.tags)
            tags = old[1] if old is not None else []
        return TaskDefinition(data, tags)
