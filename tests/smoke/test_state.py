#!/usr/bin/env python3
"""State over live traffic: a run that is stopped, or killed, and started again goes on with the windows that were open. Needs root;
prints TAP.

usage: test_state.py SLUICE
"""
import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

from program import TUPLE, Program, frame, why_no_mode
from wire import Wire, until

from harness import Tap     # program.py knows where

FLOWS = 100
STATE = ("--set", "state.checkpoint=200ms")
# Longer than it takes to start again, on a machine that has other work.
GAP = "session 12s"


# Most of a case is waiting.
BESIDE = 3


def go_on(sluice, mode, how, folder):
    """What is wrong with three turns of a run, of which two end by a signal."""
    more = ("--set", f"state.path={folder}/state", *STATE, "--set", "stream.ten.key=proto", "--set", "stream.ten.window=tumbling 300ms")
    # The kernel counts no windows of so many packets.
    more += ("--set", f"stream.five.key={TUPLE}", "--set", "stream.five.window=count 5") if mode != "kernel" else ()
    notes, counts = [], []
    with Wire() as wire:
        for turn in range(3):
            run = Program(sluice, folder, wire, mode=mode, key=TUPLE, window=GAP, more=more, keep=turn > 0)
            if not run.attached():
                notes.append(f"turn {turn}: it does not start: {run.why()}")
                break
            counts.append(wire.send([frame(i) for i in range(FLOWS)], repeat=2, calm=1))
            time.sleep(1.5)
            if turn == 2:
                left = until(lambda: sum(r["stream"] == "all" for r in run.records()) == FLOWS, 60)
                notes += [] if left else [f"not all sessions leave: {run.why()}"]
                how = signal.SIGTERM
            run.end(how)
    ledger, records = run.summary(), run.records()
    sessions = [r for r in records if r["stream"] == "all"]
    if sum(r["packets"] for r in sessions) != sum(counts) or any(r.get("partial") is not True for r in sessions):
        notes.append(f"{len(sessions)} sessions of {sum(r['packets'] for r in sessions)} packets, {counts} sent: {sessions[:2]}")
    short = [r for r in records if r["stream"] == "ten"]
    if sum(r["packets"] for r in short) != sum(counts) or len({r["window_start_us"] for r in short}) != len(short):
        notes.append(f"windows of 300 ms: {short}")
    # The sixth packet of each flow is in a window that stays open.
    fives = [r for r in records if r["stream"] == "five"]
    if mode != "kernel" and ([r["packets"] for r in fives] != [5] * FLOWS or any(r.get("partial") is not True for r in fives)):
        notes.append(f"windows of five: {len(fives)}, {fives[:2]}")
    if ledger.get("resumed_at") != sum(counts[:2]) or ledger.get("ledger", {}).get("received") != sum(counts) or not ledger["ledger"]["balanced"]:
        notes.append(f"{counts} sent, resumed at {ledger.get('resumed_at')}: {ledger.get('ledger')}")
    if not os.path.exists(f"{folder}/state/sluice.state"):
        notes.append("the state is not where it was asked for")
    return notes and notes + run.why()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap, cases = Tap(), []
    for mode in ("observe", "kernel", "redirect"):
        reason = why_no_mode(sys.argv[1], mode)
        if reason:
            tap.skip(f"{mode}: live state", reason)
            continue
        cases += [(mode, signal.SIGTERM), (mode, signal.SIGKILL)]

    def case(mode, how):
        with tempfile.TemporaryDirectory(prefix="sluice-state-") as folder:
            return go_on(sys.argv[1], mode, how, folder)

    with ThreadPoolExecutor(BESIDE) as beside:
        for (mode, how), notes in zip(cases, beside.map(case, *zip(*cases)) if cases else ()):
            tap.line(not notes, f"{mode}, {how.name}: open windows go on twice, and lack nothing that was taken", notes)
    tap.end()


if __name__ == "__main__":
    main()
