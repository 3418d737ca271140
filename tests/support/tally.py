#!/usr/bin/env python3
"""Counts the tests that a `meson test` ran, from the TAP they printed, and shows what failed.

usage: tally.py LOG TITLE COUNTS

Reads the JSON log of a `meson test`; adds "PASSED FAILED SKIPPED" as a line to the file COUNTS, and skip reasons to COUNTS.skips. Meson counts
executables and takes some skips for passes; this counts what each executable says about itself, and a crash as a failure.
"""
import json
import re
import sys
from collections import Counter

TEST = re.compile(r"^\s*(not )?ok\b *(\d+)? *-? *([^#\n]*)(?:# *(SKIP)\S* *(.*))?", re.I)
PLAN = re.compile(r"^1\.\.(\d+)(?: *# *SKIP *(.*))?", re.I)
SHOWN = 60      # lines of a failing test's output


def tap(text):
    """({(number, name): (state, reason)}, planned or None, reason to skip all) of what a test printed."""
    tests, planned, skip_all, n = {}, None, None, 0
    for line in text.splitlines():
        if m := PLAN.match(line):
            planned = int(m[1])
            skip_all = (m[2] or "no reason given") if planned == 0 else None
        elif m := TEST.match(line):
            n += 1
            state = "skip" if m[4] else "fail" if m[1] else "pass"
            # A process that dies may print what its parent had printed once more: a test counts once, and at its worst.
            name = m[3].strip() or f"test {n}"
            name = re.sub(r"\s+\([\d.]+s\)$", "", name)
            name = m[2], re.sub(r" unexpected signal after .*", "", name)
            if tests.get(name, ("",))[0] != "fail":
                tests[name] = (state, (m[5] or "no reason given").strip())
    return tests, planned, skip_all


def judge(entry):
    """(passed, failed, skip reasons) of one test executable."""
    result, out = entry["result"], entry.get("stdout") or ""
    tests, planned, skip_all = tap(out)
    if skip_all:
        return 0, 0, [skip_all]
    states = Counter(state for state, _ in tests.values())
    reasons = [reason for state, reason in tests.values() if state == "skip"]
    if planned is None and not tests:
        if result == "SKIP":
            return 0, 0, ["no reason given"]
        return (1, 0, []) if result in ("OK", "EXPECTEDFAIL") else (0, 1, [])
    failed = states["fail"]
    # Died under way, printed too little, or failed without saying which.
    lost = max(0, (planned or 0) - len(tests))
    if lost:
        failed += lost
    elif result not in ("OK", "SKIP", "EXPECTEDFAIL") and failed == 0:
        failed = 1
    return states["pass"], failed, reasons


def show(entry, log):
    text = (entry.get("stdout") or "") + ("\n" + entry["stderr"] if entry.get("stderr") else "")
    lines = text.splitlines()
    # Of a long TAP report only what failed, with what follows it.
    picked, keep = [], False
    for line in lines:
        m = TEST.match(line)
        keep = keep if not m else bool(m[1])
        if line.strip() and keep or not re.match(r"^\s*(ok\b|1\.\.|TAP version|# *$|# Criterion|# Running|$|\(test program exited)", line):
            picked.append(line)
    print(f"    {entry['name']}: {entry['result']}, exit status {entry.get('returncode')}")
    for line in picked[:SHOWN]:
        print(f"      {line}")
    if len(picked) > SHOWN:
        print(f"      ... {len(picked) - SHOWN} lines more in {log.removesuffix('.json')}.txt")


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    path, title, counts = sys.argv[1:]
    suites, failing, skips = {}, [], Counter()
    with open(path, errors="replace") as f:
        for line in f:
            entry = json.loads(line)
            # PROJECT:SUITE+SUITE... / NAME
            suite = re.sub(r"^.*?:|\+.*", "", entry["name"].split(" / ")[0]) if " / " in entry["name"] else entry["name"].split("/")[0]
            passed, failed, reasons = judge(entry)
            total = suites.setdefault(suite, [0, 0, 0])
            for i, n in enumerate((passed, failed, len(reasons))):
                total[i] += n
            skips.update(reasons)
            if failed:
                failing.append(entry)
    for suite, (passed, failed, skipped) in sorted(suites.items()):
        print(f"  {title}, {suite}: {passed} passed, {failed} failed, {skipped} skipped")
    for entry in failing:
        show(entry, path)
    sums = [sum(s[i] for s in suites.values()) for i in range(3)]
    with open(counts, "a") as f:
        f.write(" ".join(map(str, sums)) + "\n")
    with open(counts + ".skips", "a") as f:
        for reason, n in skips.items():
            f.write(f"{n}\t{title}: {reason}\n")


if __name__ == "__main__":
    main()
