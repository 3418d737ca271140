#!/usr/bin/env python3
"""Suricata's test suite on flows: the same packets and octets, by direction. usage: suricata_verify_flows.py SLUICE

Each case of ../shared/data/reference/suricata-verify-expected.tsv about flows says how many flows there are with these ends and counts. A
flow here is what two ends said to each other in the whole capture; Suricata also counts a tunnel's outer packets, so these are counted by
a run that looks into none. Where Sluice's count differs it is in DIFFERS, with what it is and why. Skipped without ../shared/data.
"""
import json
import os
import sys
import tempfile
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Run, Tap  # noqa: E402

from suricata_cases import DATA, cases_table, rows  # noqa: E402

KEY = "src_ip dest_ip src_port dest_port proto vlan vlan_inner"
PROTOS = {"TCP": 6, "UDP": 17, "ICMP": 1, "IPv6-ICMP": 58, "SCTP": 132, "IPv6": 41, "GRE": 47}
NO_PORTS = {1, 58}

# (test, what is asked, Suricata's count): how many flows Sluice has, and why it differs.
ERSPAN = "ERSPAN is no tunnel that is looked into"
LATER = "30 s behind the first packet Suricata 8 has another flow"
IGMP = "Suricata has no flows of IGMP"
DIFFERS = {
    ("tests/bug-5162", "all", 11): (12, IGMP),
    ("tests/dcerpc-smb-fail", "all", 11): (12, IGMP),
    ("tests/decode-nsh-type1", "dest_ip 10.0.0.2, dest_port 52464, proto UDP, src_ip 10.0.0.1, src_port 52377", 1):
        (0, "NSH (EtherType 0x894f) is no header that is looked through"),
    ("tests/firewall/ruletype-firewall-38-ssh-vs-telnet", "pkts_toclient 44, pkts_toserver 43", 1): (0, "packets that its engine drops do not count"),
    ("tests/tcp-fastopen-10-syn-data-ignore", "all", 2): (1, "it begins a new flow within the connection"),
    ("tests/vxlan-decoder-03", "dest_port 4789, bytes_toclient 0, pkts_toclient 0", 14): (13, LATER),
    ("tests/vxlan-decoder-03", "dest_port 4789, bytes_toclient 0, pkts_toclient 0, src_port 65445", 2): (1, LATER),
}
for i in ("1", "2"):
    DIFFERS.update({
        (f"tests/decode-erspan-typeI-0{i}", "all", 2): (1, ERSPAN),
        (f"tests/decode-erspan-typeI-0{i}", "proto ICMP, src_ip 100.95.2.201, vlan [1011]", 1): (0, ERSPAN),
        (f"tests/decode-erspan-typeI-0{i}", "proto ICMP, src_ip 100.95.3.105, vlan [999]", 1): (0, ERSPAN),
    })


