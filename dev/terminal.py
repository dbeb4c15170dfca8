# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes docs/pictures/terminal*.svg: what ansible-playbook prints in a rollback of the demo's service.

``.venv/bin/python dev/terminal.py`` runs it against the simulator and draws what it printed, word by word, colours
included. :func:`drawn` is pure: the same text, the same picture.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
COMMAND = ("lastgood.aws.rollback", "-e", "rollback_cluster=shop", "-e", "rollback_services=web")
# In this order: the first one changes nothing.
RUNS = {"terminal-check": ("--check", "--diff"), "terminal": ("-e", "rollback_reason='500s since 13:52'")}
COLUMNS = 112
# Pixels.
LINE, CHARACTER, MARGIN, BAR = 18, 7.83, 16, 30
# What Ansible prints, as the colours of a dark terminal.
COLOURS = {"31": "#f47067", "32": "#6bc46d", "33": "#daaa3f", "35": "#b083f0", "36": "#39c5cf", "34": "#6cb6ff"}
TEXT = "#d5dbe3"
_ESCAPE = re.compile(r"\x1b\[([\d;]*)m")
LICENCE = """\
Copyright (c) 2026, The lastgood.aws authors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
"""


def coloured(text: str) -> list[tuple[str, str]]:
    """The lines, each with its colour: the one that is set when its first character is printed."""
    found = []
    colour = TEXT
    for line in text.splitlines():
        first = ""
        for code in re.split(r"(\x1b\[[\d;]*m)", line):
            if match := _ESCAPE.fullmatch(code):
                colour = next((COLOURS[part] for part in match[1].split(";") if part in COLOURS), TEXT)
            elif code and not first:
                first = colour
        found.append((_ESCAPE.sub("", line), first or TEXT))
    return found


def wrapped(line: str) -> list[str]:
    """One line as a terminal of COLUMNS shows it, broken between words. Ansible's rows of stars are cut."""
    line = re.sub(r" \*{4,}$", lambda stars: stars[0][: max(4, COLUMNS - stars.start())], line.rstrip())
    return textwrap.wrap(line, COLUMNS, subsequent_indent="    ", break_on_hyphens=False, drop_whitespace=True) or [""]


def drawn(text: str, title: str = "ansible-playbook") -> str:
    """The text of a terminal, with its colours, as an SVG."""
    rows = [(part, colour) for line, colour in coloured(text) for part in wrapped(line)]
    width = round(2 * MARGIN + COLUMNS * CHARACTER)
    height = BAR + 2 * MARGIN + LINE * len(rows)
    spans = [
        f'<text x="{MARGIN}" y="{BAR + MARGIN + LINE * (number + 1) - 5}" fill="{colour}" xml:space="preserve">'
        f"{escape(row)}</text>"
        for number, (row, colour) in enumerate(rows)
        if row
    ]
    dots = [
        f'<circle cx="{MARGIN + 4 + 20 * number}" cy="{BAR // 2 + 3}" r="6" fill="{fill}"/>'
        for number, fill in enumerate(("#f47067", "#daaa3f", "#6bc46d"))
    ]
    return "\n".join(
        [
            f"<!--\n{LICENCE}-->",
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#22272e"/>',
            *dots,
            *spans,
            "</svg>\n",
        ]
    )


def recorded() -> dict[str, str]:
    """Breaks the demo's service, looks at what a rollback would do, and rolls it back. What each run has printed."""
    sys.path.insert(0, str(ROOT))
    from tests import demo
    from tests.simulator import Control
    from tests.simulator_process import SimulatorProcess
    from tests.world import World, aws_environment

    shown = {}
    with SimulatorProcess(speed=demo.SPEED) as simulator:
        demo.build(World(simulator.url), Control(simulator.url))
        looks = {"ANSIBLE_FORCE_COLOR": "1", "PYTHONUNBUFFERED": "1"}
        for name, options in RUNS.items():
            words = [*COMMAND, *options]
            typed = " ".join(f'"{word}"' if " " in word else word for word in ["ansible-playbook", *words])
            done = subprocess.run(
                [Path(sys.executable).parent / "ansible-playbook", *words],
                cwd=ROOT,
                env={**os.environ, **aws_environment(simulator.url), **looks},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=True,
            )
            shown[name] = f"$ {typed}\n\n{done.stdout.strip()}\n"
    return shown


if __name__ == "__main__":
    for name, text in recorded().items():
        (PICTURES / f"{name}.svg").write_text(drawn(text), encoding="utf-8")
        print((PICTURES / f"{name}.svg").relative_to(ROOT))
