# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances and deployments that nobody thought of: trees, links, modes, odd names, options, destinations. Pure.

Everything follows from a seed. ``{scratch}`` in texts is the directory that all of it is in.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
# What the agent, its cleanup file, YAML or Ruby treats specially. The last is not UTF-8.
PLAIN = ("a", "b", "index.html", "conf")
ODD = (
    "c d",
    "d ",
    "tab\t",
    "new\nline",
    "end\n",
    " lead",
    ".hidden",
    "...",
    "cr\r",
    "-dash",
    "~",
    "st*r",
    "[x]",
    "it's",
    'q"q',
    "日本",
    "semanage",
    "nbsp\xa0",
    "back\\slash",
    "COM",
    "x" * 200,
    "e\udce9",
)
NOT_UTF_8 = ODD[-1]
OPTIONS = ("DISALLOW", "OVERWRITE", "RETAIN")
MODES = (0o644, 0o600, 0o755, 0o640, 0o4755)
# These keep everybody out but root, whom the agent runs as.
CLOSED = (0o444, 0o000)


@dataclass(frozen=True)
class File:
    """A file with its mode."""

    content: str
    mode: int


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


@dataclass(frozen=True)
class Directory:
    """A directory with what is in it."""

    entries: dict[str, File | Link | Directory] = field(default_factory=dict)


Node = File | Link | Directory


@dataclass(frozen=True)
class Change:
    """What somebody does by hand before a deployment: put this here (a path below the scratch), or remove it."""

    path: str
    node: Node | None


@dataclass(frozen=True)
class Deployment:
    """One deployment, and what was done before it."""

    changes: tuple[Change, ...]
    bundle: Directory
    appspec: str
    option: str
    # Lines that are added to the cleanup file, which ends without a line end if the last one does.
    lines: str = ""


@dataclass(frozen=True)
class Scenario:
    """An instance, and the deployments to it."""

    seed: str
    before: Directory
    deployments: tuple[Deployment, ...]


class Generator:
    """Makes one scenario. ``root`` allows modes that keep everybody else out."""

    def __init__(self, seed: str, root: bool = True) -> None:
        self._seed = seed
        self._modes = (*MODES, *CLOSED) if root else MODES
        self._permissions = ("644", "'0600'", "0644", "755", "4", "'2750'") if root else ("755", "'0700'", "'2750'")
        # The same for everybody, whatever the version of Python: it is seeded with a text.
        self._random = random.Random(seed)
        self._odd = self._random.random() < 0.5

    def scenario(self, deployments: int) -> Scenario:
        before = Directory({"web": self._tree(3), "outside": Directory({"kept": self._file(), "a": self._file()})})
        if self._chance(0.2):
            before.entries["link"] = Link("{scratch}/app/outside")
        return Scenario(self._seed, before, tuple(self._deployment(number) for number in range(deployments)))

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _one(self, choices: Sequence[T]) -> T:
        return self._random.choice(choices)

    def _name(self) -> str:
        odd = self._odd and self._chance(0.3)
        name = self._one(ODD) if odd else self._one(PLAIN)
        return "a" if name == NOT_UTF_8 and not self._chance(0.2) else name

    def _file(self) -> File:
        return File(self._one(("one", "two", "")), self._one(self._modes))

    def _link(self) -> Link:
        near = (
            "a",
            "b",
            "../a",
            "../b",
            "nowhere",
            "index.html",
            "a/b",
            "a/",
            "./conf",
            self._one((".", "..", "conf")),
        )
        far = ("{scratch}/app/outside", "{scratch}/app/outside/kept", "{scratch}/app/web/a", "{scratch}/nowhere")
        return Link(self._one(near if self._chance(0.6) else far))

    def _node(self, depth: int) -> Node:
        if depth > 0 and self._chance(0.35):
            return self._tree(depth - 1)
        return self._link() if self._chance(0.12) else self._file()

    def _tree(self, depth: int) -> Directory:
        return Directory({self._name(): self._node(depth) for _number in range(self._random.randint(0, 4))})

    def _deployment(self, number: int) -> Deployment:
        bundle = self._bundle()
        changes = [self._change() for _number in range(self._random.randint(0, 3))] if number else []
        lines = "".join(f"{self._place()}\n" for _number in range(2)) if number and self._chance(0.1) else ""
        lines = lines.rstrip("\n") if self._chance(0.3) else lines
        return Deployment(
            tuple(changes), bundle, self._appspec(bundle), self._one((*OPTIONS, "OVERWRITE", "RETAIN")), lines
        )

    def _bundle(self) -> Directory:
        entries: dict[str, Node] = {"content": self._tree(3)}
        if self._chance(0.3):
            entries["one"] = self._node(0)
        if self._chance(0.15):
            entries["more"] = self._tree(1)
        return Directory(entries)

    def _place(self) -> str:
        """A path on the instance that a deployment or a person may have to do with."""
        parts = [self._name() for _number in range(self._random.randint(1, 3))]
        return "/".join(["{scratch}/app/web", *parts])

    def _change(self) -> Change:
        return Change(self._place(), None if self._chance(0.5) else self._node(1))

    def _destination(self) -> str:
        usual = ("{scratch}/app/web", "{scratch}/app/web", "{scratch}/app/web/", "{scratch}/app/web/a")
        ways = (
            "{scratch}/app/new/deep",
            "{scratch}/app/web/x/../y",
            "{scratch}/app/new/../web",
            "{scratch}/app/web/./a//b/",
            "{scratch}//app/web",
            "{scratch}/app/link",
            "{scratch}/app/link/in",
            "{scratch}/app/web/conf",
            "{scratch}/app/link/../web",
            "{scratch}/app/web/a/..",
            "{scratch}/app",
        )
        return self._one(usual if self._chance(0.6) else ways)

    def _source(self, bundle: Directory) -> str:
        if self._chance(0.85):
            return self._one((*bundle.entries, "content", "/content/"))
        ways = ("/", "content/a", "content/./", "content/../content", "one/", "missing", "content/conf/..", "//content")
        return self._one(ways)

    def _appspec(self, bundle: Directory) -> str:
        lines = ["version: 0.0", "os: linux", "files:"]
        for _number in range(self._one((1, 1, 1, 1, 1, 1, 2, 3))):
            lines += [f"  - source: '{self._source(bundle)}'", f"    destination: '{self._destination()}'"]
        if self._chance(0.25):
            # The agent takes it in upper case only.
            behavior = self._one((*OPTIONS, *OPTIONS, *OPTIONS, "retain", "KEEP"))
            lines.append(f"file_exists_behavior: {behavior}")
        if self._chance(0.03):
            lines += ["hooks:", "  AfterInstal:", "    - location: run.sh"]
        if self._chance(0.3):
            lines.append("permissions:")
            for _number in range(self._one((1, 1, 2))):
                lines += self._permission()
        return "\n".join([*lines, ""])

    def _permission(self) -> list[str]:
        where = self._one(("web", "web/a", "", "web/", "x/../web"))
        lines = [f"  - object: '{{scratch}}/app/{where}'"]
        for key, probability, values in (
            ("pattern", 0.5, ("'**'", "'*'", "'a*'", "'*.html'", "a", "'i*x*l'", "'**a'")),
            ("except", 0.2, ("[a]", "[b, conf]", "['*']")),
            ("type", 0.4, ("[file]", "[directory]", "[file, directory]")),
            ("mode", 0.9, self._permissions),
            ("owner", 0.02, ("nobody-of-this-name",)),
        ):
            if self._chance(probability):
                lines.append(f"    {key}: {self._one(values)}")
        return lines
