# Copyright (c) 2026, The lastgood.aws authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The traces that `make live` brought back from AWS, sent to the simulator."""

from __future__ import annotations

import json
import re

from tests.live.replay import replay
from tests.live.run import CHECKS
from tests.live.scrub import ACCOUNT, scrub
from tests.live.trace import RECORDINGS, ROOT

TRACES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RECORDINGS.glob("*.json"))}


def test_they_are_from_aws_and_scrubbed() -> None:
    assert {trace["source"] for trace in TRACES.values()} <= {"aws"}
    assert [name for name, trace in TRACES.items() if scrub(trace, ACCOUNT) != trace] == []
    assert set(TRACES) <= {known.name for known in CHECKS}


def test_the_simulator_answers_like_aws() -> None:
    assert {name: found for name, trace in TRACES.items() if (found := replay(trace))} == {}


def test_the_page_says_which_beliefs_a_trace_backs() -> None:
    page = (ROOT / "simulator" / "docs" / "beliefs.md").read_text(encoding="utf-8")
    table = page.partition("# Beliefs and their sources")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    asked = {
        name: int(number)
        for name, number in re.findall(
            r"^\| (\S+) \| (\d+) ", (ROOT / "docs" / "live.md").read_text(encoding="utf-8"), re.M
        )
    }
    assert asked == {known.name: known.number for known in CHECKS}
    claimed = {number for row in rows for number in re.findall(r"^trace of check (\d+)$", row[-1])}
    assert claimed <= {str(asked[name]) for name in TRACES}
    known_words = r"none; check (\d+) asks|none|trace of check (\d+)"
    assert [row[-1] for row in rows if not re.fullmatch(known_words, row[-1])] == []
