# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures in docs/faults.md. Pure."""

from __future__ import annotations

import textwrap
import typing as t

BEGIN = "<!-- figures: written by make faults -->"
END = "<!-- end of figures -->"
WIDTH = 124
KINDS: t.Final = {
    "fault": "a fault, and the next run",
    "kill": "killed, and run again",
    "race": "several at once",
    "pipeline": "a deployment in between",
    "proxy": "the real role through microburst",
}


def rewritten(text: str, figures: str) -> str:
    """The page with these figures between its markers. Raises ValueError if it has none."""
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for the figures")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def table(head: str, cells: t.Mapping[tuple[str, str], int], wrong: int, known: t.Mapping[str, int]) -> str:
    """``cells`` are numbers of runs by kind and scene, ``known`` those that showed a defect which is known."""
    scenes = list(dict.fromkeys(scene for _kind, scene in cells))
    lines = [
        textwrap.fill(head, WIDTH),
        "",
        f"| | {' | '.join(scenes)} | in all |",
        f"|---|{'---|' * (len(scenes) + 1)}",
    ]
    for kind, told in KINDS.items():
        row = [cells.get((kind, scene), 0) for scene in scenes]
        lines.append(f"| {told} | {' | '.join(str(count or '–') for count in row)} | {sum(row)} |")
    total = sum(cells.values())
    columns = [sum(count for (_kind, where), count in cells.items() if where == scene) for scene in scenes]
    lines.append(f"| in all | {' | '.join(map(str, columns))} | **{total}** |")
    lines += ["", f"{total} runs, {wrong} wrong."]
    if known:
        lines += ["", "Known to be wrong, and counted apart:", ""]
        told = [f"* {what}: {count} runs." for what, count in sorted(known.items())]
        lines += [textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in told]
    return "\n".join(lines)
