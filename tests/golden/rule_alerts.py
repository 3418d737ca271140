#!/usr/bin/env python3
"""What alerts say of rules in Snort's and Suricata's syntax, and which of them are made. usage: rule_alerts.py SLUICE"""
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap  # noqa: E402

from frames import ETH_IP4, ethernet, ip4, udp, write_pcap  # noqa: E402

T0 = 1700000000000000
CONF = os.path.join(HERE, "..", "..", "conf")
RULES = r"""
alert udp any any -> any 53 (msg:"all \"of\" it"; content:"abc"; gid:3; sid:1; rev:7; classtype:web-application-attack; \
  reference:cve,2021-44228; reference:url,example.org/a?b; metadata:policy x drop, created_at 2020_01_01, policy y; metadata:alone;)
alert udp any any -> any 53 (content:"abc"; sid:2;)
drop udp any any -> any 53 (msg:"ours"; content:"abc"; sid:3; classtype:of-our-own; priority:5;)
alert udp any any -> any 53 (msg:"quiet"; content:"abc"; flowbits:set,seen; noalert; sid:4;)
alert udp any any -> any 53 (msg:"behind it"; content:"xyz"; flowbits:isset,seen; sid:5; rev:1; classtype:Misc-Attack;)
alert udp any any -> any 53 (msg:"limit"; content:"abc"; sid:6; threshold:type limit, track by_src, count 2, seconds 60;)
alert udp any any -> any 53 (msg:"every"; content:"abc"; sid:7; threshold:type threshold, track by_rule, count 3, seconds 60;)
alert udp any any -> any 53 (msg:"behind"; content:"abc"; sid:8; detection_filter:track by_dst, count 4, seconds 60;)
"""
WANT = {
    1: {"action": "allowed", "gid": 3, "signature_id": 1, "rev": 7, "signature": 'all "of" it', "category": "Web Application Attack",
        "severity": 1, "metadata": {"policy": ["x drop", "y"], "created_at": ["2020_01_01"]},
        "references": ["https://cve.mitre.org/cgi-bin/cvename.cgi?name=2021-44228", "https://example.org/a?b"]},
    2: {"action": "allowed", "gid": 1, "signature_id": 2, "rev": 0, "signature": "", "category": "", "severity": 3},
    3: {"action": "allowed", "gid": 1, "signature_id": 3, "rev": 0, "signature": "ours", "category": "of-our-own", "severity": 5},
    5: {"action": "allowed", "gid": 1, "signature_id": 5, "rev": 1, "signature": "behind it", "category": "Misc Attack", "severity": 2},
    9: {"action": "allowed", "gid": 1, "signature_id": 9, "rev": 0, "signature": "/abc/", "category": "", "severity": 3},
}


class Bench:
    def __init__(self, sluice, folder):
        self.sluice, self.folder = sluice, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, match, capture, sets=(), conf=None):
        """Exit status, alerts in their order, the summary, and what was said."""
        if conf is None:
            conf = self.path("t.conf")
            with open(conf, "w") as f:
                f.write(f"[input]\nbackend = pcap\ndevice = {capture}\n[match]\n{match}\n[sink a]\ntype = eve\npath = -\n")
        summary = self.path("summary.json")
        args = [a for s in ("match.cache=off", *sets) for a in ("--set", s)]
        run = subprocess.run([self.sluice, "run", conf, *args, "--summary", summary], capture_output=True, text=True, timeout=300)
        with open(summary) as f:
            return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], json.load(f)["match"], run.stderr


def made(tap, b):
    with open(b.path("a.rules"), "w") as f:
        f.write(RULES)
    with open(b.path("a.hs"), "w") as f:
        f.write("9:/abc/\n")
    payloads = [b"abc"] * 6 + [b"xyz"]
    frames = [ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.2", 17, udp(1000, 53, p))) for p in payloads]
    frames.append(ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.3", 17, udp(1000, 53, b"xyz"))))
    write_pcap(b.path("a.pcap"), [(T0 + i * 1000, frame, len(frame)) for i, frame in enumerate(frames)])
    first = None
    for mode in ("stream", "block"):
        for workers in (1, 2):
            code, alerts, match, said = b.run(f"rules = a.rules a.hs\nmode = {mode}", b.path("a.pcap"), [f"input.workers={workers}"])
            seen = {a["alert"]["signature_id"]: a["alert"] for a in alerts}
            count = Counter(a["alert"]["signature_id"] for a in alerts)
            way = f"mode = {mode}, {workers} workers"
            notes = [f"got {seen.get(sid)}, want {want}" for sid, want in WANT.items() if seen.get(sid) != want]
            tap.line(not notes and code == 0, f"an alert has what its rule says of itself, {way}", notes + [said])
            want = {1: 6, 2: 6, 3: 6, 5: 1, 6: 2, 7: 2, 8: 2, 9: 6}
            tap.line(count == want, f"noalert rules make none, thresholds keep some back, {way}", [str(count), said])
            # Six packets match seven rules and a pattern, one matches rule 5.
            good = match["events"] == 49 and match["alerts"] == len(alerts) and match["rules"] == 9
            tap.line(good and match["alerts_suppressed"] == 12, f"a noalert rule counts all the same, {way}", [str(match)])
            first = first or alerts
            tap.line(alerts == first, f"the same alerts in the same order, {way}", [])


def example(tap, b):
    """The rules that come along, on the capture that comes along."""
    out = [f"sink.flows.path={b.path('flows.jsonl')}", "sink.alerts.path=-"]
    for mode in ("stream", "block"):
        code, alerts, match, said = b.run("", None, [*out, f"match.mode={mode}"], os.path.join(CONF, "eve.conf"))
        count = Counter(a["alert"]["signature_id"] for a in alerts if a["alert"]["signature_id"] > 1000000)
        want = {1000001: 1, 1000002: 1, 1000003: 2, 1000004: 1, 1000005: 2, 1000006: 1, 1000007: 1, 1000008: 1, 1000009: 2, 1000010: 2,
                1000011: 1}
        tap.line(code == 0 and count == want and "refused: " not in said and match["rules"] == 38,
                 f"conf/eve.conf finds what the example rules are about, mode = {mode}", [str(count), str(match), said])


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-rule-alerts-") as folder:
        b = Bench(sys.argv[1], folder)
        made(tap, b)
        example(tap, b)
    tap.end()


if __name__ == "__main__":
    main()
