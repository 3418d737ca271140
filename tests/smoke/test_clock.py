#!/usr/bin/env python3
"""UTC that is set while a run goes on: back by an hour, forward, by ten years, and back to what it was. Event time follows forward and
never runs back: windows go on leaving, nothing is late, and the years between cost nothing. The clock is set for the program
alone. Needs root; prints TAP.

usage: test_clock.py SLUICE SHIM
"""
import mmap
import os
import struct
import subprocess
import sys
import time
from functools import partial

from program import TUPLE, Program, beside, frame, why_no_mode
from wire import Wire, until

from harness import Tap     # program.py knows where

HOUR, YEARS = 3600, 10 * 365 * 86400
WINDOWS = {"short": "session 300ms", "flows": "flow 10s 1s", "slides": "sliding 1s 500ms"}
# Where UTC is, and where event time then is, from the true time; back, it follows slower than this test goes on.
STEPS = (("set back by an hour", -HOUR, 0), ("set forward by two hours", HOUR, HOUR), ("set forward by ten years", YEARS, YEARS),
         ("set back by ten years", 0, YEARS))
MOST_KB = 65536
MOST_US = 20 * 1000000      # as test_windows.py has it


class Clock:
    def __init__(self, folder):
        self.path = os.path.join(folder, "clock")
        with open(self.path, "wb") as f:
            f.write(bytes(8))
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 8)

    def set(self, seconds):
        self.map[:8] = struct.pack("=q", seconds)


def has_state(sluice):
    said = subprocess.run([sluice, "--version"], capture_output=True, text=True).stdout
    return any(line.startswith("checkpoints: yes") for line in said.splitlines())


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def is_set(sluice, shim, mode, folder):
    """As beside() wants it."""
    facts = []

    def line(*fact):
        facts.append(fact)

    clock = Clock(folder)
    more = [a for name, window in WINDOWS.items() for a in ("--set", f"stream.{name}.key={TUPLE}", "--set", f"stream.{name}.window={window}")]
    with Wire() as wire:
        run = Program(sluice, folder, wire, mode=mode, key=TUPLE, window="tumbling 500ms", lateness="200ms", more=more,
                      before=("env", f"LD_PRELOAD={shim}", f"TEST_CLOCK={clock.path}"))
        started = run.attached()
        sent = wire.send([frame(i) for i in range(100)], calm=1)

        def sums():
            records = run.records()
            return {name: sum(r["packets"] for r in records if r["stream"] == name) for name in ("all", *WINDOWS)}

        def left():
            s = sums()
            return s["all"] == s["short"] == s["flows"] == sent and s["slides"] == 2 * sent

        def ahead():
            return [r["first_us"] / 1e6 - time.time() for r in run.records()]

        line(started and until(left, 30), f"{mode}: windows leave", [f"{sent} sent", str(sums())] + run.why())
        before_kb = resident_kb(run.process.pid) if started else 0
        for what, by, at in STEPS:
            clock.set(by)
            # Some of it comes ahead of the look at the clock.
            sent += wire.send([frame(i) for i in range(100)], repeat=16, calm=10)
            fine = until(left, 30)
            offs = ahead()
            line(fine and -60 < max(offs) - at < 5, f"{mode}: UTC {what}: windows leave",
                 [f"{sent} sent", str(sums()), f"event time is {max(offs, default=0)} s ahead of UTC, not {at}"] + run.why())
        more_kb = resident_kb(run.process.pid) - before_kb
        status = run.finish()
    ledger, records = run.ledger(), run.records()
    line(status == 0 and ledger.get("late") == 0 and ledger.get("shed") == 0, f"{mode}: nothing is late by it", run.why())
    starts = [r["window_start_us"] for r in records if r["stream"] == "all"]
    line(bool(starts) and starts == sorted(starts), f"{mode}: windows leave in order", [str(starts[:200])])
    line(more_kb < MOST_KB and len(records) < 20000, f"{mode}: the years between cost nothing", [f"{more_kb} KB", f"{len(records)} records"])
    delays = {name: s["emit_delay_us"] for name, s in run.summary().get("streams", {}).items()}
    line(bool(delays) and all(d["max"] < MOST_US for d in delays.values()), f"{mode}: nor do windows seem to have left late", [str(delays)])
    return facts


def is_set_between(sluice, shim, mode, folder):
    """A run that was an hour ahead is stopped, and another goes on by a clock that is right. As is_set()."""
    clock = Clock(folder)
    more = ["--set", f"state.path={folder}/state", "--set", "stream.open.key=proto", "--set", "stream.open.window=session 10m"]
    sent, notes = 0, []
    with Wire() as wire:
        for by in (HOUR, 0, 0):
            clock.set(by)
            run = Program(sluice, folder, wire, mode=mode, key="proto", window="tumbling 500ms", lateness="200ms", more=more, keep=sent > 0,
                          before=("env", f"LD_PRELOAD={shim}", f"TEST_CLOCK={clock.path}"))
            if not run.attached():
                notes.append("a run does not start")
                break
            sent += wire.send([frame(i) for i in range(100)], repeat=4, calm=10)
            # All that is due leaves.
            gone = until(lambda: sum(r["packets"] for r in run.records()) == sent, 30)
            notes += [] if gone and run.finish() == 0 else [f"{sent} sent: {run.records()}"]
    ledger, records = run.ledger(), run.records()
    starts = [r["window_start_us"] for r in records]
    if starts != sorted(set(starts)):
        notes.append(f"windows come twice, or not in order: {starts}")
    if ledger.get("late") or ledger.get("received") != sent:
        notes.append(f"{sent} sent")
    ahead = [r["first_us"] / 1e6 - time.time() for r in records]
    if not ahead or not HOUR - 60 < min(ahead) <= max(ahead) < HOUR + 60:
        notes.append(f"event time ahead of UTC: {ahead}")
    if "behind the time that a run before came to" not in run.said():
        notes.append("nobody is told")
    return [(not notes, f"{mode}: UTC set back between two runs: the second goes on from the first one's time", notes + run.why())]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    tap, cases = Tap(), []
    sluice, shim = sys.argv[1:]
    for mode in ("observe", "kernel", "redirect", "dpdk"):
        reason = why_no_mode(sluice, mode) or ("a build with sanitizers does not take a library ahead of theirs" if shim == "none" else None)
        if reason:
            tap.skip(f"{mode}: UTC is set", reason)
            continue
        cases.append(partial(is_set, sluice, shim, mode))
        if has_state(sluice):
            cases.append(partial(is_set_between, sluice, shim, mode))
        else:
            tap.skip(f"{mode}: UTC set back between two runs", "a build without SQLite keeps no state")
    beside(tap, 4, cases)
    tap.end()


if __name__ == "__main__":
    main()
