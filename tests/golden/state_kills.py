#!/usr/bin/env python3
"""State: runs that are killed and started again until they are through give what an undisturbed one gives.

usage: state_kills.py SLUICE [--kills N] [--seed S] [--no-dpdk]

Runs are killed at random moments, and at random ones of those that are short: while a checkpoint is written, while
a run is opened and goes on from one, and towards the end of the input. SLUICE_KILLS in the environment: as --kills,
which is how many runs of one capture are killed; other inputs have their share beside that.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import DPDK, Tap  # noqa: E402

from frames import write_pcap  # noqa: E402
from state_bench import Bench  # noqa: E402
from state_capture import captures, frames_of  # noqa: E402

DPDK_FRAMES = 40000
CHAINS = 4  # at a time: most of a run's time is pace and disk
KINDS = {"any": 4, "writing": 3, "opening": 2, "end": 2}


class Chain:
    """Replays of one input in a folder of their own, each killed and started again until it is through."""

    def __init__(self, bench, number):
        self.bench = bench.twin(os.path.join(bench.folder, f"chain{number}"))
        self.counts, self.replays, self.notes = collections.Counter(), 0, []
        self.journal = os.path.join(self.bench.state, "sluice.state-journal")
        self.whole = sum(len(x) + 1 for lines in bench.expected.values() for x in lines)

    def writing(self):
        try:
            return os.path.getsize(self.journal) > 0
        except OSError:
            return False

    def written(self):
        return sum(os.path.getsize(p) for p in self.bench.outputs.values() if os.path.exists(p))

    def await_moment(self, p, kind, said):
        """Until the moment to kill it, or its end."""
        rng, end = self.bench.rng, time.monotonic() + 60

        def until(there, nap):
            while p.poll() is None and not there() and time.monotonic() < end:
                time.sleep(nap)

        if kind == "opening":
            time.sleep(rng.uniform(0, 1.2) * self.bench.opens_s)
            return
        until(lambda: b"sluice: memory:" in os.pread(said.fileno(), 65536, 0), 0.002)
        if kind == "end":
            part = rng.uniform(0.9, 1.0) * self.whole
            until(lambda: self.written() >= part, 0.001)
            time.sleep(rng.uniform(0, 0.03))
        else:
            time.sleep(rng.uniform(0, 0.7))
        if kind == "writing":
            until(self.writing, 0.0003)
            time.sleep(rng.uniform(0, 0.004))

    def kill(self, kind):
        """One run. Whether it was killed; else it came to its end."""
        rng = self.bench.rng
        pace = "max" if kind == "end" else rng.choice((3000, 6000, 20000))
        sets = [f"input.workers={rng.choice((1, 2, 4))}", f"input.pace={pace}"]
        sets += ["sink.out.rotate_every=1s"] if self.replays % 3 == 2 else []
        known = os.path.exists(self.journal)
        with tempfile.TemporaryFile("w+") as said:
            p = subprocess.Popen(self.bench.argv(*sets), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
            self.await_moment(p, kind, said)
            p.kill()
            status = p.wait()
            said.seek(0)
            text = said.read()
        frames = re.search(r"going on from checkpoint .*: (\d+) frames", text)
        self.counts["resumed"] += bool(frames and int(frames[1]))
        if status == -9:
            self.counts["killed"] += 1
            self.counts["while a checkpoint was written"] += self.writing()
            self.counts["before it went on from a checkpoint"] += known and not frames
            self.counts["with nine tenths of all records written"] += self.written() > 0.9 * self.whole
            return True
        if status != 0:
            self.notes.append(f"exit status {status}: {text[-400:]}")
        return False

    def through(self):
        """To the end, if it is not there, and everything is as it should be."""
        done = self.bench.run("input.pace=max")
        self.replays += 1
        if done.returncode != 0:
            self.notes.append(f"exit status {done.returncode}: {done.stderr[-400:]}")
        self.notes = self.notes or self.bench.differences()
        self.bench.clear()

    def go(self, kills):
        here = 0
        while self.counts["killed"] < kills and not self.notes:
            kind = self.bench.rng.choices(list(KINDS), list(KINDS.values()))[0]
            here += 1
            if not self.kill(kind) or here % 12 == 0:
                self.through()
        if not self.notes:
            self.through()
        return self


def measure(bench):
    """How long a run takes from its start to its first frame, more or less."""
    bench.clear()
    start = time.monotonic()
    bench.run("input.pace=max")
    bench.opens_s = max(0.01, time.monotonic() - start - bench.ledger().get("elapsed_s", 0))
    bench.clear()


def kills(bench, tap, wanted, what):
    measure(bench)
    n = max(1, min(CHAINS, wanted // 6))
    each = [wanted // n + (i < wanted % n) for i in range(n)]
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        chains = list(pool.map(lambda i: Chain(bench, i).go(each[i]), range(n)))
    counts, notes = sum((c.counts for c in chains), collections.Counter()), [n for c in chains for n in c.notes]
    killed, resumed, replays = counts.pop("killed"), counts.pop("resumed", 0), sum(c.replays for c in chains)
    print(f"# {what}: {resumed} went on from the middle; killed: " + ", ".join(f"{v} {k}" for k, v in counts.items()))
    tap.line(killed >= wanted and not notes, f"{what}: {killed} runs killed, {replays} replays: every record and alert once", notes)
    # Of a few runs none may have come to a checkpoint, on a machine with other work.
    if wanted >= 32:
        tap.line(resumed > 0, f"{what}: runs went on from the middle", [str(counts)])
    if wanted >= 100:
        missed = [k for k in ("while a checkpoint was written", "before it went on from a checkpoint",
                              "with nine tenths of all records written") if not counts[k]]
        tap.line(not missed, f"{what}: runs were killed at each kind of moment", missed)


def dpdk(sluice, tap, rng, wanted):
    """The same by net_pcap, which has no pace: the capture is longer, as two files of two devices."""
    with tempfile.TemporaryDirectory() as folder:
        frames = frames_of(rng, DPDK_FRAMES)
        paths = [os.path.join(folder, f"{i}.pcap") for i in range(2)]
        for i, path in enumerate(paths):
            write_pcap(path, frames[i * DPDK_FRAMES // 2:(i + 1) * DPDK_FRAMES // 2])
        devices = " ".join(f"net_pcap{i},rx_pcap={path}" for i, path in enumerate(paths))
        sets = [f"{k}={v}" for k, v in {**DPDK, "input.backend": "dpdk", "input.device": devices}.items()]
        bench = Bench(sluice, folder, rng, paths, sets, DPDK_FRAMES)
        expected = bench.expected
        bench.clear()
        bench.sets = []
        bench.run("state.path=")
        tap.line(bench.lines() == expected, "by DPDK the undisturbed run gives the same", bench.differences(expected))
        bench.sets = sets
        kills(bench, tap, wanted, "captures of DPDK")
        refused = bench.run(f"input.device=net_pcap0,rx_pcap={paths[0]},rx_pcap={paths[1]}", "input.workers=2", "input.dispatch=rss",
                            f"state.path={folder}/other")
        tap.line(refused.returncode == 1 and "input.dispatch = auto" in refused.stderr, "captures that are shared out by queue are refused", [refused.stderr[-400:]])
        bench.clear()
        bench.run(more=("--duration", "1ms"))
        with open(paths[0], "r+b") as f:
            f.seek(60)
            was = f.read(1)
            f.seek(60)
            f.write(bytes([was[0] ^ 1]))
        refused = bench.run()
        tap.line(refused.returncode == 1 and paths[0] in refused.stderr and "--restart" in refused.stderr, "another capture of the same name and size is refused",
                 [refused.stderr[-400:]])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("sluice")
    p.add_argument("--kills", type=int, default=int(os.environ.get("SLUICE_KILLS", "24")))
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("--no-dpdk", action="store_true")
    args = p.parse_args()
    tap, rng = Tap(), random.Random(args.seed)
    print(f"# --kills {args.kills} --seed {args.seed}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args.sluice, folder, rng)
        kills(bench, tap, args.kills, "one capture")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args.sluice, folder, rng, captures(folder, rng))
        tap.line(len(bench.late) > 500, "captures of clocks that differ give corrections", [str(bench.ledger())])
        kills(bench, tap, max(8, args.kills // 5), "captures of clocks that differ")
    if args.no_dpdk:
        tap.skip("captures of DPDK", "built without DPDK")
    else:
        dpdk(args.sluice, tap, rng, max(6, args.kills // 10))
    tap.end()


if __name__ == "__main__":
    main()
