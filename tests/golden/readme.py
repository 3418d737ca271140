#!/usr/bin/env python3
"""The README and the reference configuration know every key, every member of the summary and every field of a record.

usage: readme.py SLUICE [--no-state]
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import ROOT, Tap  # noqa: E402

CONF = f"""[input]
backend = pcap
device = {os.path.join(HERE, "captures", "office.pcap")}
late = emit
lateness = 0s
[match]
rules = {os.path.join(ROOT, "conf", "rules", "example.rules")}
cache = off
[flow]
rows = 4K
[stream hosts]
key = src_ip/24 vlan proto icmp_type icmp_code tos in_port
window = sliding 10s 1s
distinct = src_ip
[stream flows]
key = src_ip dest_ip src_port dest_port proto
window = flow 10s 5s
biflow = yes
[stream rules]
key = rule
window = tumbling 10s
[alert many]
stream = hosts
when = packets > mean(2)
[sink out]
path = out.jsonl
[sink alerts]
type = eve
path = eve.jsonl
[state]
"""
# Names that the configuration and the rules gave.
GIVEN = {"hosts", "flows", "rules", "many", "out", "alerts", "attack_target", "signature_severity", "tag"}


def names(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names(inner)


def keys(text):
    """(section, key) of a configuration."""
    section = ""
    for line in text.splitlines():
        if m := re.match(r"\[(\w+)", line):
            section = m.group(1)
        elif m := re.match(r"(\w+)\s*=", line):
            yield section, m.group(1)


def read(*parts):
    with open(os.path.join(*parts)) as f:
        return f.read()


def lacking(text, wanted):
    return [f"nothing about {name}" for name in sorted(wanted) if not re.search(rf"\b{re.escape(name)}\b", text)]


def main():
    tap, sluice, readme = Tap(), sys.argv[1], read(ROOT, "README.md")
    reference = os.path.join(ROOT, "conf", "sluice.conf")
    every = set(keys(subprocess.run([sluice, "check", reference], capture_output=True, text=True, timeout=60).stdout))
    there = set(keys(read(reference)))
    tap.line(every == there and len(every) > 50, "the reference configuration has every key, and no other", [str(every ^ there)])
    notes = lacking(readme, {key for _, key in every})
    tap.line(not notes, "the README names every key", notes)
    with tempfile.TemporaryDirectory(prefix="sluice-readme-") as folder:
        with open(os.path.join(folder, "c.conf"), "w") as f:
            f.write(CONF + ("" if "--no-state" in sys.argv else "path = state\n"))
        run = subprocess.run([sluice, "run", os.path.join(folder, "c.conf"), "--summary", os.path.join(folder, "s.json")],
                             capture_output=True, text=True, timeout=120)
        tap.line(run.returncode == 0, "a configuration with a bit of everything runs", [str(run.returncode), run.stderr])
        notes = lacking(readme, set(names(json.loads(read(folder, "s.json")))) - GIVEN)
        tap.line(not notes, "the README names every member of the summary", notes)
        for name in ("out.jsonl", "eve.jsonl"):
            records = [json.loads(line) for line in read(folder, name).splitlines()]
            notes = lacking(readme, {n for r in records for n in names(r)} - GIVEN - {"distinct_src_ip"})
            tap.line(records and not notes, f"the README names every field of {name}", notes)
    tap.end()


if __name__ == "__main__":
    main()
