#!/usr/bin/env python3
"""A bounded flood over a veth pair: whatever Sluice can keep up with, each frame that the far interface counts is received or
missed, and the books balance. Needs root; prints TAP.

usage: test_load.py SLUICE MODE
"""
import os
import signal
import sys
import tempfile
import threading
import time

from flood import came, flood
from program import RULES, TUPLE, Program, why_no_mode
from wire import Wire

from frames import ETH_IP4, ethernet, ip4, udp    # beside the golden tests: program.py knows where
from harness import Tap


def flows(n, octets=60):
    """A frame of each of so many flows."""
    return [ethernet(ETH_IP4, ip4(f"10.8.{i >> 16}.1", "10.9.0.2", 17, udp(i & 0xFFFF, 2000, b"x" * (octets - 42)))) for i in range(n)]


class Suite:
    def __init__(self, sluice, folder, mode, tap):
        self.sluice, self.folder, self.mode, self.tap = sluice, folder, mode, tap
        self.small, self.large = flows(1000), flows(1000, 1400)

    def program(self, wire, **how):
        return Program(self.sluice, self.folder, wire, self.mode, TUPLE, **how)

    def told(self, fact, live, status, sent, missed=None):
        """`missed`: whether frames must have been missed, or must not; None: either."""
        ledger, faults = live.ledger(), live.balances()
        if ledger.get("received", 0) + ledger.get("missed", 0) != sent or not sent:
            faults.append("received and missed are not what came")
        if missed is not None and missed != (ledger.get("missed", 0) > 0):
            faults.append(f"missed should {'' if missed else 'not '}be more than 0")
        if status != 0:
            faults.append(f"exit status {status}")
        self.tap.line(not faults, fact, faults + [f"{sent} came"] + live.why())

    def keeps_up(self):
        """As fast as one thread can send, while the run reads."""
        shapes = [("one worker", {}), ("two workers behind a receiver", {"workers": 2, "dispatch": "software"})]
        if self.mode == "redirect" or os.cpu_count() > 1:
            shapes += [("two workers that share the queues" if self.mode == "redirect" else "two workers that share the processors",
                        {"workers": 2, "dispatch": "rss"})]
        if self.mode == "kernel":
            shapes = shapes[:1]
        else:
            shapes += [("rules", {"rules": RULES})]
        for what, how in shapes:
            fact = f"a flood, {what}: every frame that came is received or missed"
            with Wire(queues=2 if self.mode == "redirect" else 1) as wire:
                live = self.program(wire, **how)
                if not live.attached():
                    self.tap.line(False, fact, live.why())
                    continue
                sent = flood(wire, self.large if "rules" in how else self.small, 400000, 2)
                status = live.finish()
            self.told(fact, live, status, sent)

    def held_up(self):
        """The reader stands still for a time, and goes on."""
        fact = ("a run that is held up misses what finds no room: received and missed are what came" if self.mode != "kernel"
                else "a run that is held up misses nothing: the kernel goes on counting")
        with Wire() as wire:
            live = self.program(wire)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            sent = flood(wire, self.large, 1000)
            live.tell(signal.SIGSTOP)
            sent += flood(wire, self.large, 60000)
            live.tell(signal.SIGCONT)
            time.sleep(0.5)
            sent += flood(wire, self.large, 1000)
            status = live.finish()
        self.told(fact, live, status, sent, missed=self.mode != "kernel")

    def ended_late(self):
        """The signal comes first, then the run goes on: nothing more is read but what waits."""
        for count in (500, 60000):
            fact = f"{count} frames that wait when the end is signalled are received or missed"
            with Wire() as wire:
                live = self.program(wire)
                if not live.attached():
                    self.tap.line(False, fact, live.why())
                    continue
                live.tell(signal.SIGSTOP)
                sent = flood(wire, self.large, count)
                live.tell(signal.SIGTERM)
                live.tell(signal.SIGCONT)
                status = live.wait()
            self.told(fact, live, status, sent)

    def many_flows(self):
        fact = "more flows than the table has rows for: no frame goes uncounted, and none is missed"
        with Wire() as wire:
            live = self.program(wire, rows=1024)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            frames, sent = flows(70000), 0
            for at in range(0, len(frames), 5000):      # no faster than can be taken
                sent += flood(wire, frames[at:at + 5000], 5000)
            status = live.finish()
        self.told(fact, live, status, sent, missed=False)

    def in_full_flow(self):
        """Runs begin and end while frames come: no saying which of them are theirs, but the books balance."""
        fact = "runs that begin and end in a flood: the books of each balance, and none has more than came"
        stop, faults = threading.Event(), []
        with Wire() as wire:
            def send():
                while not stop.is_set():
                    flood(wire, self.small, 1 << 30, 0.5)
            sender = threading.Thread(target=send, daemon=True)
            sender.start()
            for i in range(6):
                before = came(wire)
                live = self.program(wire)
                attached = live.attached()
                time.sleep(0.3)
                status = live.end((signal.SIGINT, signal.SIGTERM)[i % 2])
                most, ledger = came(wire) - before, live.ledger()
                taken = ledger.get("received", 0) + ledger.get("missed", 0)
                if not attached or status != 0 or live.balances() or not 0 < taken <= most:
                    faults += [f"round {i}: attached {attached}, exit status {status}, {taken} taken, {most} came", *live.balances(), *live.why()]
            stop.set()
            sender.join()
        self.tap.line(not faults, fact, faults)


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in ("observe", "redirect", "kernel"):
        sys.exit(__doc__)
    if why := why_no_mode(*sys.argv[1:]):
        print(f"1..0 # SKIP {why}")
        return
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-load-") as folder:
        suite = Suite(os.path.realpath(sys.argv[1]), folder, sys.argv[2], tap)
        for part in (suite.keeps_up, suite.held_up, suite.ended_late, suite.many_flows, suite.in_full_flow):
            part()
    tap.end()


if __name__ == "__main__":
    main()
