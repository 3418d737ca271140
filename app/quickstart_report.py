#!/usr/bin/env python3
"""Shows a person what a run found: windows, the largest flows, matches, the ledger.

usage: quickstart_report.py RECORDS SUMMARY CONF
"""
import json
import sys
from collections import defaultdict
from datetime import datetime, timezone

PROTOCOLS = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6", 132: "SCTP"}
SERVICES = {22: "SSH", 53: "DNS", 80: "HTTP", 123: "NTP", 443: "TLS", 514: "syslog", 4789: "VXLAN", 6379: "Redis"}
TOP = 8


def size(n):
    """Octets for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000 or unit == "GB":
            return f"{n} B" if unit == "B" else f"{n:.1f} {unit}"
        n /= 1000


def clock(us):
    return datetime.fromtimestamp(us / 1e6, timezone.utc).strftime("%H:%M:%S")


def end(r, which):
    """An address, with its port where there is one."""
    ip, port = r[which + "_ip"], r[which + "_port"]
    if not port:
        return ip
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def table(title, head, rows, left):
    """Columns as wide as they need; the first `left` of them text, the others numbers."""
    print(f"\n{title}")
    cells = [head] + [[str(c) for c in row] for row in rows]
    width = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        print("  " + "  ".join(c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, width))).rstrip())


def add_up(records, key):
    """Sums of packets, octets and matches by key, over all windows."""
    sums = defaultdict(lambda: [0, 0, 0])
    for r in records:
        for i, name in enumerate(("packets", "bytes", "matches")):
            sums[key(r)][i] += r[name]
    return sums


def show_windows(flows):
    windows = add_up(flows, lambda r: (r["window_start_us"], r["window_end_us"]))
    count = defaultdict(int)
    for r in flows:
        count[r["window_start_us"]] += 1
    most = max(w[1] for w in windows.values())
    rows = [(f"{clock(k[0])} - {clock(k[1])}", f"{count[k[0]]:,}", f"{v[0]:,}", size(v[1]), v[2], "#" * max(1, round(20 * v[1] / most)))
            for k, v in sorted(windows.items())]
    day = datetime.fromtimestamp(flows[0]["window_start_us"] / 1e6, timezone.utc).strftime("%-d %B %Y, UTC")
    table(f"Windows of the stream 'flows' ({day})", ["window", "flows", "packets", "bytes", "matches", ""], rows, 1)


def service(r):
    """What the two probably speak, by the lower port."""
    protocol, port = PROTOCOLS.get(r["proto"], str(r["proto"])), min(r["src_port"], r["dest_port"])
    return f"{protocol} {port}" + (f" ({SERVICES[port]})" if port in SERVICES else "") if port else protocol


def show_services(flows):
    sums, ends = add_up(flows, service), defaultdict(set)
    for r in flows:
        ends[service(r)].add((end(r, "src"), end(r, "dest")))
    table("What is spoken", ["service", "flows", "packets", "bytes", "matches"],
          [(k, len(ends[k]), f"{v[0]:,}", size(v[1]), v[2]) for k, v in sorted(sums.items(), key=lambda kv: (-kv[1][1], kv[0]))[:TOP]], 1)


def show_flows(flows):
    def by_flow(r):
        return end(r, "src"), end(r, "dest"), PROTOCOLS.get(r["proto"], str(r["proto"]))

    sums = add_up(flows, by_flow)
    largest = sorted(sums.items(), key=lambda kv: (-kv[1][1], kv[0]))[:TOP]
    table(f"Largest flows of {len(sums):,}", ["source", "destination", "proto", "packets", "bytes", "matches"],
          [(*k, v[0], size(v[1]), v[2]) for k, v in largest], 3)
    # By the pair of hosts and the service, since each request is a flow of its own.
    matched = add_up([r for r in flows if r["matches"]], lambda r: (r["src_ip"], r["dest_ip"], service(r)))
    if matched:
        table(f"Where patterns matched, {min(TOP, len(matched))} of {len(matched)} pairs of hosts",
              ["source", "destination", "service", "packets", "matches"],
              [(*k, v[0], v[2]) for k, v in sorted(matched.items(), key=lambda kv: (-kv[1][2], kv[0]))[:TOP]], 3)


def show_ledger(summary):
    led, drops = summary["ledger"], {k: v for k, v in summary["drops"].items() if v}
    print("\nThe ledger: every frame is accounted for")
    for name in ("received", "counted", "non_ip", "malformed", "filtered", "late", "shed", "missed"):
        why = ", ".join(f"{k} {v:,}" for k, v in drops.items()) if name == "non_ip" and drops else ""
        print(f"  {name:<10}{led[name]:>8,}" + (f"  ({why})" if why else ""))
    print("  balanced" if led["balanced"] else "  NOT BALANCED")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    path, summary_path, conf = sys.argv[1:]
    with open(path) as f:
        records = [json.loads(line) for line in f]
    with open(summary_path) as f:
        summary = json.load(f)
    flows = [r for r in records if r["stream"] == "flows"]
    led, took = summary["ledger"], summary["elapsed_s"]
    span = (max(r["last_us"] for r in flows) - min(r["first_us"] for r in flows)) / 1e6
    print(f"{led['received']:,} frames, recorded in {span:.0f} s, went through the {summary['backend'].upper()} pipeline in {took * 1000:.0f} ms:"
          f"\n{summary['match']['rules']} patterns gave {summary['match']['events']} match events.")
    show_windows(flows)
    show_services(flows)
    show_flows(flows)
    show_ledger(summary)
    print(f"""
All {len(records):,} records are in {path}, one JSON object a line; the ledger is in {summary_path}.

Next:
  build/app/sluice run {conf} --set stream.flows.window="tumbling 1s"
  build/app/sluice run {conf} --set input.backend=pcap --set input.device=CAPTURE.pcap
  build/app/sluice inputs        what this machine can capture from
  build/app/sluice check {conf}
  build/app/sluice --help        conf/ has further configurations""")


if __name__ == "__main__":
    main()
