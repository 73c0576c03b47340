"""The limit of file descriptors, in processes of their own: a hard limit never comes back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from septet.node.descriptors import needed
from tests.support import ACCOUNT, parsed

SCRIPT = """
import resource, sys
from pathlib import Path
from septet.node.descriptors import make_room
from tests.support import ACCOUNT, parsed
soft, hard, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
make_room(parsed(ACCOUNT, folder))
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(("soft", "hard", "after"), [(256, 4096, "needed"), (256, 512, "512"), (4000, 4096, "4000")])
def test_the_soft_limit_is_raised_as_far_as_needed_and_allowed(
    tmp_path: Path, soft: int, hard: int, after: str
) -> None:
    command = [sys.executable, "-c", SCRIPT, str(soft), str(hard), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent.parent)
    most = needed(parsed(ACCOUNT, tmp_path))
    assert 1000 < most < 4000
    assert done.stdout.splitlines()[-1] == (str(most) if after == "needed" else after)
    assert ("few_descriptors" in done.stdout + done.stderr) == (hard < most)
