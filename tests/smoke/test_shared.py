#!/usr/bin/env python3
"""input.xdp_attach = shared over a veth pair: what a run leaves when it ends, when it is killed, and what takes that away; the
programs of others, and of a run that goes on, stay. Through libxdp's dispatcher where the kernel lets it work, else alone.
Needs root; prints TAP.

usage: test_shared.py SLUICE
"""
import ctypes
import glob
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from kernel_objects import held, left
from program import Program, frame, why_no_mode
from wire import Wire, until

from harness import Tap    # beside program.py's

NEIGHBOUR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "neighbour.py")
CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x4000, 0x40000, 2
RIGHTS = "+bpf,+net_admin,+net_raw"
DISPATCHER = "attached through libxdp's dispatcher"
ALONE = "attached alone"


class Bpffs:
    """A BPF file system that this process and its children see, and where libxdp looks for it. None where there is none."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.path = tempfile.mkdtemp(prefix="sluice-bpffs-")
        self.mounted = self.libc.unshare(CLONE_NEWNS) == 0 and self.libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0 \
            and self.libc.mount(b"bpf", self.path.encode(), b"bpf", 0, None) == 0
        os.environ["LIBXDP_BPFFS"] = self.path

    def programs(self):
        return sorted(glob.glob(f"{self.path}/xdp/dispatch-*/prog*-prog"))

    def pins(self):
        return sorted(glob.glob(f"{self.path}/xdp/dispatch-*"))

    def close(self):
        if self.mounted:
            self.libc.umount2(self.path.encode(), MNT_DETACH)
        os.rmdir(self.path)


class Suite:
    def __init__(self, sluice, folder, tap, bpffs):
        self.sluice, self.folder, self.tap, self.bpffs = sluice, folder, tap, bpffs
        said = subprocess.run([sluice, "inputs"], capture_output=True, text=True).stdout
        m = re.search(r"^ +shared +(.*(?:\n {16,}.*)?)", said, re.M)
        self.said = " ".join(m[1].split()) if m else "nothing of `shared`"
        self.joins = self.said.startswith("able")
        self.frames = [frame(number) for number in range(100)]

    def start(self, wire, mode="observe", folder="", **sets):
        where = os.path.join(self.folder, folder)
        os.makedirs(where, exist_ok=True)
        return Program(self.sluice, where, wire, mode, xdp_attach=sets.pop("xdp_attach", "shared"), lateness="10s", **sets)

    def killed(self, wire, mode="observe"):
        """A run that ended with kill -9; what it left."""
        live = self.start(wire, mode)
        if live.attached():
            live.hears("attached ")
            live.end(signal.SIGKILL)
        return live

    def detach(self, wire, *names):
        done = subprocess.run(wire.at_far([self.sluice, "detach", *names]), capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def neighbour(self, wire, **env):
        done = subprocess.run(wire.at_far([sys.executable, NEIGHBOUR, wire.far]), capture_output=True, text=True, env={**os.environ, **env})
        return done.returncode == 0 and wire.program(), done.stderr.splitlines()

    def clean(self, wire):
        """What is still there, for people."""
        until(lambda: wire.program() is None, 5)
        return ([f"program {wire.program()}"] if wire.program() else []) + self.bpffs.pins()

    def inputs(self):
        with Wire() as wire:
            said = subprocess.run(wire.at_far([self.sluice, "inputs"]), capture_output=True, text=True).stdout
        self.tap.line(self.joins or "dispatcher cannot be used" in self.said, "sluice inputs tells whether the dispatcher can be used", said.splitlines())
        with Wire() as wire:
            live = self.start(wire)
            there = live.attached() and live.hears(DISPATCHER if self.joins else ALONE)
            live.end()
        self.tap.line(there, "the log tells which way the program was attached", [self.said] + live.why())

    def life(self, mode):
        with Wire() as wire:
            live = self.start(wire, mode)
            there = live.attached()
            objects = held(live.process.pid)
            joined = len(self.bpffs.programs())
            sent = wire.send(self.frames) if there else 0
            status = live.finish()
            rest = self.clean(wire) + (left(objects) if not until(lambda: not left(objects), 5) else [])
            usable = wire.arrives(frame(1))
        ledger = live.ledger()
        good = there and status == 0 and ledger.get("counted") == sent == 100 and not live.balances() and joined == self.joins and objects
        self.tap.line(good and not rest and usable, f"{mode}: frames are counted, and nothing is left when the run ends",
                      [f"{sent} sent, {joined} in the dispatcher, left: {rest}, usable: {usable}"] + live.why())

    def killing(self, mode):
        with Wire() as wire:
            first = self.killed(wire, mode)
            stays = wire.program()
            passes = wire.arrives(frame(1))
            told = subprocess.run(wire.at_far([self.sluice, "inputs"]), capture_output=True, text=True).stdout
            cure = f"left behind by process {first.process.pid}" in told and f"sluice detach {wire.far}" in told
            self.tap.line(stays and passes and cure, f"{mode}, killed: the program stays, frames go on to the host, sluice inputs names the cure",
                          [f"program {stays}, passes: {passes}"] + told.splitlines() + first.why())
            live = self.start(wire, mode)
            again = live.attached() and live.hears("left behind by process") and live.hears("attached ")
            sent = wire.send(self.frames) if again else 0
            status = live.finish()
            rest = self.clean(wire)
            self.tap.line(again and status == 0 and live.ledger().get("counted") == sent == 100 and not rest,
                          f"{mode}: the next start removes what was left, and leaves nothing itself", [f"left: {rest}"] + live.why())
            self.killed(wire, mode)
            live = self.start(wire, mode, xdp_attach="exclusive")
            again = live.attached() and live.hears("left behind by process")
            status = live.end()
            rest = self.clean(wire)
            self.tap.line(again and status == 0 and not rest, f"{mode}: so does one that is not shared", [f"left: {rest}"] + live.why())
            first = self.killed(wire, mode)
            status, said = self.detach(wire, wire.far)
            rest = self.clean(wire)
            named = "removed XDP program" in said and f"process {first.process.pid}" in said
            second = self.detach(wire, wire.far)
            self.tap.line(status == 0 and named and not rest and second[0] == 0 and "there is no XDP program" in second[1],
                          f"{mode}: sluice detach names what it removes; there is nothing the second time", [f"{status}: {said}", f"left: {rest}", str(second)])

    def random(self):
        """At any moment of its start, or a little later."""
        with Wire() as wire:
            began = time.monotonic()
            live = self.start(wire)
            there = live.attached() and live.hears("attached ")
            took = time.monotonic() - began
            live.end()
            notes, attached = [], 0
            for i in range(16):
                live = self.start(wire)
                time.sleep(took * 1.2 * (i + random.random()) / 16)
                live.end(signal.SIGKILL)
                attached += wire.program() is not None
                if i % 2:
                    notes += [f"round {i}: {fault}" for fault in self.detach(wire, wire.far)[0] and ["detach failed"] or self.clean(wire)]
            status, said = self.detach(wire, wire.far)
            notes += self.clean(wire)
            usable = wire.arrives(frame(1))
        self.tap.line(there and attached and status == 0 and not notes and usable, "killed at any moment, nothing is left after sluice detach",
                      [f"attached {attached} times of 16, usable: {usable}"] + notes + live.why())

    def gone(self):
        fact = "what a killed run left of an interface that is gone goes with the next detach"
        if not self.joins:
            return self.tap.skip(fact, f"pins are the dispatcher's: {self.said}")
        with Wire() as wire:
            self.killed(wire)
            before = self.bpffs.programs()
            wire.unplug()
            wire.plug()
            status, said = self.detach(wire, wire.far)
            self.tap.line(len(before) == 1 and status == 0 and not self.bpffs.pins(), fact, [f"{status}: {said}"] + before + self.bpffs.pins())

    def away(self, mode):
        with Wire() as wire:
            live = self.start(wire, mode)
            there = live.attached() and live.begun()
            wire.unplug()
            away = live.hears("went away")
            # Another number, as a rule the first does not come back.
            wire.plug()
            back = until(wire.program, 10) and live.hears("taken up")
            sent = wire.send(self.frames) if back else 0
            status = live.finish()
            rest = self.clean(wire)
        self.tap.line(there and away and back and status == 0 and live.ledger().get("counted") == sent == 100 and not rest,
                      f"{mode}: an interface that returns is taken up again, and nothing is left of either", [f"{sent} sent, left: {rest}"] + live.why())

    def taken_off(self):
        with Wire() as wire:
            live = self.start(wire)
            first = live.attached() and wire.program()
            wire.inside(wire.spaces[1], "ip", "link", "set", "dev", wire.far, "xdp", "off")
            again = until(lambda: wire.program() not in (None, first), 10) and live.hears("attached again")
            status = live.finish()
            rest = self.clean(wire)
        self.tap.line(first and again and status == 0 and not rest, "a program that somebody took off is attached again", [f"left: {rest}"] + live.why())

    def two(self):
        """Two runs on one interface."""
        with Wire() as wire:
            first = self.start(wire)
            there = first.attached() and first.hears("attached ")
            status, said = self.detach(wire, wire.far)
            self.tap.line(there and status == 0 and "is in use by process" in said and wire.program(), "sluice detach leaves the program of a run that goes on",
                          [f"{status}: {said}"] + first.why())
            second = self.start(wire, folder="second")
            if self.joins:
                beside = until(lambda: len(self.bpffs.programs()) == 2, 10) and second.hears(DISPATCHER)
                sent = wire.send(self.frames)
                time.sleep(1)
                ended = second.end()
                sent_alone = wire.send(self.frames)
                status = first.finish()
                good = beside and ended == 0 and status == 0 and second.ledger().get("counted") == sent == 100 \
                    and first.ledger().get("counted") == sent + sent_alone == 200
                fact = "two runs share an interface, and each sees all frames"
            else:
                refused = second.wait()
                sent = wire.send(self.frames)
                status = first.finish()
                good = refused == 1 and f"of Sluice, process {first.process.pid}" in second.said() and "cure" in second.said() \
                    and status == 0 and first.ledger().get("counted") == sent == 100
                fact = "without a dispatcher the second run is refused, naming the first, which goes on"
            rest = self.clean(wire)
        self.tap.line(good and not rest, fact, [f"left: {rest}"] + second.why() + first.why())

    def two_ends(self):
        fact = "of two runs on an interface the killed one is removed, the other one stays"
        if not self.joins:
            return self.tap.skip(fact, f"there can be one: {self.said}")
        with Wire() as wire:
            first, second = self.start(wire), None
            there = first.attached() and first.hears(DISPATCHER)
            second = self.start(wire, folder="second")
            there = there and until(lambda: len(self.bpffs.programs()) == 2, 10) and second.hears(DISPATCHER)
            second.end(signal.SIGKILL)
            status, said = self.detach(wire, wire.far)
            one = len(self.bpffs.programs())
            sent = wire.send(self.frames)
            ended = first.finish()
            rest = self.clean(wire)
        good = there and status == 0 and f"left behind by process {second.process.pid}" in said and one == 1 and ended == 0
        self.tap.line(good and first.ledger().get("counted") == sent == 100 and not rest, fact, [f"{status}: {said}", f"left: {rest}"] + first.why())

    def beside(self, mode):
        fact = f"{mode}: beside another program, which stays"
        if not self.joins:
            return self.tap.skip(fact, self.said)
        with Wire() as wire:
            there, notes = self.neighbour(wire)
            live = self.start(wire, mode)
            together = there and until(lambda: len(self.bpffs.programs()) == 2, 10) and live.hears(DISPATCHER)
            sent = wire.send(self.frames)
            status = live.finish()
            alone, ledger, notes = len(self.bpffs.programs()), live.ledger(), notes + live.why()
            self.killed(wire, mode)
            both = len(self.bpffs.programs())
            detached = self.detach(wire, wire.far)
            after = len(self.bpffs.programs())
            stays = wire.program() and wire.arrives(frame(1))
        good = together and status == 0 and ledger.get("counted") == sent == 100 and (alone, both, after) == (1, 2, 1)
        self.tap.line(good and detached[0] == 0 and "removed" in detached[1] and stays, fact,
                      notes + [f"{sent} sent; programs in the dispatcher: {alone}, killed {both}, detached {after}", str(detached)])
        # The neighbour's pins, which are nobody's now.
        for path in glob.glob(f"{self.bpffs.path}/xdp/dispatch-*/*"):
            os.unlink(path)
        for folder in self.bpffs.pins():
            os.rmdir(folder)

    def filtered(self):
        """Kernel mode's filter is a program of its own."""
        with Wire() as wire:
            live = self.start(wire, "kernel", filter="udp src port 1007")
            if self.joins:
                good = live.wait() == 1 and "a dispatcher does not take" in live.said() and "xdp_attach = exclusive" in live.said()
                fact = "behind a dispatcher kernel mode refuses a filter, with the cure"
            else:
                sent = live.attached() and wire.send(self.frames)
                good = live.finish() == 0 and live.ledger().get("counted") == 1 and live.ledger().get("filtered") == sent - 1 == 99
                fact = "kernel mode with a filter"
            rest = self.clean(wire)
        self.tap.line(good and not rest, fact, [f"left: {rest}"] + live.why())

    def other(self):
        with Wire() as wire:
            there, notes = self.neighbour(wire, LIBXDP_SKIP_DISPATCHER="1")
            live = self.start(wire)
            status = live.wait()
            stays = there and wire.program() == there
            good = status == 1 and "(xdp_pass)" in live.said() and "cure" in live.said() and "xdp off" in live.said()
            self.tap.line(good and stays, "a program without a dispatcher is named, with the cure, and stays", notes + live.why())
            status, said = self.detach(wire, wire.far)
            self.tap.line(status == 0 and "nothing was left behind" in said and "(xdp_pass)" in said and wire.program() == there,
                          "sluice detach leaves it too", [f"{status}: {said}"])

    def jumbo(self):
        with Wire(mtu=9000) as wire:
            live = self.start(wire, snaplen=65536)
            there = live.attached()     # natively
            sent = wire.send([frame(number, 9014) for number in range(20)], calm=True)
            status = live.finish()
        self.tap.line(there and status == 0 and "generic" not in live.said() and live.ledger().get("counted") == sent == 20,
                      "frames of 9,014 octets, natively", live.why())

    def rights(self):
        """As nobody, with what is asked for, and with less."""
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        os.chmod(self.folder, 0o777)

        def having(rights):
            return [*nobody, "--inh-caps", f"-all,{rights}", "--ambient-caps", f"-all,{rights}", "--bounding-set", f"-all,{rights}"]
        with Wire() as wire:
            live = self.start(wire, before=having(RIGHTS))
            status = live.wait()
            self.tap.line(status == 1 and "cap_sys_admin is missing" in live.said() and wire.program() is None,
                          "without CAP_SYS_ADMIN it is refused, naming it", live.why())
            for path in (live.records_path, live.summary_path):
                if os.path.exists(path):
                    os.unlink(path)
            live = self.start(wire, before=having(RIGHTS + ",+sys_admin,+dac_override"))
            there = live.attached() and live.hears("attached ")
            kept = {}
            if there:
                until(lambda: self.kept(live) == "8000201002", 5)
                kept = self.kept(live)
            sent = wire.send(self.frames) if there else 0
            status = live.finish()
            rest = self.clean(wire)
        # dac_override, net_admin, sys_admin, bpf
        self.tap.line(there and kept == "8000201002" and status == 0 and live.ledger().get("counted") == sent == 100 and not rest,
                      "four capabilities are enough, kept are those, and detaching works with them", [f"kept {kept}, left: {rest}"] + live.why())

    def kept(self, live):
        """Of the process, and of the thread that attaches again."""
        found = set()
        for path in glob.glob(f"/proc/{live.process.pid}/task/*/status"):
            with open(path) as f:
                found |= set(re.findall(r"^CapEff:\s*0*(\w+)$", f.read(), re.M))
        return found.pop() if len(found) == 1 else found

    def usage(self):
        faults = []
        for argv, status, text in (([], 2, "no interface is named"), (["--help"], 0, "exit status"), (["--nonsense"], 2, "usage"),
                                   (["nosuch0"], 1, "nosuch0: no such interface"), (["lo", "nosuch0"], 1, "lo: there is no XDP program")):
            done = subprocess.run([self.sluice, "detach", *argv], capture_output=True, text=True)
            if done.returncode != status or text not in done.stdout + done.stderr:
                faults += [f"detach {argv}: {done.returncode}: {done.stdout}{done.stderr}"]
        self.tap.line(not faults, "sluice detach: bad usage is 2, an interface that is not there 1, and each is named", faults)


def not_built(sluice):
    """Why this build cannot share; None: it can."""
    said = subprocess.run([sluice, "inputs"], capture_output=True, text=True).stdout
    m = re.search(r"^ +shared +(not part of this build.*)", said, re.M)
    return m[1] if m else None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sluice = os.path.realpath(sys.argv[1])
    reason = why_no_mode(sluice, "redirect") or not_built(sluice)
    if reason:
        print(f"1..0 # SKIP {reason}")
        return
    tap, bpffs = Tap(), Bpffs()
    try:
        with tempfile.TemporaryDirectory(prefix="sluice-shared-") as folder:
            suite = Suite(sluice, folder, tap, bpffs)
            suite.inputs()
            for mode in ("observe", "redirect", "kernel"):
                suite.life(mode)
                suite.killing(mode)
                suite.away(mode)
                suite.beside(mode)
            for part in (suite.random, suite.gone, suite.taken_off, suite.two, suite.two_ends, suite.filtered, suite.other, suite.jumbo, suite.rights, suite.usage):
                part()
    finally:
        bpffs.close()
    tap.end()


if __name__ == "__main__":
    main()
