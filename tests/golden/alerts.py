#!/usr/bin/env python3
"""Alerts: that there is one for each match event, the same ones by any way and for any number of workers, and what is in them.

usage: alerts.py SLUICE [--no-dpdk]
"""
import base64
import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Run, Tap  # noqa: E402

from frames import ETH_IP4, ETH_IP6, ethernet, icmp, ip4, ip6, sctp, tcp, udp, vlan, vxlan, write_pcap  # noqa: E402
from golden import TUPLE, WINDOW_US, difference, ways  # noqa: E402
from live import replace_file, run_reloading  # noqa: E402

T0 = 1700000000000000
OFFICE = os.path.join(HERE, "captures", "office.pcap")
EVE = {"sink alerts": {"type": "eve", "path": "alerts.json"}}
SUITS = {"TCP": 6, "UDP": 17, "ICMP": 1, "IPv6-ICMP": 58, "SCTP": 132}


class Alerts(Run):
    """A run with an eve sink beside the others."""

    def __init__(self, sluice, folder, sets, rules, streams=None):
        self.path = os.path.join(folder, "alerts.json")
        if os.path.exists(self.path):
            os.unlink(self.path)
        super().__init__(sluice, folder, sets, streams or {"flows": (TUPLE, "tumbling 10s")}, rules, more=EVE)

    def alerts(self):
        """The lines in the order of the file."""
        if not os.path.exists(self.path):
            return []
        with open(self.path) as f:
            return f.read().splitlines()

    def accounts(self):
        """What the counters say that is not so."""
        s, n = self.summary(), len(self.alerts())
        m, sink = s["match"], s["sinks"]["alerts"]
        if m["events"] == m["alerts"] == n == sink["delivered"] and not m["alerts_dropped"] and not m["alerts_suppressed"]:
            return []
        return [f"{n} lines, {m}, {sink}"]


