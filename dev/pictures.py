# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``make pictures``: the page that ``rollback_report`` writes, as a browser shows it.

The demo's service is rolled back in the simulator, and headless Chromium looks at the page: in light, in the dark, and
as wide as a phone. Pictures of the whole page are in ``.build/pictures``, to be looked at, and of its top in
``docs/pictures``. No page may be wider than its window.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Slow enough to see tasks come and go.
SPEED = 3.0
PICTURES = ROOT / "docs" / "pictures"
WHOLE = ROOT / ".build" / "pictures"
# Debian's packages chromium and chromium-headless-shell, and what others call it.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# As Chromium counts them, beginning with dark.
SCHEMES = ("dark", "light")
# What a page does not say by itself. It gets no script but in the copy that is measured.
MEASURE = """\
<script>
document.documentElement.dataset.size = JSON.stringify(
  [document.documentElement.scrollWidth, Math.ceil(document.body.getBoundingClientRect().bottom)]);
</script>
"""
_SIZE = re.compile(r'data-size="\[(\d+),(\d+)\]"')


@dataclass(frozen=True)
class Look:
    """How somebody looks at the page, in CSS pixels. ``top``: what of it is shown in docs/."""

    name: str
    scheme: str
    width: int
    top: int = 0


LOOKS = (
    Look("report-light", "light", 900, 1180),
    Look("report-dark", "dark", 900, 1180),
    Look("report-phone", "light", 390),
)


def browser() -> str:
    """The path of a Chromium. SystemExit with how to install one."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SystemExit(
            f"make pictures needs a headless Chromium, and none of {', '.join(BROWSERS)} is on PATH. On Debian: "
            "apt-get install chromium-headless-shell"
        )
    return found


def options(look: Look, height: int) -> list[str]:
    """What Chromium needs to know to look like this."""
    return [
        *QUIET,
        f"--window-size={look.width},{height}",
        f"--blink-settings=preferredColorScheme={SCHEMES.index(look.scheme)}",
    ]


def size_of(dom: str) -> tuple[int, int]:
    """Width and height of a page that has measured itself. ValueError if it has not."""
    match = _SIZE.search(dom)
    if match is None:
        raise ValueError("the page has no size")
    return int(match[1]), int(match[2])


def take(program: str, page: Path, look: Look) -> list[Path]:
    """Write the pictures of a page. SystemExit if it does not fit into the width."""
    taken = {WHOLE / f"{look.name}.png": 0}
    if look.top:
        taken[PICTURES / f"{look.name}.png"] = look.top
    with tempfile.TemporaryDirectory() as directory:
        measured = Path(directory) / "measured.html"
        measured.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
        profile = f"--user-data-dir={directory}/profile"
        command = [program, *options(look, 1000), profile]
        dom = subprocess.run([*command, "--dump-dom", measured.as_uri()], capture_output=True, text=True, check=True)
        width, height = size_of(dom.stdout)
        if width > look.width:
            raise SystemExit(f"{look.name}: the page is {width} pixels wide in a window of {look.width}")
        for picture, top in taken.items():
            picture.parent.mkdir(parents=True, exist_ok=True)
            command = [program, *options(look, top or height), profile, f"--screenshot={picture}", page.as_uri()]
            subprocess.run(command, capture_output=True, check=True)
    return list(taken)


def report(folder: Path) -> Path:
    """Break the demo's service, and roll it back. Returns the page that was written about it."""
    sys.path.insert(0, str(ROOT))
    from tests import demo
    from tests.simulator import Control, SimulatorProcess
    from tests.world import World, aws_environment

    page = folder / "rollback.html"
    variables = {
        "rollback_cluster": demo.CLUSTER,
        "rollback_services": "web",
        "rollback_reason": "500s since 13:52",
        "rollback_report": str(page),
    }
    # Who did it is that of a job in AWX, not of whoever takes the picture.
    by = {"JOB_ID": "4711", "USER": "awx", "LOGNAME": "awx"}
    awx = {"awx_job_id": "4711", "awx_job_template_name": "Roll back", "awx_user_name": "ada"}
    with SimulatorProcess(speed=SPEED) as simulator:
        demo.build(World(simulator.url), Control(simulator.url))
        command = [Path(sys.executable).parent / "ansible-playbook", "lastgood.aws.rollback"]
        subprocess.run(
            [*command, "-e", json.dumps({**variables, **awx})],
            cwd=ROOT,
            env={**os.environ, **aws_environment(simulator.url), **by},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return page


def main() -> int:
    program = browser()
    with tempfile.TemporaryDirectory() as directory:
        page = report(Path(directory))
        for look in LOOKS:
            for picture in take(program, page, look):
                print(picture.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
