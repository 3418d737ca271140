#!/usr/bin/env python3
"""State over live traffic: a run that is stopped, by `sluice stop` for another program file to take over, or killed, and started again
goes on with the windows that were open, of which those are partial that lack what came in between. Checkpoints under a flood, of
more than there is memory for on the way: packets come first. Needs root; prints TAP.

usage: test_state.py SLUICE
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial

from flood import came, flood
from program import RULES, TUPLE, Program, beside, frame, why_no_mode
from wire import Wire, until

from frames import ETH_IP4, ethernet, ip4, tcp     # program.py knows where
from harness import Tap

FLOWS = 100
STATE = ("--set", "state.checkpoint=200ms")
CONNECTIONS = 150000
ON_THE_WAY = 64 << 18       # octets that a worker may have saved and the store not yet taken
# Longer than it takes to start again, on a machine that has other work.
GAP = "session 12s"
# Most of a case is waiting.
BESIDE = 3


def stats(sluice, socket):
    """What a run tells of itself; empty: it does not answer yet."""
    asked = subprocess.run([sluice, "stats", "--json", "--socket", socket], capture_output=True, text=True, timeout=60)
    return json.loads(asked.stdout) if asked.returncode == 0 else {}


def stop(sluice, run, socket):
    """By `sluice stop`. Exit statuses of both."""
    asked = subprocess.run([sluice, "stop", "--socket", socket], capture_output=True, text=True, timeout=60).returncode
    return asked, run.process.wait(30)


def is_cut(window, times):
    """Whether a tumbling window must be partial; None: may be. `times`: when a run was there for sure, and when it was told to end."""
    start, end = window["window_start_us"] / 1e6, window["window_end_us"] / 1e6
    if any(start < ended and end > there for (_, ended), (there, _) in zip(times, times[1:])):
        return True
    # A checkpoint may be some time old when the run is killed.
    return False if any(there <= start and end < ended - 1 for there, ended in times) else None


def kept(sluice, socket):
    """Checkpoints so far."""
    return stats(sluice, socket).get("state", {}).get("checkpoints", 0)


def go_on(sluice, mode, how, folder):
    """Three turns of a run, of which two end as told. As beside() wants it."""
    fact = f"{mode}, {how if how == 'stop' else how.name}: open windows go on twice, and lack nothing that was taken"
    state, socket = f"{folder}/state", f"{folder}/socket"
    more = ("--set", f"state.path={state}", *STATE, "--set", f"control.socket={socket}",
            *(a for s, window in (("ten", "300ms"), ("wide", "5s")) for a in ("--set", f"stream.{s}.key=proto", "--set", f"stream.{s}.window=tumbling {window}")))
    # The kernel counts no windows of so many packets.
    more += ("--set", f"stream.five.key={TUPLE}", "--set", "stream.five.window=count 5") if mode != "kernel" else ()
    notes, counts, times = [], [], []
    with Wire() as wire:
        for turn in range(3):
            if how == "stop":       # a new version takes over
                # Not by this process: a child of another case could hold it open for writing as it is run.
                before, sluice = sluice, f"{folder}/sluice-{mode}-{turn}"
                subprocess.run(["cp", before, sluice], check=True)
            run = Program(sluice, folder, wire, mode=mode, key=TUPLE, window=GAP, more=more, keep=turn > 0)
            # Its windows are whole from when it began, which is behind the first look at the interface.
            if not run.attached() or not until(lambda: stats(sluice, socket), 20):
                notes.append(f"turn {turn}: it does not start: {run.why()}")
                break
            there = time.time()
            counts.append(wire.send([frame(i) for i in range(FLOWS)], repeat=2, calm=1))
            time.sleep(1.5)
            if how == signal.SIGKILL:
                # What it holds then must be in one that was begun behind it: the second from here was.
                begun = kept(sluice, socket)
                until(lambda: kept(sluice, socket) >= begun + 2, 30)
            if turn == 2:
                left = until(lambda: sum(r["stream"] == "all" for r in run.records()) == FLOWS, 60)
                notes += [] if left else [f"not all sessions leave: {run.why()}"]
                how = signal.SIGTERM
            times.append((there, time.time()))
            if how == "stop":
                asked = stop(sluice, run, socket)
                notes += [] if asked == (0, 0) else [f"stop: exit statuses {asked}"]
            else:
                run.end(how)
    ledger, records = run.summary(), run.records()
    sessions = [r for r in records if r["stream"] == "all"]
    if sum(r["packets"] for r in sessions) != sum(counts) or any(r.get("partial") is not True for r in sessions):
        notes.append(f"{len(sessions)} sessions of {sum(r['packets'] for r in sessions)} packets, {counts} sent: {sessions[:2]}")
    for stream in ("ten", "wide"):
        windows = [r for r in records if r["stream"] == stream]
        if sum(r["packets"] for r in windows) != sum(counts) or len({r["window_start_us"] for r in windows}) != len(windows):
            notes.append(f"{stream}, not every packet once: {windows}")
        wrong = [r for r in windows if is_cut(r, times) not in (None, r.get("partial", False))]
        notes += [f"{stream}, whether partial: {wrong}, {times}"] if wrong else []
    # The sixth packet of each flow is in a window that stays open.
    fives = [r for r in records if r["stream"] == "five"]
    if mode != "kernel" and ([r["packets"] for r in fives] != [5] * FLOWS or any(r.get("partial") is not True for r in fives)):
        notes.append(f"windows of five: {len(fives)}, {fives[:2]}")
    if ledger.get("resumed_at") != sum(counts[:2]) or ledger.get("ledger", {}).get("received") != sum(counts) or not ledger["ledger"]["balanced"]:
        notes.append(f"{counts} sent, resumed at {ledger.get('resumed_at')}: {ledger.get('ledger')}")
    if not os.path.exists(f"{state}/sluice.state"):
        notes.append("the state is not where it was asked for")
    return [(not notes, fact, notes + run.why())]


def connections(n, data):
    """A segment of each of so many connections."""
    return [ethernet(ETH_IP4, ip4(f"10.8.{i >> 14}.1", "10.9.0.2", 6, tcp(1024 + i % 16384, 2000, payload=data))) for i in range(n)]


def flooded(sluice, folder, tap, mode):
    """Connections that all change while they are saved, and at the end more of them than buffers on the way hold."""
    state, socket = f"{folder}/{mode}-flood", f"{folder}/socket"
    more = ("--set", f"state.path={state}", *STATE, "--set", f"control.socket={socket}", "--set", "match.stream_memory=1G",
            "--set", "match.checksums=ignore")
    notes, resumed = [], {}
    with Wire() as wire:
        run = Program(sluice, folder, wire, mode=mode, rules=RULES, window="tumbling 1s", more=more)
        if not run.attached():
            return tap.line(False, f"{mode}: a flood under checkpoints", run.why())
        before = came(wire)
        frames, end = connections(CONNECTIONS, b"x" * 40), time.monotonic() + 60
        flood(wire, frames, 8 * CONNECTIONS, 4)
        # On a busy machine few of them are taken.
        while stats(sluice, socket).get("match", {}).get("connections", {}).get("open", 0) < CONNECTIONS / 2 and time.monotonic() < end:
            flood(wire, frames, 8 * CONNECTIONS, 1)
        asked = subprocess.run([sluice, "checkpoint", "--socket", socket], capture_output=True, text=True, timeout=60)
        notes += [] if asked.returncode == 0 else [f"the next checkpoint: {asked.stderr}{asked.stdout}"]
        asked = stop(sluice, run, socket)
        notes += [] if asked == (0, 0) else [f"stop: exit statuses {asked}"]
        first, sent = run.summary(), came(wire) - before
        ledger, kept = first.get("ledger", {}), first.get("state", {})
        # DPDK's driver does not tell what the kernel dropped.
        told = ledger.get("received", 0) + (sent - ledger.get("received", 0) if mode == "dpdk" else ledger.get("missed", 0))
        if not ledger.get("balanced") or told != sent or ledger["late"] or ledger["shed"]:
            notes.append(f"{sent} came: {ledger}")
        if not kept or kept["checkpoints"] + kept["failed"] < 3 or kept["last_octets"] < ON_THE_WAY:
            notes.append(f"checkpoints: {kept}")
        then = first.get("match", {}).get("connections", {})
        if not notes:
            run = Program(sluice, folder, wire, mode=mode, rules=RULES, window="tumbling 1s", more=more, keep=True)
            run.attached()
            notes += [] if stop(sluice, run, socket) == (0, 0) else ["the second run does not stop"]
            resumed = run.summary()
        # Those that have been idle too long by then, on a busy machine, are told to be.
        now = resumed["match"]["connections"] if resumed else {}
        gone = now["closed"]["idle"] - then["closed"]["idle"] if resumed else 0
        if resumed.get("resumed_at") != ledger["received"] or now["open"] + gone != then["open"] or not now["open"]:
            notes.append(f"{then} of {ledger['received']} frames, then {resumed}")
    tap.line(not notes, f"{mode}: a flood under checkpoints: every frame is received or missed, and the last one has all", notes + [str(kept)] + run.why())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap, cases, floods = Tap(), [], []
    for mode in ("observe", "kernel", "redirect", "dpdk"):
        reason = why_no_mode(sys.argv[1], mode)
        if reason:
            tap.skip(f"{mode}: live state", reason)
            continue
        # Terminated: elsewhere it is the same.
        cases += [partial(go_on, sys.argv[1], mode, how) for how in ("stop", signal.SIGTERM, signal.SIGKILL)
                  if how != signal.SIGTERM or mode == "observe"]
        floods += [mode] if mode != "kernel" else []
    beside(tap, BESIDE, cases)
    for mode in floods:
        with tempfile.TemporaryDirectory(prefix="sluice-state-") as folder:
            flooded(sys.argv[1], folder, tap, mode)
    tap.end()


if __name__ == "__main__":
    main()
