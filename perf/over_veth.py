#!/usr/bin/env python3
"""(e) A flood over a veth pair, taken by Sluice in each XDP mode, by tcpdump and by softflowd in turn: packets a second
of processor time.

What it costs to take frames is paid in two places. One is the taker's own time. The other is the kernel's, on the taker's
behalf, and runs where the frames come from: XDP programs, copies to packet sockets. That is what the sender and the
softirq threads need more than in the same flood with nobody there. Both are the scheduler's count, in nanoseconds. The
whole machine's busy time (/proc/stat, in ticks, with whatever else runs) is noted beside.

The frames come as a driver hands them over (XDP frames, batches of 64). Sent by a packet socket instead, veth copies each
one before an XDP program may see it, which no network card does: that flood is measured too, beside a program that does
nothing, so that it can be told apart.

usage, to see that what is processed and what is lost adds up to what was sent, and nothing more:
over_veth.py FOLDER SLUICE

  FOLDER  where perf/flood and perf/empty_xdp are built
  SLUICE  the program
"""
import contextlib
import ctypes
import fcntl
import glob
import json
import os
import shutil
import statistics
import struct
import sys
import tempfile
import time

import machine
from processes import Failed, output, stop_on_signals

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "smoke"))
from takers import MODES, Empty, Nobody, Sluice, Softflowd, Tcpdump  # noqa: E402
from wire import Wire, why_not as no_wire  # noqa: E402

# (by a socket, octets, flows)
SCENES = [(False, 60, 1), (False, 60, 16384), (False, 512, 1), (False, 512, 16384), (True, 60, 16384)]
SECONDS = 30        # that a flood may take at most
TICK = os.sysconf("SC_CLK_TCK")
SIOCETHTOOL, ETHTOOL_SGRO = 0x8946, 0x2c
SKIPPED = 77        # meson's exit status for what cannot run here


def of_task(path):
    """Seconds that a thread has run."""
    try:
        with open(path) as f:
            return int(f.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def of_process(pid):
    return sum(of_task(path) for path in glob.glob(f"/proc/{pid}/task/*/schedstat"))


def softirq_threads():
    paths = []
    for comm in glob.glob("/proc/[0-9]*/comm"):
        with contextlib.suppress(OSError), open(comm) as f:
            if f.read().startswith("ksoftirqd/"):
                paths.append(os.path.join(os.path.dirname(comm), "schedstat"))
    return paths


def of_machine():
    """Seconds that its processors were busy, but for what the hypervisor took."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq = map(int, f.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICK


class Bed:
    """The wire, the sender, and those who can take what it sends."""

    def __init__(self, wire, build, sluice, folder):
        self.wire, self.flood, self.threads = wire, os.path.join(build, "flood"), softirq_threads()
        self.poll()
        self.takers = {"nobody": Nobody, "empty": lambda: Empty(os.path.join(build, "empty_xdp"), wire, folder)}
        self.missing = []       # who cannot, and why
        for name, taker in (("tcpdump", Tcpdump), ("softflowd", Softflowd)):
            if shutil.which(name):
                self.takers[name] = lambda taker=taker: taker(wire, folder)
            else:
                self.missing.append(f"{name} is not installed")
        for mode in MODES:
            try:
                Sluice(sluice, mode, wire, folder).close()
                self.takers[mode] = lambda mode=mode: Sluice(sluice, mode, wire, folder)
            except Failed as e:
                if "input.xdp_mode" not in str(e):
                    raise
                self.missing.append(str(e))

    def poll(self):
        """With GRO veth polls for frames in batches, as drivers do, also without an XDP program."""
        value = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_SGRO, 1))
        with self.wire.socket(1) as s:
            fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP16x", self.wire.far.encode(), ctypes.addressof(value)))

    def arrived(self):
        return int(self.wire.inside(self.wire.spaces[1], "cat", f"/sys/class/net/{self.wire.far}/statistics/rx_packets"))

    def send(self, frames, scene):
        """How many arrived, and the sender's processor time."""
        socket, octets, flows = scene
        before = self.arrived()
        text = output(["ip", "netns", "exec", self.wire.spaces[0], self.flood, *["-s"] * socket, "-n", str(frames), "-l", str(octets),
                       "-f", str(flows), "-t", str(SECONDS), "-c", str(machine.processors()[0]), self.wire.near], "flood", SECONDS + 30)
        said = json.loads(text)
        if said["sent"] < frames:
            raise Failed(f"flood: only {said['sent']} of {frames} frames within {SECONDS} s")
        return self.arrived() - before, said["processor_seconds"]

    def times(self, taker):
        return (of_process(taker.process.pid) if taker.process else 0.0, sum(map(of_task, self.threads)), of_machine())

    def settle(self, taker):
        """Waits until it has nothing left to do. Packet sockets hand over what does not fill a block after a second."""
        time.sleep(taker.patience)
        for _ in range(50):
            before = self.times(taker)[0]
            time.sleep(0.1)
            if self.times(taker)[0] - before < 0.01:
                return

    def run(self, name, frames, scene):
        """What one flood cost: seconds by whom, and what became of the packets."""
        taker = self.takers[name]()
        try:
            before = self.times(taker)
            sent, sender = self.send(frames, scene)
            self.settle(taker)
            own, kernel, busy = (b - a for a, b in zip(before, self.times(taker)))
            processed, lost = taker.end(scene[2], sent)
        finally:
            taker.close()
        if processed + lost != sent:
            raise Failed(f"{name}: {processed} packets processed and {lost} lost of {sent} sent")
        return {"own": own, "kernel": sender + kernel, "machine": busy, "sent": sent, "processed": processed, "lost": lost}


def why_not():
    """None when it can be measured here."""
    if len(machine.processors()) < 2:
        return "two processors are needed, one for the sender"
    return no_wire()


def measure(build, sluice, frames, repeats, scenes, note):
    """By scene and taker a list of what each of its floods cost, the kernel's share less what it needs with nobody there;
    and who could not take part, and why."""
    out = {}
    with tempfile.TemporaryDirectory(prefix="sluice-perf-") as folder, Wire() as wire:
        bed = Bed(wire, build, sluice, folder)
        for scene in scenes:
            floods = out[scene] = {name: [] for name in bed.takers}
            for i in range(repeats):
                for name in bed.takers:
                    note(f"veth, {'socket' if scene[0] else 'driver'}, {scene[1]} octets, {scene[2]} flows: {i + 1} of {repeats}, {name}")
                    floods[name].append(bed.run(name, frames, scene))
            base = statistics.median(f["kernel"] / f["sent"] for f in floods["nobody"])
            busy = statistics.median(f["machine"] / f["sent"] for f in floods["nobody"])
            for f in (f for name in bed.takers for f in floods[name]):
                f["kernel"] -= base * f["sent"]
                f["machine"] -= busy * f["sent"]
    return out, bed.missing


def main():
    if len(sys.argv) != 3:
        print(__doc__.strip().split("\n\n", 3)[-1], file=sys.stderr)
        return 2
    reason = why_not()
    if reason:
        print(f"veth: {reason}")
        return SKIPPED
    try:
        measured, missing = measure(*sys.argv[1:], 50000, 1, [(False, 60, 1024), (True, 512, 1)], lambda _: None)
    except Failed as e:
        print(e, file=sys.stderr)
        return 1
    for text in missing:
        print(text)
    for scene, floods in measured.items():
        print(*scene, {name: [run["processed"], run["lost"]] for name, (run,) in floods.items()})
    return 0


if __name__ == "__main__":
    stop_on_signals()
    sys.exit(main())
