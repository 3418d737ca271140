#!/usr/bin/env python3
"""Observe mode over a veth pair: the frames sent are the records found, the host at the far end notices nothing, and
nothing stays behind whatever ends the program. Needs root; prints TAP.

usage: test_observe.py SLUICE
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("support", "golden"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
from frames import ETH_IP4, ethernet, ip4, read_pcap, udp  # noqa: E402
from harness import Run, Tap  # noqa: E402

from wire import Live, Wire, until, why_not  # noqa: E402

OFFICE = os.path.join(HERE, "..", "golden", "captures", "office.pcap")
RULES = os.path.join(HERE, "..", "golden", "office.hs")
ALL = "src_ip dest_ip src_port dest_port proto vlan vlan_inner mpls vni tos in_port icmp_type icmp_code"
HOSTS = "src_ip dest_ip proto"
# One window for all: of a size whose next border is far away.
DAY = 86400
WINDOW = f"tumbling {max(range(200, 367), key=lambda days: days * DAY - time.time() % (days * DAY))}d"
TIMES = ("window_start_us", "window_end_us", "first_us", "last_us", "partial")
RIGHTS = "+bpf,+net_admin"
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def normal(lines, without=()):
    """Records without what depends on when they were taken."""
    records = (json.loads(line) for line in lines)
    return sorted(json.dumps({k: v for k, v in r.items() if k not in TIMES and k not in without}, sort_keys=True)
                  for r in records)


def frame(number, octets=60):
    return ethernet(ETH_IP4, ip4("10.8.0.1", "10.8.0.2", 17, udp(1000 + number % 100, 2000, b"x" * (octets - 42))))


class Observe(Live):
    """A run in observe mode; its records and summary after the end."""

    def __init__(self, sluice, folder, wire, key=HOSTS, rules=None, before=(), **sets):
        self.records_path = os.path.join(folder, "live.jsonl")
        self.summary_path = os.path.join(folder, "live.json")
        for path in (self.records_path, self.summary_path):
            if os.path.exists(path):
                os.unlink(path)
        conf = os.path.join(folder, "live.conf")
        settings = {"backend": "xdp", "device": wire.far, "workers": 1, **sets}
        with open(conf, "w") as f:
            f.write("[input]\n" + "".join(f"{k} = {v}\n" for k, v in settings.items()))
            f.write("[flow]\nrows = 65536\n")
            f.write(f"[match]\nrules = \"{rules}\"\ncache = off\n" if rules else "")
            f.write(f"[stream all]\nkey = {key}\nwindow = {WINDOW}\n[sink out]\ntype = json\npath = live.jsonl\n")
        argv = [*before, sluice, "run", conf, "--summary", self.summary_path]
        super().__init__(wire, argv, os.path.join(folder, "live.said"))

    def lines(self):
        if not os.path.exists(self.records_path):
            return []
        with open(self.records_path) as f:
            return f.read().splitlines()

    def summary(self):
        try:
            with open(self.summary_path) as f:
                return json.load(f)
        except (OSError, ValueError):
            return {}

    def ledger(self):
        return self.summary().get("ledger", {})

    def finish(self):
        """Lets what was sent arrive, then ends the run. Returns exit status."""
        time.sleep(0.5)
        return self.end(signal.SIGTERM)

    def hears(self, text):
        return until(lambda: text in self.said(), 10)

    def why(self):
        return [f"ledger {self.ledger()}"] + self.said().splitlines()[-12:]


class Suite:
    def __init__(self, sluice, folder, tap):
        self.sluice, self.folder, self.tap = sluice, folder, tap

    def observe(self, wire, **how):
        return Observe(self.sluice, self.folder, wire, **how)

    # ---- the same records as from the capture file ----

    def same_records(self, fact, path, key, rules=None, without=(), **sets):
        frames = [f[1] for f in read_pcap(path)]
        with Wire() as wire:
            live = self.observe(wire, key=key, rules=rules, **sets)
            attached = live.attached()
            sent = wire.send(frames) if attached else 0
            status = live.finish()
        want = normal(Run(self.sluice, self.folder,
                          {"input.backend": "pcap", "input.device": f'"{path}"', "input.lateness": "all"},
                          {"all": (key, WINDOW)}, rules).lines(), without)
        got, ledger = normal(live.lines(), without), live.ledger()
        notes = []
        if want != got:
            notes += [f"missing: {x}" for x in sorted(set(want) - set(got))[:5]]
            notes += [f"surplus: {x}" for x in sorted(set(got) - set(want))[:5]]
        if not ledger.get("balanced") or ledger["received"] != len(frames) or ledger["missed"] or sent != len(frames):
            notes.append(f"{sent} of {len(frames)} frames sent")
        self.tap.line(bool(not notes and status == 0 and want), fact, notes + live.why())

    def records(self):
        self.same_records("the recorded capture gives its records, matches included", OFFICE, ALL, rules=RULES)
        self.same_records("with two workers behind a receiver too", OFFICE, ALL, rules=RULES, workers=2)
        if os.cpu_count() > 1:
            self.same_records("with two workers that share the processors too", OFFICE, HOSTS, workers=2, dispatch="rss")
        else:
            self.tap.skip("with two workers that share the processors too", "one processor only")
        self.same_records("with a snap length that holds the headers all is counted whole", OFFICE, HOSTS, snaplen=192)

    # ---- the host at the far end ----

    def untouched(self):
        with Wire() as wire:
            ok = wire.arrives(frame(1))
            steps = [f"before: {ok}"]
            for i in range(20):
                live = self.observe(wire)
                here = live.attached() and wire.arrives(frame(i))
                status = live.end(signal.SIGTERM)
                gone = wire.program() is None and wire.arrives(frame(i))
                if not (here and gone and status == 0):
                    steps += [f"round {i}: while observing {here}, after {gone}, exit status {status}", *live.why()]
                    ok = False
            self.tap.line(ok, "frames reach the host while a run attaches, observes, detaches, twenty times", steps)
            for i in range(5):
                live = self.observe(wire)
                here = live.attached()
                time.sleep(i * 0.01)
                wire.send([frame(i)] * 100)
                live.end(signal.SIGKILL)
                gone = until(lambda: wire.program() is None, 2) and wire.arrives(frame(i))
                if not (here and gone):
                    steps += [f"round {i}: attached {here}, usable afterwards {gone}"]
                    ok = False
            self.tap.line(ok, "kill -9 leaves no program, and the interface usable", steps)

    def conversation(self):
        """A transfer over TCP, with segments as large as the kernel makes them, through the observed interface."""
        octets = os.urandom(3 << 20)
        with open(os.path.join(self.folder, "blob"), "wb") as f:
            f.write(octets)
        with Wire() as wire:
            for end, (space, name) in enumerate(zip(wire.spaces, (wire.near, wire.far))):
                wire.inside(space, "ip", "addr", "add", f"10.8.0.{end + 1}/24", "dev", name)
                wire.inside(space, "ip", "link", "set", "lo", "up")
            server = subprocess.Popen(wire.at_far([sys.executable, "-m", "http.server", "8080", "--bind", "10.8.0.2"]),
                                      cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            live = self.observe(wire, key="src_ip dest_ip dest_port proto")
            try:
                attached = live.attached()
                fetch = ("import urllib.request, sys\n"
                         "sys.stdout.buffer.write(urllib.request.urlopen('http://10.8.0.2:8080/blob', timeout=10).read())\n")
                until(lambda: "8080" in wire.inside(wire.spaces[1], "cat", "/proc/net/tcp") or ":1F90" in
                      wire.inside(wire.spaces[1], "cat", "/proc/net/tcp"), 5)
                got = subprocess.run(["ip", "netns", "exec", wire.spaces[0], sys.executable, "-c", fetch], capture_output=True)
                ping = subprocess.run(["ip", "netns", "exec", wire.spaces[0], "ping", "-q", "-c", "20", "-i", "0.01", "10.8.0.2"],
                                      capture_output=True, text=True) if os.path.exists("/bin/ping") else None
            finally:
                server.kill()
                server.wait()
            status = live.finish()
            records = [json.loads(line) for line in live.lines()]
        seen = [r for r in records if r.get("dest_port") == 8080 and r["proto"] == 6]
        self.tap.line(attached and got.stdout == octets and status == 0 and len(seen) == 1 and seen[0]["tcp_flags"] & 2,
                      "a download over the observed interface is whole, and seen", live.why() + [got.stderr.decode()[-300:]])
        if ping:
            self.tap.line(" 0% packet loss" in ping.stdout, "ping loses nothing", [ping.stdout])
        else:
            self.tap.skip("ping loses nothing", "there is no ping")

    def shapes(self):
        """Several interfaces, one of them without native XDP; frames in several buffers."""
        say = ("import socket, sys\n"
               "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
               "for i in range(10): s.sendto(bytes(int(sys.argv[1])), ('127.0.0.1', 9))\n")
        with Wire(mtu=9000) as wire:
            wire.inside(wire.spaces[1], "ip", "link", "set", "lo", "up")
            live = self.observe(wire, key="in_port dest_port proto", device=f"{wire.far} lo", snaplen=9216)
            attached = live.attached() and live.hears("lo: generic XDP")
            sent = [frame(0, octets) for octets in range(1000, 9000, 100)]
            wire.send(sent)
            for octets in ("100", "40000"):
                wire.inside(wire.spaces[1], sys.executable, "-c", say, octets)
            status = live.finish()
        rows = {(r["in_port"], r["dest_port"]): r for r in map(json.loads, live.lines()) if r["proto"] == 17}
        far, lo = rows.get((0, 2000), {}), rows.get((1, 9), {})
        self.tap.line(attached and status == 0 and lo.get("packets") == 20 and lo["bytes"] == 10 * (128 + 40028),
                      "an interface without native XDP is observed beside another, and the log says how", live.why())
        self.tap.line(far.get("packets") == len(sent) and far["frame_bytes"] == sum(map(len, sent)),
                      "frames of several buffers are counted whole", [str(far)] + live.why())

    # ---- what is lost is counted ----

    def flood(self):
        with Wire() as wire:
            live = self.observe(wire)
            live.attached()
            live.tell(signal.SIGSTOP)
            sent = wire.send([frame(i, 1400) for i in range(1000)], 100)
            live.tell(signal.SIGCONT)
            time.sleep(1)
            status = live.finish()
        ledger = live.ledger()
        self.tap.line(status == 0 and ledger.get("balanced") and ledger["missed"] > 0 and ledger["received"] > 1000
                      and ledger["received"] + ledger["missed"] == sent,
                      "what the rings had no room for is missed: received and missed are what was sent",
                      [f"{sent} sent"] + live.why())
        with Wire() as wire:
            live = self.observe(wire)
            live.attached()
            live.tell(signal.SIGSTOP)
            sent = wire.send([frame(1)], 500)
            # The signal comes first: nothing more is read.
            live.tell(signal.SIGTERM)
            live.tell(signal.SIGCONT)
            status = live.process.wait(30)
        ledger = live.ledger()
        self.tap.line(status == 0 and ledger.get("received", 0) + ledger.get("missed", 0) == sent,
                      "what was in the rings at the end is received or missed", [f"{sent} sent"] + live.why())

    # ---- interfaces that go and come ----

    def away(self):
        with Wire() as wire:
            live = self.observe(wire)
            live.attached()
            wire.send([frame(1)], 100)
            wire.inside(wire.spaces[1], "ip", "link", "set", wire.far, "down")
            down = live.hears(f"{wire.far} is down")
            wire.inside(wire.spaces[1], "ip", "link", "set", wire.far, "up")
            up = live.hears(f"{wire.far} is up again")
            until(lambda: "LOWER_UP" in wire.inside(wire.spaces[0], "ip", "link", "show", wire.near), 5)
            wire.send([frame(1)], 100)
            self.tap.line(down and up, "an interface that goes down and up is told of", live.why())
            wire.unplug()
            gone = live.hears(f"{wire.far} went away")
            time.sleep(1.5)
            wire.plug()
            back = until(wire.program, 10) and live.hears(f"{wire.far} is there again")
            wire.send([frame(2)], 100)
            told = subprocess.run(wire.at_far([self.sluice, "inputs"]), capture_output=True, text=True).stdout
            status = live.finish()
            once = live.said().count("went away") == 1 and live.said().count("is there again") == 1
            left = wire.program()
        ledger = live.ledger()
        self.tap.line(bool(gone and back and once and status == 0 and ledger.get("received") == 300 and ledger["balanced"]
                           and "rx-vlan-hw-parse" not in told),
                      "an interface that goes away is taken up again when it returns, and both are said once", live.why())
        self.tap.line(left is None, "and nothing is left attached at the end", [f"program {left}"])

    # ---- what cannot be ----

    def refused(self, fact, wire, texts, before=(), **sets):
        live = self.observe(wire, before=before, **sets)
        try:
            status = live.process.wait(20)
        except subprocess.TimeoutExpired:
            status = f"still running: {live.end(signal.SIGKILL)}"
        missing = [f"not said: {t}" for t in texts if t not in live.said()]
        self.tap.line(status == 1 and not missing, fact, missing + [f"exit status {status}"] + live.why())

    def errors(self):
        with Wire() as wire:
            self.refused("an interface that is not there is named", wire, ["nosuch0", "no such interface"], device="nosuch0")
            self.refused("an interface named twice is refused", wire, ["named twice"], device=f"{wire.far} {wire.far}")
            self.refused("kernel mode is refused", wire, ["input.xdp_mode", "accepted: observe, redirect"], xdp_mode="kernel")
            self.refused("more workers than processors are refused with dispatch = rss", wire,
                         ["input.dispatch = software"], workers=64, dispatch="rss")
            os.chmod(self.folder, 0o777)
            self.refused("without privileges the cure is said", wire, ["cap_bpf", "cap_net_admin", "setcap"], before=NOBODY)
            self.tap.line(wire.program() is None and wire.arrives(frame(1)), "after all of these nothing is attached")
            live = self.observe(wire)
            attached = live.attached()
            program = wire.program()
            second = os.path.join(self.folder, "second")
            os.makedirs(second, exist_ok=True)
            other = Observe(self.sluice, second, wire)
            status = other.process.wait(20)
            said = other.said()
            self.tap.line(attached and status == 1 and f"XDP program {program} (observe)" in said and "cure:" in said
                          and wire.program() == program,
                          "an interface that has a program is refused: the program and the cure are named", [said])
            wire.send([frame(1)], 10)
            status = live.finish()
            self.tap.line(status == 0 and live.ledger().get("received") == 10, "and the first run goes on", live.why())

    def rights(self):
        with Wire() as wire:
            live = self.observe(wire, before=NOBODY + ["--inh-caps", RIGHTS, "--ambient-caps", RIGHTS])
            attached = live.attached()
            wire.send([frame(1)], 10)
            status = live.finish()
            self.tap.line(attached and status == 0 and live.ledger().get("received") == 10,
                          "CAP_BPF and CAP_NET_ADMIN are enough", live.why())
            live = self.observe(wire)
            live.attached()

            def effective():
                if live.process.poll() is not None:
                    return None
                with open(f"/proc/{live.process.pid}/status") as f:
                    return int(re.search(r"CapEff:\s*(\w+)", f.read())[1], 16)
            until(lambda: effective() == 1 << 12 | 1 << 39, 2)
            held = effective()
            live.end(signal.SIGTERM)
            fact = "after opening, root too keeps only what is needed"
            if "libcap-ng" in subprocess.run([self.sluice, "--version"], capture_output=True, text=True).stdout:
                self.tap.skip(fact, "built without libcap-ng")
            else:
                self.tap.line(held == 1 << 12 | 1 << 39, fact, [f"CapEff {held}"])

    def choice(self):
        with Wire() as wire:
            live = self.observe(wire, backend="auto")
            attached = live.attached()
            wire.send([frame(1)], 10)
            status = live.finish()
            dpdk = "dpdk passed over" in live.said() or "DPDK input: no" in subprocess.run(
                [self.sluice, "--version"], capture_output=True, text=True).stdout
            self.tap.line(attached and status == 0 and live.summary().get("backend") == "xdp" and dpdk,
                          "auto takes an interface by xdp and says why not by dpdk", live.why())

            def inputs():
                text = subprocess.run(wire.at_far([self.sluice, "inputs"]), capture_output=True, text=True).stdout
                return text[text.find("\nxdp"):text.find("\npcap")]
            before = inputs()
            live = self.observe(wire)
            live.attached()
            during = inputs()
            live.end(signal.SIGTERM)
            self.tap.line(re.search(rf"{wire.far} .*driver veth", before) and "taken: XDP program" in during
                          and "taken" not in before, "sluice inputs tells of the interface and who has it", [before, during])
            self.tap.line("rx-vlan-hw-parse is on" in before and "rx-vlan-hw-parse" not in during and inputs() == before,
                          "VLAN stripping is off during a run and on again afterwards", [before, during, inputs()])


def main():
    if why := why_not():
        print(f"1..0 # SKIP {why}")
        return
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        suite = Suite(os.path.realpath(sys.argv[1]), folder, tap)
        for part in sys.argv[2:] or ["records", "untouched", "conversation", "shapes", "flood", "away", "errors", "rights", "choice"]:
            getattr(suite, part)()
    tap.end()


if __name__ == "__main__":
    main()
