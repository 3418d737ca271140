"""The cases of Suricata's test suite that a table tells: by capture the rules, how they alert, and how Suricata was called."""
import csv
import functools
import json
import os
import re
import struct
from dataclasses import dataclass, field

from harness import ROOT

DATA = os.path.join(ROOT, "..", "shared", "data")


@dataclass
class Want:
    sid: int
    count: int
    match: dict


@dataclass
class Case:
    test: str
    file: str
    args: list
    rules: list = field(default_factory=list)
    wants: list = field(default_factory=list)


def cases_table(tap):
    """The table's path. It lies beside the project; where it does not the test ends here."""
    table = os.path.join(DATA, "reference", "suricata-verify-expected.tsv")
    if not os.path.exists(table):
        tap.skip("Suricata's cases", f"{table} is not there")
        tap.end()
    return table


def rows(path):
    with open(path, newline="") as f:
        yield from csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)


def cases(path):
    """Those with rules on payload, one for each test and capture."""
    out = {}
    for row in rows(path):
        if not row["class"].startswith("payload-rule"):
            continue
        key = row["test"], row["file"]
        case = out.setdefault(key, Case(*key, json.loads(row["args"] or "[]")))
        sid = int(re.search(r"\bsid: *(\d+)", row["rule"])[1])
        if row["rule"] not in case.rules:
            case.rules.append(row["rule"])
        case.wants.append(Want(sid, int(row["expected_count"]), json.loads(row["match"])))
    return out.values()




@functools.lru_cache(8)
def frames_of(path):
    """The times, in microseconds, of a pcap file's frames."""
    with open(path, "rb") as f:
        data = f.read()
    magic = data[:4]
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    nano = magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    if not nano and magic not in (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4"):
        raise ValueError(f"{path}: no pcap file")
    times, at = [], 24
    while at + 16 <= len(data):
        sec, part, caplen, _ = struct.unpack_from(order + "IIII", data, at)
        times.append(sec * 1000000 + (part // 1000 if nano else part))
        at += 16 + caplen
    return times
