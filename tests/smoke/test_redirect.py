#!/usr/bin/env python3
"""Redirect mode over a veth pair: the frames sent are the records found, none is lost without being counted, and
nothing stays behind. Needs root; prints TAP.

usage: test_redirect.py SLUICE
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("support", "golden"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
from frames import ETH_IP4, ethernet, ip4, read_pcap, udp, write_pcap  # noqa: E402
from harness import Run, Tap  # noqa: E402

from wire import Live, Wire, program_exists, until, why_not  # noqa: E402

OFFICE = os.path.join(HERE, "..", "golden", "captures", "office.pcap")
RULES = os.path.join(HERE, "..", "golden", "office.hs")
TUPLE = "src_ip dest_ip src_port dest_port proto"
ALL = TUPLE + " vlan vlan_inner mpls vni tos in_port icmp_type icmp_code"
HOSTS = "src_ip dest_ip proto"
# One window for all: of a size whose next border is far away.
DAY = 86400
WINDOW = f"tumbling {max(range(200, 367), key=lambda days: days * DAY - time.time() % (days * DAY))}d"
TIMES = ("window_start_us", "window_end_us", "first_us", "last_us", "partial")


def normal(lines):
    """Records without what depends on when they were taken."""
    records = (json.loads(line) for line in lines)
    return sorted(json.dumps({k: v for k, v in r.items() if k not in TIMES}, sort_keys=True) for r in records)


class Redirect(Live):
    """A run in redirect mode with a stream `all`; its records and summary after the end."""

    def __init__(self, sluice, folder, wire, key, rules=None, before=(), **sets):
        self.records_path = os.path.join(folder, "live.jsonl")
        self.summary_path = os.path.join(folder, "live.json")
        for path in (self.records_path, self.summary_path):
            if os.path.exists(path):
                os.unlink(path)
        conf = os.path.join(folder, "live.conf")
        settings = {"backend": "xdp", "xdp_mode": "redirect", "device": wire.far, "workers": 1, "lateness": "10s", **sets}
        with open(conf, "w") as f:
            f.write("[input]\n" + "".join(f"{k} = {v}\n" for k, v in settings.items()))
            f.write("[flow]\nrows = 65536\n")
            f.write(f"[match]\nrules = \"{rules}\"\ncache = off\n" if rules else "")
            f.write(f"[stream all]\nkey = {key}\nwindow = {WINDOW}\n[sink out]\ntype = json\npath = live.jsonl\n")
        super().__init__(wire, [*before, sluice, "run", conf, "--summary", self.summary_path], os.path.join(folder, "live.said"))

    def lines(self):
        if not os.path.exists(self.records_path):
            return []
        with open(self.records_path) as f:
            return f.read().splitlines()

    def ledger(self):
        try:
            with open(self.summary_path) as f:
                return json.load(f)["ledger"]
        except (OSError, ValueError):
            return {}

    def finish(self):
        """Lets what was sent arrive, then ends the run. Returns exit status."""
        time.sleep(1)
        return self.end()

    def why(self):
        return [f"ledger {self.ledger()}"] + self.said().splitlines()[-12:]


def difference(want, got):
    missing, surplus = sorted(set(want) - set(got)), sorted(set(got) - set(want))
    return ([f"missing: {line}" for line in missing[:6]] + [f"surplus: {line}" for line in surplus[:6]]
            + [f"{len(want)} records expected, {len(got)} found"])


class Suite:
    def __init__(self, sluice, folder, tap):
        self.sluice, self.folder, self.tap = sluice, folder, tap
        self.office = [frame[1] for frame in read_pcap(OFFICE)]

    def expected(self, path, key, rules=None):
        run = Run(self.sluice, self.folder, {"input.backend": "pcap", "input.device": f'"{path}"', "input.lateness": "all"},
                  {"all": (key, WINDOW)}, rules)
        return normal(run.lines())

    def same_records(self, fact, path, key, queues=1, mtu=1500, rules=None, **sets):
        """The frames of a capture, sent, give the records of the capture."""
        frames = [frame[1] for frame in read_pcap(path)]
        with Wire(queues, mtu) as wire:
            live = Redirect(self.sluice, self.folder, wire, key, rules, **sets)
            if not live.attached():
                live.end()
                if "Linux 6.6" in live.said():
                    self.tap.skip(fact, "AF_XDP sockets of this kernel do not take a frame in several pieces (Linux 6.6)")
                else:
                    self.tap.line(False, fact, live.why())
                return
            sent = wire.send(frames, calm=True)
            status = live.finish()
        want, got, ledger = self.expected(path, key, rules), normal(live.lines()), live.ledger()
        notes = [] if want == got else difference(want, got)
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

    def lost(self):
        """A program that stands still cannot take what is sent."""
        fact = "what finds no free memory is missed, and counted"
        with Wire() as wire:
            live = Redirect(self.sluice, self.folder, wire, HOSTS)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            live.tell(signal.SIGSTOP)
            sent = wire.send(self.office, 4)
            live.tell(signal.SIGCONT)
            status = live.finish()
        ledger = live.ledger()
        good = status == 0 and ledger.get("balanced") and ledger["missed"] > 0 and ledger["received"] + ledger["missed"] == sent
        self.tap.line(good, fact, [f"{sent} sent"] + live.why())

    def flood(self):
        fact = "a flood: every frame on the wire is received or missed"
        with Wire(queues=2) as wire:
            live = Redirect(self.sluice, self.folder, wire, HOSTS, RULES)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            sent = wire.send(self.office, 30)
            status = live.finish()
        ledger = live.ledger()
        good = status == 0 and ledger.get("balanced") and ledger["received"] + ledger["missed"] == sent
        self.tap.line(good, fact, [f"{sent} sent"] + live.why())

    def nothing_left(self, wire, number):
        return until(lambda: wire.program() is None and not wire.sockets() and not program_exists(number), 5)

    def ends(self):
        rounds, left = 0, []
        live = None
        with Wire(queues=2) as wire:
            for i in range(20):
                live = Redirect(self.sluice, self.folder, wire, HOSTS)
                if not live.attached():
                    break
                number = wire.program()
                status = live.end(random.choice((signal.SIGINT, signal.SIGTERM)))
                rounds += status == 0
                if not self.nothing_left(wire, number):
                    left.append(f"round {i}: program {wire.program()}, sockets {wire.sockets()}, id {number} {program_exists(number)}")
            self.tap.line(rounds == 20 and not left, "attached and detached 20 times, nothing is left", left + live.why())
            killed, left = 0, []
            for i in range(8):
                live = Redirect(self.sluice, self.folder, wire, HOSTS)
                # the later ones while it is being opened
                if i < 4 and not live.attached():
                    break
                time.sleep(random.random() * 0.1)
                number = wire.program()
                wire.send(self.office[:200])
                killed += live.end(signal.SIGKILL) == -signal.SIGKILL
                if number is not None and not self.nothing_left(wire, number):
                    left.append(f"round {i}: program {wire.program()}, sockets {wire.sockets()}, id {number} {program_exists(number)}")
            until(lambda: wire.program() is None, 5)
            usable = wire.arrives(self.office[0])
            self.tap.line(killed == 8 and not left and usable, "killed 8 times, nothing is left and the interface is the host's again",
                          left + [f"usable: {usable}"] + live.why())

    def second(self):
        fact = "a second run on the same interface is refused, with the cure, and the first goes on"
        other = os.path.join(self.folder, "second")
        os.mkdir(other)
        with Wire() as wire:
            live = Redirect(self.sluice, self.folder, wire, HOSTS)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            refused = Redirect(self.sluice, other, wire, HOSTS)
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
            live = Redirect(self.sluice, self.folder, wire, HOSTS)
            if not live.attached():
                return self.tap.line(False, fact, live.why())
            sent = wire.send(self.office[:300])
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
            live = Redirect(self.sluice, self.folder, wire, HOSTS)
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
            live = Redirect(self.sluice, self.folder, wire, HOSTS, before=nobody)
            if not live.attached():
                live.end()
                return self.tap.line(False, fact, live.why())
            sent = wire.send(self.office, calm=True)
            status = live.finish()
        said = live.said()
        good = status == 0 and live.ledger().get("received") == sent == len(self.office) and "going on with" in said and "LimitMEMLOCK" in said
        self.tap.line(good, fact, [f"{sent} sent"] + live.why())


def not_built(sluice):
    """Why this build has no redirect mode; None: it has."""
    said = subprocess.run([sluice, "--version"], capture_output=True, text=True).stdout
    line = next((line for line in said.splitlines() if line.strip().startswith("XDP input")), "XDP input: no")
    return line.strip() if "no redirect" in line or ": no" in line.replace("  ", " ") else None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    reason = not_built(sys.argv[1]) or why_not()
    if reason:
        print(f"1..0 # SKIP {reason}")
        return
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-redirect-") as folder:
        suite = Suite(os.path.realpath(sys.argv[1]), folder, tap)
        for part in (suite.records, suite.jumbo, suite.lost, suite.flood, suite.ends, suite.second, suite.away, suite.down, suite.rights):
            part()
    tap.end()


if __name__ == "__main__":
    main()