def us(alert):
    """An alert's time in microseconds since 1970."""
    whole = datetime.strptime(alert["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return (whole - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)


def office(sluice, dpdk, tap, folder):
    rules = os.path.join(HERE, "office.hs")
    first = None
    for way, sets in ways(OFFICE, folder, dpdk):
        run = Alerts(sluice, folder, {**sets, "input.lateness": "all"}, rules)
        lines = run.alerts()
        notes = run.accounts()
        first = sorted(lines) if first is None else first
        notes += [] if sorted(lines) == first else difference(first, sorted(lines))
        alerts = [json.loads(line) for line in lines]
        times = [us(a) for a in alerts]
        notes += [] if times == sorted(times) else ["they are not in order of time"]
        # What the windows say, rule by rule of nothing but their numbers.
        want = Counter()
        for r in map(json.loads, run.lines()):
            want[(r["src_ip"], r["src_port"], r["dest_ip"], r["dest_port"], r["proto"], r["window_start_us"])] += r["matches"]
        got = Counter()
        for a, t in zip(alerts, times):
            got[(a["src_ip"], a.get("src_port", 0), a["dest_ip"], a.get("dest_port", 0), SUITS[a["proto"]], t - t % WINDOW_US)] += 1
        notes += [] if +want == got else [f"windows: {+want - got}, alerts: {got - want}"]
        tap.line(not notes and run.status == 0 and len(lines) > 50, f"office: an alert for each match event, {way}", notes + run.why())


def unruly(sluice, tap, folder):
    """Event time runs to and fro, by more than the lateness too, and many alerts fall on one microsecond."""
    dice, path, rules = random.Random(4), os.path.join(folder, "unruly.pcap"), os.path.join(folder, "unruly.hs")
    frames, now = [], T0
    for _ in range(20000):
        now += dice.choice((0, 0, 0, 1000))
        at = now - dice.choice((0,) * 20 + (400000, 2500000))
        src, dst = (f"10.0.{dice.randrange(3)}.{dice.randrange(40)}" for _ in "ab")
        frame = ethernet(ETH_IP4, ip4(src, dst, 17, udp(dice.randrange(3), 53, dice.choice((b"abc", b"abcd", b"bcd", b"none")))))
        frames.append((at, frame, len(frame)))
    write_pcap(path, frames)
    with open(rules, "w") as f:
        f.write("1:/abc/\n2:/bcd/\n3:/a/\n4:/c/\n5:/^abcd$/\n")
    first = None
    for lateness in ("1s", "0s", "all"):
        order = None
        for workers in (1, 2, 4):
            sets = {"input.backend": "pcap", "input.device": f'"{path}"', "input.workers": workers, "input.lateness": lateness}
            run = Alerts(sluice, folder, sets, rules)
            lines, notes = run.alerts(), run.accounts()
            # Late packets are matched as well: alerts do not depend on the lateness, nor does what is in them.
            first = sorted(lines) if first is None else first
            notes += [] if sorted(lines) == first else difference(first, sorted(lines))
            # Nor does their order, late ones included, depend on who found them.
            order = lines if order is None else order
            notes += [] if lines == order else ["their order depends on the number of workers"]
            late = run.summary()["ledger"]["late"]
            notes += [] if (late > 100) == (lateness != "all") else [f"{late} late packets"]
            if lateness == "all":
                notes += [] if lines == sorted(lines, key=lambda x: json.loads(x)["timestamp"]) else ["they are not in order of time"]
            tap.line(not notes and run.status == 0, f"out of order, lateness {lateness}, {workers} workers: none is lost, differs or moves",
                     notes + run.why())


def community(src, dst, proto, sport=None, dport=None, one_way=False):
    """The specification's way, with Python's own SHA-1."""
    ends = [(ip_address(src).packed, sport), (ip_address(dst).packed, dport)]
    ends = ends if one_way or (ends[0][0], sport or 0) < (ends[1][0], dport or 0) else ends[::-1]
    octets = bytes(2) + ends[0][0] + ends[1][0] + bytes([proto, 0])
    if sport is not None:
        octets += struct.pack("!HH", ends[0][1], ends[1][1])
    return "1:" + base64.b64encode(hashlib.sha1(octets).digest()).decode()


def contents(sluice, tap, folder):
    path, rules = os.path.join(folder, "contents.pcap"), os.path.join(folder, "contents.hs")
    a, b, a6, b6, text = "10.0.0.2", "10.0.0.1", "fd00::1", "fd00::2", b"say needle"
    inner = ip4("192.168.0.1", "192.168.0.2", 17, udp(7, 8, text))
    plain = {"src_ip": a, "dest_ip": b, "ip_v": 4}
    cases = [
        (ethernet(ETH_IP4, ip4(a, b, 6, tcp(1000, 80, payload=text))),
         {**plain, "proto": "TCP", "src_port": 1000, "dest_port": 80, "bytes": 50, "community_id": community(a, b, 6, 1000, 80)}),
        (ethernet(ETH_IP4, ip4(b, a, 6, tcp(80, 1000, payload=text))),
         {"src_ip": b, "dest_ip": a, "ip_v": 4, "proto": "TCP", "src_port": 80, "dest_port": 1000, "bytes": 50,
          "community_id": community(a, b, 6, 1000, 80)}),
        (ethernet(0x88A8, vlan(200, 0x8100, vlan(100, ETH_IP6, ip6(a6, b6, 17, udp(5, 6, text))))),
         {"vlan": [200, 100], "src_ip": a6, "dest_ip": b6, "ip_v": 6, "proto": "UDP", "src_port": 5, "dest_port": 6, "bytes": 58,
          "community_id": community(a6, b6, 17, 5, 6)}),
        (ethernet(0x8100, vlan(100, ETH_IP4, ip4(a, b, 132, sctp(5, 6, text)))),
         {**plain, "vlan": [100], "proto": "SCTP", "src_port": 5, "dest_port": 6, "bytes": 42, "community_id": community(a, b, 132, 5, 6)}),
        (ethernet(ETH_IP4, ip4(a, b, 1, icmp(8, 0, text))),
         {**plain, "proto": "ICMP", "icmp_type": 8, "icmp_code": 0, "bytes": 38, "community_id": community(a, b, 1, 8, 0)}),
        (ethernet(ETH_IP6, ip6(a6, b6, 58, icmp(3, 1, text))),
         {"src_ip": a6, "dest_ip": b6, "ip_v": 6, "proto": "IPv6-ICMP", "icmp_type": 3, "icmp_code": 1, "bytes": 58,
          "community_id": community(a6, b6, 58, 3, 1, True)}),
        (ethernet(ETH_IP4, ip4(a, b, 99, text)), {**plain, "proto": "099", "bytes": 30, "community_id": community(a, b, 99)}),
        (ethernet(ETH_IP4, ip4(a, b, 17, udp(9, 4789, vxlan(77, ethernet(ETH_IP4, inner))))),
         {"src_ip": "192.168.0.1", "dest_ip": "192.168.0.2", "ip_v": 4, "proto": "UDP", "src_port": 7, "dest_port": 8, "bytes": 38,
          "community_id": community("192.168.0.1", "192.168.0.2", 17, 7, 8)}),
    ]
    write_pcap(path, [(T0 + i * 1000 + 7, frame, len(frame)) for i, (frame, _) in enumerate(cases)])
    with open(rules, "w") as f:
        f.write('4000000000:/needle|"x\\\\/s\n')
    run = Alerts(sluice, folder, {"input.backend": "pcap", "input.device": f'"{path}"'}, rules)
    alerts = [json.loads(line) for line in run.alerts()]
    notes = run.accounts() + ([] if len(alerts) == len(cases) else [f"{len(alerts)} alerts"])
    ids = [a.pop("flow_id") for a in alerts]
    rule = {"action": "allowed", "gid": 1, "signature_id": 4000000000, "rev": 0, "signature": '/needle|"x\\\\/s', "category": "", "severity": 3}
    for i, (got, (_, fields)) in enumerate(zip(alerts, cases)):
        want = {"timestamp": f"2023-11-14T22:13:20.{i * 1000 + 7:06}+0000", "event_type": "alert", "packets": 1, "alert": rule, **fields}
        notes += [] if got == want else [f"wanted {want}", f"found  {got}"]
    tap.line(not notes and run.status == 0, "what is in an alert is what was in the packet, in Suricata's words", notes + run.why())
    tap.line(len(ids) == len(cases) and ids[0] == ids[1] and len(set(ids)) == len(ids) - 1 and all(0 < i < 2**53 for i in ids),
             "flow_id is one for both directions, of each flow another, and a safe integer", [str(ids)])


def many(sluice, tap, folder):
    """More alerts at once than any ring holds: a capture waits."""
    path, rules = os.path.join(folder, "many.pcap"), os.path.join(folder, "many.hs")
    frames = []
    for i in range(6000):
        frame = ethernet(ETH_IP4, ip4(f"10.0.{i % 7}.1", "10.9.9.9", 17, udp(i, 53, b"abcdefgh")))
        frames.append((T0 + i // 100, frame, len(frame)))
    write_pcap(path, frames)
    with open(rules, "w") as f:
        f.writelines(f"{i}:/{'abcdefgh'[i % 8]}/\n" for i in range(16))
    first = None
    for workers in (1, 3):
        run = Alerts(sluice, folder, {"input.backend": "pcap", "input.device": f'"{path}"', "input.workers": workers}, rules)
        lines = sorted(run.alerts())
        first = first or lines
        notes = run.accounts() + ([] if lines == first else difference(first, lines))
        tap.line(not notes and len(lines) == 96000 and run.status == 0, f"a capture waits for the exporter: no alert is lost, {workers} workers",
                 notes + run.why())


def replaced(sluice, tap, folder):
    """Rules are replaced while alerts of the old ones wait for their turn: each alert names a rule of the set that found it."""
    path, rules, out, conf = (os.path.join(folder, f"replaced.{end}") for end in ("pcap", "hs", "json", "conf"))
    frame = ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.2", 17, udp(1, 53, b"common needle")))
    write_pcap(path, [(T0 + i * 100, frame, len(frame)) for i in range(12000)])

    def write_rules(number):
        replace_file(rules, f"1:/common/\n{number}:/needle|{number}/\n")

    write_rules(100)
    with open(conf, "w") as f:
        f.write(f'[input]\nbackend = pcap\ndevice = "{path}"\nworkers = 2\npace = 5000\n[match]\nrules = "{rules}"\ncache = off\n'
                f'[sink a]\ntype = eve\npath = "{out}"\n')
    status, said = run_reloading(sluice, conf, lambda i: write_rules(100 + i), 5)
    with open(out) as f:
        rules_seen = Counter((a["signature_id"], a["signature"]) for a in (json.loads(line)["alert"] for line in f))
    commons = rules_seen.pop((1, "/common/"), 0)
    good = commons == 12000 and sum(rules_seen.values()) == 12000 and len(rules_seen) > 2
    good = good and all(text == f"/needle|{sid}/" for sid, text in rules_seen)
    tap.line(good and status == 0, "alerts of rules that were replaced meanwhile are what they were",
             [str(commons), str(rules_seen), said])


def outputs(sluice, tap, folder):
    conf, rules = os.path.join(folder, "out.conf"), os.path.join(HERE, "office.hs")

    def run(sink, match=f'rules = "{rules}"\ncache = off', summary=os.path.join(folder, "out.json")):
        with open(conf, "w") as f:
            f.write(f'[input]\nbackend = pcap\ndevice = "{OFFICE}"\n[match]\n{match}\n[sink a]\ntype = eve\n{sink}\n')
        return subprocess.run([sluice, "run", conf, "--summary", summary], capture_output=True, text=True, timeout=60)

    done = run("path = -")
    lines = done.stdout.splitlines()
    tap.line(done.returncode == 0 and len(lines) > 50 and all(json.loads(x)["event_type"] == "alert" for x in lines),
             "alerts go to standard output, without streams too", [str(done.returncode), done.stderr])
    done = run("path = /dev/full")
    with open(os.path.join(folder, "out.json")) as f:
        s = json.load(f)
    tap.line(done.returncode == 1 and s["sinks"]["a"] == {"delivered": 0, "spooled": 0, "dropped": len(lines)} and "sink a" in done.stderr,
             "alerts that cannot be written are counted, and a fault", [str(done.returncode), done.stderr, str(s)])
    done = run("path = x", match="")
    tap.line(done.returncode == 2 and "out.conf:7: sink.a.type: eve: there are no rules" in done.stderr,
             "an eve sink without rules is an error", [str(done.returncode), done.stderr])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sluice, tap = sys.argv[1], Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-alerts-") as folder:
        office(sluice, "--no-dpdk" not in sys.argv, tap, folder)
        for part in (unruly, contents, many, replaced, outputs):
            part(sluice, tap, folder)
    tap.end()


if __name__ == "__main__":
    main()