def us(text):
    return (datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z") - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(microseconds=1)


class Way:
    """One direction of a flow."""

    def __init__(self):
        self.packets = self.octets = self.flags = 0
        self.first, self.last = 1 << 62, 0

    def add(self, r):
        self.packets += r["packets"]
        self.octets += r["frame_bytes"]
        self.flags |= r["tcp_flags"]
        self.first, self.last = min(self.first, r["first_us"]), max(self.last, r["last_us"])


def flows_of(sluice, folder, path, tunnels):
    """{ends with tags: (this way, the other way)}, each flow by both of its ends."""
    sets = {"input.backend": "pcap", "input.device": f'"{path}"', "input.lateness": "all", "input.tunnels": tunnels}
    run = Run(sluice, folder, sets, {"all": (KEY, "tumbling 366d")})
    ways = defaultdict(Way)
    for r in map(json.loads, run.lines()):
        tags = tuple(r[k] for k in ("vlan", "vlan_inner") if k in r)
        ways[ip_address(r["src_ip"]), ip_address(r["dest_ip"]), r["src_port"], r["dest_port"], r["proto"], tags].add(r)
    for src, dst, sport, dport, proto, tags in list(ways):
        ways[dst, src, dport, sport, proto, tags]   # from here on each has its other way
    return ways, run


def fits(want, ends, there, back):
    """Whether a flow seen from its source is as a case says; what Sluice does not tell is not looked at."""
    src, dst, sport, dport, proto, tags = ends

    def starts(v):
        return us(v) == min(there.first, back.first)

    def is_over(v):
        return us(v) == max(there.last, back.last)

    is_in = {
        "src_ip": lambda v: ip_address(v) == src, "dest_ip": lambda v: ip_address(v) == dst,
        "src_port": lambda v: v == sport, "dest_port": lambda v: v == dport, "proto": lambda v: PROTOS[v] == proto,
        "ip_v": lambda v: src.version == v, "vlan": lambda v: tuple(v[:2]) == tags,
        "flow.pkts_toserver": lambda v: v == there.packets, "flow.pkts_toclient": lambda v: v == back.packets,
        "flow.bytes_toserver": lambda v: v == there.octets, "flow.bytes_toclient": lambda v: v == back.octets,
        "netflow.pkts": lambda v: v == there.packets, "netflow.bytes": lambda v: v == there.octets,
        "netflow.start": starts, "netflow.end": is_over, "flow.start": starts, "flow.end": is_over,
        "tcp.tcp_flags_ts": lambda v: int(v, 16) == there.flags & 0x3F, "tcp.tcp_flags_tc": lambda v: int(v, 16) == back.flags & 0x3F,
    }
    return all(is_in[name](value) for name, value in want.items() if name in is_in)


def count(want, ways):
    """Flows that fit, each once: seen from either end."""
    found = set()
    for ends, there in ways.items():
        src, dst, sport, dport, proto, tags = ends
        other = dst, src, dport, sport, proto, tags
        one_way = any(name.startswith("netflow.") for name in want)
        if (there.packets > 0 or not one_way) and fits(want, ends, there, ways[other]):
            found.add(ends if one_way else frozenset((ends, other)))
    return len(found)


def shown(want):
    return ", ".join(f"{k.replace('flow.', '')} {v}" for k, v in want.items()
                     if k in ("src_ip", "dest_ip", "src_port", "dest_port", "proto", "vlan") or "pkts" in k or "bytes" in k) or "all"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap = Tap()
    table = cases_table(tap)
    by_capture = defaultdict(list)
    for row in rows(table):
        if row["class"].startswith("flow-"):
            by_capture[row["file"]].append(row)
    listed = set(DIFFERS)
    with tempfile.TemporaryDirectory(prefix="sluice-verify-") as folder:
        for file, cases in sorted(by_capture.items()):
            path = os.path.join(DATA, file)
            ways, run = flows_of(sys.argv[1], folder, path, "gre vxlan geneve gtpu ipip")
            outer, _ = flows_of(sys.argv[1], folder, path, "")
            for ends, way in outer.items():
                if ends not in ways:
                    ways[ends] = way
            for row in cases:
                want, n = json.loads(row["match"]), int(row["expected_count"])
                key = row["test"], shown(want), n
                got = count(want, ways)
                expected, why = DIFFERS.get(key, (n, ""))
                listed.discard(key)
                fact = f"{row['test']}, {shown(want)}: {expected} flows" + (f" (Suricata: {n}): {why}" if why else "")
                tap.line(run.status == 0 and got == expected and (not why or expected != n), fact, [f"{got} flows"] + [
                    f"{e[0]}:{e[2]} -> {e[1]}:{e[3]} {e[4]} {e[5]}: {w.packets} packets, {w.octets} octets, flags {w.flags:x}"
                    for e, w in list(ways.items())[:8]])
    tap.line(not listed, "every difference listed is of a case", [str(listed)])
    tap.end()


if __name__ == "__main__":
    main()
