#!/usr/bin/env python3
"""Begun and ended a hundred times, and killed at random moments: the kernel keeps no program, map, link or socket of a run, and
the interface is the host's again each time. Needs root; prints TAP.

usage: test_rough.py SLUICE MODE [SEED]
"""
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

from flood import flood
from kernel_objects import held, left
from program import Program, frame, why_no_mode
from wire import Wire, ip, until

from harness import Tap

# SLUICE_SMOKE_EVERY=N: one round in N.
EVERY = int(os.environ.get("SLUICE_SMOKE_EVERY", "1"))
ROUNDS, KILLS = max(100 // EVERY, 2), max(40 // EVERY, 2)
NEAR, FAR = "10.8.0.1", "10.8.0.2"


class Line(Wire):
    """A wire whose ends have addresses, and know each other's."""

    def __init__(self, queues=1):
        super().__init__(queues)
        ends = ((0, self.near, NEAR, 1, FAR), (1, self.far, FAR, 0, NEAR))
        macs = [self.inside(self.spaces[end], "cat", f"/sys/class/net/{name}/address").strip() for end, name, *_ in ends]
        for end, name, own, other, address in ends:
            ip("-n", self.spaces[end], "addr", "add", f"{own}/24", "dev", name)
            ip("-n", self.spaces[end], "neigh", "add", address, "lladdr", macs[other], "dev", name, "nud", "permanent")

    def pings(self):
        return subprocess.run(["ip", "netns", "exec", self.spaces[0], "ping", "-q", "-c", "1", "-W", "2", FAR],
                              capture_output=True).returncode == 0


class Suite:
    def __init__(self, sluice, folder, mode, seed, tap):
        self.sluice, self.folder, self.mode, self.tap = sluice, folder, mode, tap
        self.chance, self.seed = random.Random(seed), seed
        self.frames = [frame(i) for i in range(512)]
        self.opening = 0.05     # seconds that a run takes to begin

    def program(self, wire):
        return Program(self.sluice, self.folder, wire, self.mode, rows=1024)

    def remains(self, wire, objects):
        """What a run that is over has left; empty: nothing, and the interface is usable."""
        def nothing():
            return wire.program() is None and not wire.sockets() and not left(objects)
        faults = []
        if not until(nothing, 5):
            faults.append(f"left: XDP program {wire.program()} attached, sockets {wire.sockets()}, {left(objects)}")
        if not wire.pings():
            faults.append("the interface is not usable")
        return faults

    def ends(self):
        faults, rounds, kinds = [], 0, set()
        with Line() as wire:
            for i in range(ROUNDS):
                began = time.monotonic()
                live = self.program(wire)
                attached = live.attached()
                self.opening = max(self.opening, time.monotonic() - began) if i < 5 else self.opening
                objects = held(live.process.pid)
                kinds |= {kind for kind, _ in objects}
                # In redirect mode the host does not see what comes.
                through = self.mode == "redirect" or wire.pings()
                status = live.end(self.chance.choice((signal.SIGINT, signal.SIGTERM)))
                wrong = self.remains(wire, objects)
                if not attached or not through or status != 0:
                    wrong.append(f"attached {attached}, the host reached {through}, exit status {status}")
                if wrong:
                    faults += [f"round {i}: {fault}" for fault in wrong] + live.why()
                    break
                rounds += 1
        self.tap.line(rounds == ROUNDS, f"begun and ended {ROUNDS} times: no program, map, link or socket is left, the interface is usable",
                      faults + [f"seed {self.seed}"])
        self.tap.line(kinds == {"prog", "map", "link"}, "programs, maps and a link were there to be looked for", [str(kinds)])

    def kill(self, wire, ready, part):
        """Kills a run that is ready, or one that is being opened when about `part` of the time that takes is over. It stands still
        first, so that what it holds at that moment is known. Returns what it held."""
        live = self.program(wire)
        if ready and not live.attached():
            live.end(signal.SIGKILL)
            return None
        time.sleep(self.chance.random() * 0.03 if ready else part * self.opening)
        live.tell(signal.SIGSTOP)
        stopped = until(lambda: self.stands(live.process.pid), 5)
        objects = held(live.process.pid)
        killed = live.end(signal.SIGKILL) == -signal.SIGKILL
        return objects if stopped and killed else None

    @staticmethod
    def stands(pid):
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "T"

    def killed(self):
        for ready, flooded in ((False, False), (True, False), (True, True)):
            what = "while it is taking frames" if flooded else "once it is ready" if ready else "while it is being opened"
            faults, rounds, sizes, stop = [], 0, set(), threading.Event()
            times = KILLS // 2 if ready else KILLS
            with Line(queues=2 if self.mode == "redirect" else 1) as wire:
                def send():
                    while not stop.is_set():
                        flood(wire, self.frames, 2000)
                        time.sleep(0.01)
                sender = threading.Thread(target=send, daemon=True)
                if flooded:
                    sender.start()
                for i in range(times):
                    # One moment out of each equal part of the time.
                    objects = self.kill(wire, ready, (i + self.chance.random()) / times)
                    wrong = self.remains(wire, objects or ()) + (["not killed"] if objects is None else [])
                    if wrong:
                        faults += [f"round {i}: {fault}" for fault in wrong]
                        break
                    sizes.add(len(objects))
                    rounds += 1
                live = self.program(wire)
                again = live.attached() and live.end(signal.SIGTERM) == 0
                stop.set()
                if flooded:
                    sender.join()
            self.tap.line(rounds == times and again,
                          f"killed {times} times {what}: nothing is left, the interface is usable, and the next run begins",
                          faults + [f"objects held: {sorted(sizes)}, next run {again}, seed {self.seed}"])


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[2] not in ("observe", "redirect", "kernel"):
        sys.exit(__doc__)
    if why := why_no_mode(*sys.argv[1:3]):
        print(f"1..0 # SKIP {why}")
        return
    tap = Tap()
    seed = int(sys.argv[3]) if len(sys.argv) == 4 else random.randrange(1 << 32)
    with tempfile.TemporaryDirectory(prefix="sluice-rough-") as folder:
        suite = Suite(os.path.realpath(sys.argv[1]), folder, sys.argv[2], seed, tap)
        suite.ends()
        suite.killed()
    tap.end()


if __name__ == "__main__":
    main()
