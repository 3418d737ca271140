#!/usr/bin/env python3
"""Compares checksums and reassembled datagrams with tshark's, on captures that are not part of the project.

usage: packets.py ORACLE_PACKETS

ORACLE_PACKETS  the executable that prints what Sluice makes of each packet (packets.c)
SLUICE_ORACLE_EVERY=N compares the checksums of every N-th capture (10 where it is not set); datagrams of all that
have fragments are compared. Without tshark or ../shared/data everything is skipped.
"""
import os
import shutil
import subprocess
import sys
from collections import Counter, defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support")]
from harness import ROOT, Tap  # noqa: E402

DATA = os.path.join(ROOT, "..", "shared", "data")
LINKS = {"EN10MB", "RAW", "IPV4", "IPV6", "LINUX_SLL", "LINUX_SLL2", "NULL", "LOOP"}
EVERY = int(os.environ.get("SLUICE_ORACLE_EVERY", "10"))
L4 = ("tcp", "udp", "icmp", "icmpv6")
BAD, GOOD, UNVERIFIED, ABSENT = "0", "1", "2", "3"


def tshark(path, check, *fields):
    """One list of values for each frame. `check` the checksums: then wrong ones are not put together."""
    argv = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=\t", "-E", "occurrence=a"]
    argv += ["-o", "ip.defragment:TRUE", "-o", "ipv6.defragment:TRUE"]
    for name in ("ip", "tcp", "udp"):
        argv += ["-o", f"{name}.check_checksum:{'TRUE' if check else 'FALSE'}"]
    for field in fields:
        argv += ["-e", field]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    if not done.stdout and done.returncode != 0:
        raise OSError(done.stderr.strip().split("\n")[-1])
    return [[v.split(",") if v else [] for v in line.split("\t")] for line in done.stdout.splitlines()]


def captures():
    with open(os.path.join(DATA, "MANIFEST.tsv")) as f:
        names = f.readline().rstrip("\n").split("\t")
        for line in f:
            row = dict(zip(names, line.rstrip("\n").split("\t")))
            if row["file"].startswith("pcaps/") and row["linktype"] in LINKS:
                yield row["file"], "frag" in row["exercises"] + row["file"]


def ours(program, path):
    """What Sluice says: the answers, and the datagrams, by frame."""
    done = subprocess.run([program, path], capture_output=True, text=True)
    sums, datagrams = {}, defaultdict(list)
    for line in done.stdout.splitlines():
        kind, frame, value = line.split("\t")
        if kind == "sum":
            sums[int(frame)] = value
        else:
            datagrams[int(frame)].append(value)
    return sums, datagrams


def compare_datagrams(program, path):
    theirs = tshark(path, False, "ip.reassembled.data", "ipv6.reassembled.data")
    _, datagrams = ours(program, path)
    notes, n = [], 0
    for frame, (v4, v6) in enumerate(theirs, 1):
        want, got = sorted(v4 + v6), sorted(datagrams.get(frame, []))
        n += len(want)
        if want != got:
            short = [[f"{len(d) // 2} octets, {d[:32]}..." for d in side] for side in (want, got)]
            notes.append(f"frame {frame}: {short[0]} expected, {short[1]} found")
    return n, notes


def expected_sum(ip, v6, l4):
    """What ours may be, by tshark's view of a frame with one IP header and one L4 header; None: not compared."""
    if len(ip) + v6 != 1 or len(l4) != 1:
        return None
    status = [l4[0]] + ip
    if BAD in status:
        return {"bad", "partial", "short"}
    if UNVERIFIED in status:
        return {"unknown", "short", "bad", "none"}
    return {"none"} if ABSENT in status else {"ok"}


def compare_sums(program, path, seen):
    names = [f"{p}.checksum.status" for p in L4]
    theirs = tshark(path, True, "ip.checksum.status", "ipv6.version", "ip.reassembled_in", "ip.reassembled.length",
                    "ipv6.reassembled.length", *names)
    sums, _ = ours(program, path)
    notes = []
    for frame, (ip, v6, first, last, last6, *l4) in enumerate(theirs, 1):
        if first or last or last6:
            continue  # theirs is of the datagram
        want = expected_sum(ip, len(v6), [s for p in l4 for s in p])
        got = sums.get(frame)
        if want is None or got is None:
            continue
        seen[got] += 1
        if got not in want:
            notes.append(f"frame {frame}: {'or '.join(sorted(want))} expected, {got} found")
    return notes


def main():
    tap, program = Tap(), sys.argv[1]
    why = "" if shutil.which("tshark") else "tshark is not installed"
    if not os.path.isdir(DATA):
        why = "../shared/data is not there"
    if why:
        tap.skip("datagrams and checksums are as tshark has them", why)
        return tap.end()
    datagrams, seen = 0, Counter()
    for i, (name, fragments) in enumerate(captures()):
        path = os.path.join(DATA, name)
        if fragments:
            n, notes = compare_datagrams(program, path)
            datagrams += n
            if n or notes:
                tap.line(not notes, f"{name}: {n} datagrams", notes[:10])
        if fragments or i % EVERY == 0:
            notes = compare_sums(program, path, seen)
            if notes or i % EVERY == 0:
                tap.line(not notes, f"{name}: checksums", notes[:10])
    tap.line(datagrams > 100, f"{datagrams} datagrams were compared")
    tap.line(seen["ok"] > 1000 and seen["bad"] + seen["partial"] > 100, f"checksums were compared: {dict(seen)}")
    tap.end()


main()
