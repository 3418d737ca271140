#!/usr/bin/env python3
"""Redirect mode over a veth pair: the frames sent are the records found, frames of several pieces
included, and what happens to the interface is told. Needs root; prints TAP.

usage: test_redirect.py SLUICE
"""
import os
import sys
import tempfile
import time

from program import ALL, HOSTS, OFFICE, RULES, Program, difference, expected, normal, why_no_mode
from wire import Wire, until

from frames import ETH_IP4, ethernet, ip4, read_pcap, udp, write_pcap    # beside the golden tests: program.py knows where
from harness import Tap


class Suite:
    def __init__(self, sluice, folder, tap):
        self.sluice, self.folder, self.tap = sluice, folder, tap
        self.office = [frame[1] for frame in read_pcap(OFFICE)]

    def redirect(self, wire, **how):
        return Program(self.sluice, self.folder, wire, "redirect", **{"lateness": "10s", **how})

    def same_records(self, fact, path, key, queues=1, mtu=1500, rules=None, **sets):
        """The frames of a capture, sent, give the records of the capture. A machine that is too busy for them loses some: then
        they are sent again, more slowly."""
        frames = [frame[1] for frame in read_pcap(path)]
        for calm in (1, 3, 9):
            with Wire(queues, mtu) as wire:
                live = self.redirect(wire, key=key, rules=rules, **sets)
                if not live.attached():
                    live.end()
                    if "Linux 6.6" in live.said():
                        self.tap.skip(fact, "AF_XDP sockets of this kernel do not take a frame in several pieces (Linux 6.6)")
                    else:
                        self.tap.line(False, fact, live.why())
                    return
                sent = wire.send(frames, calm=calm)
                status = live.finish()
            ledger = live.ledger()
            if not ledger.get("missed") and not ledger.get("shed") and sent == len(frames):
                break
        want = expected(self.sluice, self.folder, [path], key, rules)
        notes = difference(want, normal(live.lines()))
        if not ledger.get("balanced") or ledger["received"] != len(frames) or ledger["missed"] or sent != len(frames):
            notes.append(f"{sent} of {len(frames)} frames sent, ledger {ledger}")
        self.tap.line(not notes and status == 0 and want, fact, notes + live.why())

    def records(self):
        self.same_records("the recorded capture gives its records, matches included", OFFICE, ALL, rules=RULES)
        self.same_records("and with two workers behind a receiver", OFFICE, ALL, rules=RULES, workers=2, dispatch="software")
        self.same_records("two receive queues, polled by one worker", OFFICE, HOSTS, queues=2)
        self.same_records("two receive queues, a worker each", OFFICE, HOSTS, queues=2, workers=2, dispatch="rss")
        self.same_records("two receive queues, a receiver and two workers", OFFICE, HOSTS, queues=2, workers=2, dispatch="software")

    def jumbo(self):
        """Words across the borders of the pieces, at 3,840 octets and twice that, and frames just short and long enough; more
        pieces than there is memory, so that each must come back."""
        path, rules = os.path.join(self.folder, "jumbo.pcap"), os.path.join(self.folder, "jumbo.hs")
        frames = []
        for length in (60, 1514, 3839, 3840, 3841, 7679, 7680, 7681, 9014):
            payload = bytearray(b"." * (length - 42))
            for border in (3840, 7680):
                if length > border + 8:
                    payload[border - 42 - 4:border - 42 + 4] = b"crossing"
            payload[-4:] = b"last"
            frame = ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.2", 17, udp(length, 9, bytes(payload))))
            frames += [(1700000000000000 + length, frame, len(frame))]
        write_pcap(path, frames * 1200)
        with open(rules, "w") as f:
            f.write("1:/crossing/\n2:/last$/\n3:/crossing.*crossing/s\n")
        for workers in (1, 2):
            self.same_records(f"frames of up to 9,014 octets, matched across their pieces, {workers} worker{'s' * (workers > 1)}", path, ALL,
                              mtu=9000, rules=rules, workers=workers)

    def second(self):
        fact = "a second run on the same interface is refused, with the cure, and the first goes on"
        other = os.path.join(self.folder, "second")
        os.mkdir(other)
        with Wire() as wire:
            live = self.redirect(wire)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            refused = Program(self.sluice, other, wire, "redirect")
            try:
                status = refused.process.wait(20)
            except Exception:
                status = refused.end()
            sent = wire.send(self.office[:500])
            first = live.finish()
        good = status == 1 and "cure" in refused.said() and first == 0 and live.ledger().get("received") == sent == 500
        self.tap.line(good, fact, [f"second: {status}"] + refused.said().splitlines() + live.why())

    def away(self):
        fact = "an interface that goes away is taken up again when it returns"
        with Wire() as wire:
            live = self.redirect(wire)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            sent = wire.send(self.office[:300])
            live.begun()
            time.sleep(0.3)
            for _ in range(2):
                wire.unplug()
                time.sleep(0.7)
                wire.plug()
                back = until(wire.program, 5)
                time.sleep(0.1)
                sent += wire.send(self.office[:300])
            status = live.finish()
        ledger = live.ledger()
        good = back and status == 0 and ledger.get("balanced") and ledger["received"] == sent == 900 and live.said().count("went away") == 2
        self.tap.line(good, fact, [f"{sent} sent"] + live.why())

    def down(self):
        fact = "an interface that goes down is said once, and received from when it is up again"
        with Wire() as wire:
            live = self.redirect(wire)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            wire.inside(wire.spaces[1], "ip", "link", "set", wire.far, "down")
            time.sleep(1.5)
            wire.inside(wire.spaces[1], "ip", "link", "set", wire.far, "up")
            time.sleep(1)
            sent = wire.send(self.office[:300])
            status = live.finish()
        good = status == 0 and live.ledger().get("received") == sent == 300 and live.said().count("is down") == 1
        self.tap.line(good, fact, [f"{sent} sent"] + live.why())

    def rights(self):
        """As nobody, who may lock 8 MiB: less than two queues would like."""
        fact = "three capabilities are enough, with as much memory as may be locked"
        rights = "-all,+bpf,+net_admin,+net_raw"
        os.chmod(self.folder, 0o777)
        nobody = ["prlimit", f"--memlock={8 << 20}:{8 << 20}", "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                  "--inh-caps", rights, "--ambient-caps", rights, "--bounding-set", rights]
        with Wire(queues=2) as wire:
            live = self.redirect(wire, before=nobody)
            if not live.attached():
                live.end()
                return self.tap.line(False, fact, live.why())
            sent = wire.send(self.office, calm=True)
            status = live.finish()
        said = live.said()
        good = status == 0 and live.ledger().get("received") == sent == len(self.office) and "going on with" in said and "LimitMEMLOCK" in said
        self.tap.line(good, fact, [f"{sent} sent"] + live.why())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if reason := why_no_mode(sys.argv[1], "redirect"):
        print(f"1..0 # SKIP {reason}")
        return
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-redirect-") as folder:
        suite = Suite(os.path.realpath(sys.argv[1]), folder, tap)
        for part in (suite.records, suite.jumbo, suite.second, suite.away, suite.down, suite.rights):
            part()
    tap.end()


if __name__ == "__main__":
    main()
