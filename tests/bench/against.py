"""CPU time of a customer's history page against an earlier commit: `python -m tests.bench.against <commit>`.

Both run at the same time, in processes of their own, and take turns: other load on the machine then affects both.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES_EACH_ROUND = 8
# Only names that earlier commits have too: the child runs in the other tree.
CHILD = "import sys; sys.path[:0] = sys.argv[1:]; import against; against.serve()"


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m tests.bench.against")
    reader.add_argument("commit")
    reader.add_argument("--rounds", type=int, default=25)
    chosen = reader.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-against-"))
        export(chosen.commit, folder)
        before, now = (stack.enter_context(running(tree)) for tree in (Path(folder), ROOT))
        times = [(ask(before), ask(now)) for _round in range(chosen.rounds + 1)][1:]
    report(times)
    return 0


def export(commit: str, folder: str) -> None:
    command = ["git", "archive", commit]
    packed = subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout  # the commit is the caller's
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


@contextmanager
def running(tree: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", CHILD, str(tree), str(Path(__file__).parent)]
    environment = {**os.environ, "LOG_LEVEL": "ERROR"}
    with subprocess.Popen(
        command, cwd=tree, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        if process.stdin:
            process.stdin.close()


def ask(process: subprocess.Popen[str]) -> float:
    """Milliseconds of CPU for a page."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    process.stdin.write("go\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def report(times: list[tuple[float, float]]) -> None:
    least, half, most = statistics.quantiles([now / before for before, now in times], n=4)
    for name, values in zip(("before", "now"), zip(*times, strict=True), strict=True):
        sys.stdout.write(f"{name:<8}{statistics.median(values):>8.2f} ms (least {min(values):.2f})\n")
    sys.stdout.write(f"ratio   {half:>8.2f}    ({least:.2f}–{most:.2f} in half of the rounds; ≤ 1.10)\n")


def serve() -> None:
    """In a process of each tree: a line with the time of a page for each line that comes in."""
    from tests import measure  # noqa: PLC0415  # that of the tree

    url = f"/c/{measure.SLUG}/"
    with measure.portal_over_simulator() as client:
        measure.read_versions(client, f"{url}refresh/")
        for _line in sys.stdin:
            begun = time.process_time()
            for _page in range(PAGES_EACH_ROUND):
                measure.expect(client.get(url), 200)
            sys.stdout.write(f"{(time.process_time() - begun) / PAGES_EACH_ROUND * 1000}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
