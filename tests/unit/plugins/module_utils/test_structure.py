# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The structure of plugins/module_utils: what may import what, and how big a file, a function or a folder may be.

How complex a function may be is the gate "complexity".
"""

from __future__ import annotations

import ast
import graphlib
import pathlib
import typing as t

import pytest

HOUSE = pathlib.Path(__file__).resolve().parents[4] / "plugins" / "module_utils"
PACKAGE = "ansible_collections.lastgood.aws.plugins.module_utils"

# A room is a folder; "" is module_utils itself. Each may import from itself and from the rooms behind it. What stands
# behind no room is there for modules alone. A file that may do more than its room has a rule of its own.
_GROUND: t.Final = ("_core", "_aws", "_ecs")
_EACH: t.Final = ("_ecs/controllers/ecs", "_ecs/controllers/codedeploy", "_ecs/controllers/external")
ARROWS: t.Final[t.Mapping[str, t.Sequence[str]]] = {
    "_core": [],
    "_aws": ["_core"],
    "_notify": ["_core", "_aws"],
    "_scaling": ["_core", "_aws"],
    "_codedeploy": ["_core", "_aws"],
    "_codedeploy/past": ["_core", "_aws", "_codedeploy"],
    "_codedeploy/move": ["_core", "_aws", "_codedeploy", "_codedeploy/past"],
    "_codedeploy/steps": ["_core", "_aws", "_codedeploy", "_codedeploy/past", "_codedeploy/move"],
    "_ecs": ["_core", "_aws"],
    "_ecs/past": _GROUND,
    "_ecs/checks": [*_GROUND, "_ecs/past"],
    "_ecs/controllers": [*_GROUND, "_ecs/past", "_ecs/checks"],
    # The only one that knows all of them.
    "_ecs/controllers/of": [*_GROUND, "_ecs/controllers", *_EACH],
    # None of them knows another one, and CodeDeploy's alone knows CodeDeploy.
    "_ecs/controllers/ecs": [*_GROUND, "_ecs/past", "_ecs/checks", "_ecs/controllers"],
    "_ecs/controllers/external": [*_GROUND, "_ecs/past", "_ecs/checks", "_ecs/controllers"],
    "_ecs/controllers/codedeploy": [
        *(*_GROUND, "_ecs/past", "_ecs/checks", "_ecs/controllers"),
        *("_codedeploy", "_codedeploy/past"),
    ],
    "_ecs/move": [*_GROUND, "_ecs/past", "_ecs/checks", "_ecs/controllers"],
    "_ecs/steps": [*_GROUND, "_ecs/past", "_ecs/checks", "_ecs/controllers", "_ecs/move"],
    # Its rollback events are CodeDeploy's.
    "_ecs/steps/options": [*_GROUND, "_ecs/past", "_ecs/controllers", "_codedeploy"],
    # A look at everything: what a rollback would do, what is suspended, what IAM says.
    "_status": [*_GROUND, "_ecs/past", "_ecs/controllers", "_ecs/move", "_ecs/steps", "_scaling"],
    # The module that sets ECS's own protection is about nothing else.
    "_ecs/steps/auto_rollback": [*_GROUND, "_ecs/controllers/ecs"],
    "_content": [""],
    "_content/agent": ["_core", "_content"],
    "_content/bundle": ["_content"],
    "_content/install": ["_content", "_content/agent", "_content/bundle"],
    "_content/survey": ["_core", "_content", "_content/agent", "_content/bundle", "_content/install"],
    "_content/guard": ["_core", "_content", "_content/agent", "_content/bundle", "_content/install", "_content/survey"],
}
# Where a deployment controller may be named: the words, the room that they are forbidden in, and the exceptions.
NAMED: t.Final[t.Sequence[tuple[frozenset[str], str, frozenset[str]]]] = [
    (frozenset({"CODE_DEPLOY", "EXTERNAL"}), "_content", frozenset()),
    (
        frozenset({"CODE_DEPLOY", "EXTERNAL"}),
        "_ecs",
        # Who asks; which answers have task sets; whom ECS's own protection is refused.
        frozenset({"_ecs/controllers/of", "_ecs/api", "_ecs/controllers/ecs/protection"}),
    ),
]
MOST_FILES, MOST_LINES, MOST_LINES_OF_A_FUNCTION = 20, 400, 40


class Source(t.NamedTuple):
    """One file: ``name`` is its path below the house, without its ending."""

    name: str
    lines: int
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.rpartition("/")[0]


def sources(house: pathlib.Path) -> list[Source]:
    found = []
    for file in sorted(house.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        name = file.relative_to(house).with_suffix("").as_posix()
        found.append(Source(name, text.count("\n"), ast.parse(text)))
    return found


def imports(house: t.Sequence[Source]) -> dict[str, set[str]]:
    """What each file imports from the house, wherever in the file."""
    names = {source.name for source in house}
    found: dict[str, set[str]] = {source.name: set() for source in house}
    for source in house:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{PACKAGE}."):
                above = (node.module or "")[len(PACKAGE) :].replace(".", "/").lstrip("/")
                for alias in node.names:
                    whole = f"{above}/{alias.name}".lstrip("/")
                    found[source.name].add(whole if whole in names else above)
    return found


def circle(house: t.Sequence[Source]) -> list[str]:
    try:
        list(graphlib.TopologicalSorter(imports(house)).static_order())
    except graphlib.CycleError as problem:
        return list(problem.args[1])
    return []


def at_once(file: pathlib.Path) -> set[str]:
    """What a file imports from the house as soon as it is imported itself."""
    found: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{PACKAGE}."):
            above = (node.module or "")[len(PACKAGE) :].replace(".", "/").lstrip("/")
            wholes = [f"{above}/{alias.name}".lstrip("/") for alias in node.names]
            found.update(whole if (HOUSE / f"{whole}.py").exists() else above for whole in wholes)
    return found


def all_at_once(file: pathlib.Path) -> set[str]:
    """The same, with what those import in turn."""
    found: set[str] = set()
    waiting = at_once(file)
    while waiting:
        found |= waiting
        waiting = {name for one in waiting for name in at_once(HOUSE / f"{one}.py")} - found
    return found


def room_of(name: str) -> str:
    return name.rpartition("/")[0]


def wrong_arrows(house: t.Sequence[Source], arrows: t.Mapping[str, t.Sequence[str]]) -> list[str]:
    return [
        f"{importer} imports {imported}"
        for importer, wanted in imports(house).items()
        for imported in sorted(wanted)
        if (room := room_of(importer)) in arrows
        and room_of(imported) not in (room, *arrows.get(importer, arrows[room]))
    ]


def named_elsewhere(house: t.Sequence[Source], words: frozenset[str], room: str, allowed: frozenset[str]) -> list[str]:
    return [
        f"{source.name}:{node.lineno} says {node.value}"
        for source in house
        if f"{source.name}/".startswith(f"{room}/") and source.name not in allowed
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and node.value in words
    ]


def too_large(house: t.Sequence[Source]) -> list[str]:
    rooms = [source.room for source in house]
    found = [f"{room or 'module_utils'} has {rooms.count(room)} files" for room in sorted(set(rooms))]
    found = [line for line, room in zip(found, sorted(set(rooms)), strict=True) if rooms.count(room) > MOST_FILES]
    for source in house:
        if source.lines > MOST_LINES:
            found.append(f"{source.name} has {source.lines} lines")
        for node in ast.walk(source.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    found.append(f"{source.name}: {node.name} has {lines} lines")
    return found


THE_HOUSE: t.Final = sources(HOUSE)


def test_every_arrow_leads_down() -> None:
    assert wrong_arrows(THE_HOUSE, ARROWS) == []


@pytest.mark.parametrize("module", ["ecs_rollback", "ecs_rollback_info", "ecs_deploy", "ecs_deployment_wait"])
def test_services_that_ecs_deploys_cost_no_import_of_what_is_there_for_others(module: str) -> None:
    imported = all_at_once(HOUSE.parent / "modules" / f"{module}.py")
    assert {"_ecs/controllers/of", "_ecs/controllers/ecs/controller"} <= imported
    assert [name for name in sorted(imported) if name.startswith(("_codedeploy", *_EACH[1:]))] == []


def test_there_is_no_circle() -> None:
    assert circle(THE_HOUSE) == []


def test_every_room_of_a_divided_house_has_its_rule() -> None:
    divided = {room.split("/")[0] for room in ARROWS}
    rooms = {source.room for source in THE_HOUSE if source.room.split("/")[0] in divided}
    files = {source.name for source in THE_HOUSE}
    assert rooms == set(ARROWS) - files


@pytest.mark.parametrize(("words", "room", "allowed"), NAMED)
def test_controllers_are_named_in_their_places_only(words: frozenset[str], room: str, allowed: frozenset[str]) -> None:
    assert named_elsewhere(THE_HOUSE, words, room, allowed) == []


def test_nothing_is_too_large() -> None:
    assert too_large(THE_HOUSE) == []


def test_every_file_of_ecs_has_a_unit_test_file() -> None:
    here = pathlib.Path(__file__).parent
    files = [source.name for source in THE_HOUSE if source.room.split("/")[0] == "_ecs"]
    assert [n for n in files if not list(here.glob(f"{room_of(n)}/test_{n.rpartition('/')[2]}*.py"))] == []


# The rules themselves, on houses that break them.


def house_of(directory: pathlib.Path, **files: str) -> list[Source]:
    for name, text in files.items():
        file = directory / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("HOUSE", PACKAGE), encoding="utf-8")
    return sources(directory)


TWO_ROOMS: t.Final = {"up": ["down"], "down": []}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("from HOUSE.down import thing", []),
        ("from HOUSE.down.thing import X", []),
        ("from HOUSE.up import other", []),
        ("import os\nfrom somewhere.else_.aside import thing", []),
        ("from HOUSE.aside import thing", ["up/here imports aside/thing"]),
        ("from HOUSE.aside.thing import X", ["up/here imports aside/thing"]),
        ("from HOUSE import ground", ["up/here imports ground"]),
        # Also where it is not run at once.
        ("def late():\n    from HOUSE.aside import thing", ["up/here imports aside/thing"]),
    ],
)
def test_an_arrow_that_is_not_allowed_is_found(tmp_path: pathlib.Path, text: str, wrong: list[str]) -> None:
    rest = {"down__thing": "X = 1", "aside__thing": "X = 1", "up__other": "", "ground": ""}
    assert wrong_arrows(house_of(tmp_path, up__here=text, **rest), TWO_ROOMS) == wrong


def test_a_controller_that_imports_another_is_found(tmp_path: pathlib.Path) -> None:
    arrows = {"controllers/ecs": ["controllers"], "controllers/codedeploy": ["controllers"], "controllers": []}
    house = house_of(
        tmp_path,
        controllers__base="",
        controllers__codedeploy__records="from HOUSE.controllers import base",
        controllers__ecs__controller="from HOUSE.controllers.codedeploy import records",
    )
    assert wrong_arrows(house, arrows) == ["controllers/ecs/controller imports controllers/codedeploy/records"]


def test_a_circle_is_found(tmp_path: pathlib.Path) -> None:
    assert circle(house_of(tmp_path, a="from HOUSE import b", b="from HOUSE.c import X", c="")) == []
    assert set(circle(house_of(tmp_path, c="from HOUSE import a"))) == {"a", "b", "c"}


def test_a_word_in_the_wrong_place_is_found(tmp_path: pathlib.Path) -> None:
    house = house_of(
        tmp_path, rooms__of="X = 'WORD'", rooms__deep__other="def f(x): return x == 'WORD'", else_="'WORD'"
    )
    found = named_elsewhere(house, frozenset({"WORD"}), "rooms", frozenset({"rooms/of"}))
    assert found == ["rooms/deep/other:1 says WORD"]


def test_what_is_too_large_is_found(tmp_path: pathlib.Path) -> None:
    body = "\n".join(["    pass"] * MOST_LINES_OF_A_FUNCTION)
    many = {f"full__n{number}": "" for number in range(MOST_FILES + 1)}
    house = house_of(tmp_path, a=f"def f():\n{body}\n", b="pass\n" * (MOST_LINES + 1), **many)
    assert too_large(house) == ["full has 21 files", "a: f has 41 lines", "b has 401 lines"]
    fits = house_of(tmp_path, a=f"def f():\n{body[9:]}\n", b="pass\n" * MOST_LINES, full__n0="")
    (tmp_path / "full" / "n1.py").unlink()
    assert len(fits) == MOST_FILES + 3
    assert too_large(sources(tmp_path)) == []
