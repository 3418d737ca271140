#!/usr/bin/env python3
"""Compares Sluice's counts with those of others, on captures that are not part of the project.

usage: oracle.py pcap|dpdk|flowtest|refused|own SLUICE

pcap, dpdk  every capture of ../shared/data, as tshark counts it by the contract's rules, by either backend
flowtest    flows annotated by hand
refused     captures that libpcap cannot read to their end, or of other link types
own         the project's own captures, counted by tshark
SLUICE_ORACLE_EVERY=N takes every N-th capture only. Without ../shared/data all but `own` are skipped.
"""
import contextlib
import importlib.util
import io
import json
import os
import re
import shutil
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "golden")]
from harness import DPDK, ROOT, Run, Tap  # noqa: E402
from made import captures  # noqa: E402

from frames import write_pcap  # noqa: E402

SHARED = os.path.join(ROOT, "..", "shared")
DATA = os.path.join(SHARED, "data")
LINKS = {"EN10MB", "RAW", "IPV4", "IPV6", "LINUX_SLL", "LINUX_SLL2", "NULL", "LOOP"}
STREAM = {"flows": ("src_ip dest_ip src_port dest_port proto", "tumbling 10s")}
# More than there are processors: EAL measures its clock for a tenth of a second, doing nothing.
JOBS = 2 * max(2, os.cpu_count() or 1)


def load_reference():
    """The module that counts with tshark."""
    spec = importlib.util.spec_from_file_location("flows_by_tshark", os.path.join(SHARED, "oracle", "flows_by_tshark.py"))
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


def manifest():
    """(path, link type, what it exercises) of each capture."""
    with open(os.path.join(DATA, "MANIFEST.tsv")) as f:
        names = f.readline().rstrip("\n").split("\t")
        for line in f:
            row = dict(zip(names, line.rstrip("\n").split("\t")))
            if row["file"].startswith(("pcaps/", "malformed/")):
                yield row["file"], row["linktype"], row["exercises"]


def exceptions(backend):
    """Captures that are not compared, with the reason."""
    out = {}
    with open(os.path.join(HERE, "exceptions.tsv")) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                capture, backends, reason = line.rstrip("\n").split("\t")
                if backend in backends.split():
                    out[capture] = reason
    return out


def some(items):
    items = list(items)
    return items[::int(os.environ.get("SLUICE_ORACLE_EVERY", "1"))]


class Pool:
    """Runs a few captures at a time, each thread in a folder of its own; what is made of a run is made one after the other."""

    def __init__(self, sluice, folder):
        self.sluice, self.folder = sluice, folder
        self.local, self.lock, self.n = threading.local(), threading.Lock(), 0

    def _run(self, item, settings):
        if not hasattr(self.local, "folder"):
            with self.lock:
                self.n += 1
                self.local.folder = os.path.join(self.folder, f"job{self.n}")
            os.mkdir(self.local.folder)
        run = Run(self.sluice, self.local.folder, {"input.lateness": "all", **settings}, STREAM)
        # The folder is used again: what is needed later is taken out of it.
        for name in ("records", "summary"):
            at = getattr(run, name + "_path")
            kept = tempfile.mktemp(dir=self.folder)
            if os.path.exists(at):
                os.rename(at, kept)
            else:
                open(kept, "w").close()
            setattr(run, name + "_path", kept)
        return item, run

    def each(self, items, settings):
        with ThreadPoolExecutor(JOBS) as pool:
            for item, run in pool.map(lambda i: self._run(i, settings(i)), items):
                yield item, run
                os.unlink(run.records_path)
                os.unlink(run.summary_path)


def by_pcap(path):
    return {"input.backend": "pcap", "input.device": f'"{path}"', "input.workers": 2}


def by_dpdk(path):
    return {**DPDK, "input.backend": "dpdk", "input.device": f'"net_pcap0,rx_pcap={path}"'}


def agree(tshark, path, run, fresh=False):
    """Notes on what differs; none: the counts agree."""
    if run.status != 0:
        return run.why()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        differs = tshark.compare(path, 10, run.records_path, run.summary_path, fresh)
    return said.getvalue().splitlines() if differs else []


def test_reference(tap, pool, backend):
    tshark, excepted = load_reference(), exceptions(backend)
    take = []
    for name, link, exercises in manifest():
        if link not in LINKS or "libpcap:" in exercises:
            continue
        # net_pcap knows Ethernet only, takes what was captured for the frame's length, and a comma for the end of a name.
        if backend == "dpdk" and (link != "EN10MB" or "snaplen-truncated" in exercises or "," in name):
            continue
        take.append(name)
    for name, run in pool.each(some(take), lambda n: (by_dpdk if backend == "dpdk" else by_pcap)(os.path.join(DATA, n))):
        if name in excepted:
            tap.skip(f"{backend}: {name}", excepted[name])
            continue
        notes = agree(tshark, os.path.join(DATA, name), run)
        tap.line(not notes, f"{backend}: {name}", notes)


def annotated(path):
    """The capture and the flows of an annotation file, as far as the fields that are compared go."""
    wanted = {"src_ip", "dst_ip", "protocol", "src_port", "dst_port", "bytes", "packets", "bytes@rev", "packets@rev"}
    capture, flows, inside = None, [], False
    with open(path) as f:
        for line in f:
            if m := re.match(r"pcap: *(\S+)", line):
                capture = m[1]
            inside = inside or line.startswith("flows:")
            m = re.match(r"(  - |    )([a-z_@]+): *[\"']?([^\"'\s]+)", line)
            if not inside or not m:
                continue
            if m[1] == "  - ":
                flows.append({})
            if m[2] in wanted:
                flows[-1][m[2]] = m[3]
    return capture, flows


def flowtest_faults(flows, records):
    """What differs. Annotations that differ only in what is no key of ours (types of ICMP, cuts by time) count together."""
    want = {}
    for flow in flows:
        for suffix, ends in (("", ("src", "dst")), ("@rev", ("dst", "src"))):
            if "packets" + suffix not in flow:
                continue
            key = {"src_ip": flow[ends[0] + "_ip"], "dest_ip": flow[ends[1] + "_ip"], "proto": int(flow["protocol"], 0)}
            if "src_port" in flow:
                key.update(src_port=int(flow[ends[0] + "_port"]), dest_port=int(flow[ends[1] + "_port"]))
            sums = want.setdefault(tuple(key.items()), [0, 0])
            sums[0] += int(flow["packets" + suffix])
            sums[1] += int(flow["bytes" + suffix])
    for key, sums in want.items():
        mine = [r for r in records if all(r[k] == v for k, v in key)]
        got = [sum(r["packets"] for r in mine), sum(r["bytes"] for r in mine)]
        if got != sums:
            yield f"{dict(key)}: {got} packets and bytes, annotated {sums}"


def test_flowtest(tap, pool):
    folder = os.path.join(DATA, "reference", "flowtest")
    cases = [(n, *annotated(os.path.join(folder, n))) for n in sorted(os.listdir(folder)) if n.endswith(".yml")]
    for (name, _, flows), run in pool.each(some(cases), lambda c: by_pcap(os.path.join(DATA, "pcaps", "flowtest", c[1]))):
        notes = list(flowtest_faults(flows, [json.loads(line) for line in run.lines()])) if run.status == 0 else run.why()
        tap.line(not notes and flows, f"flowtest: {name}", notes or ["no flow is annotated"])


def test_refused(tap, pool):
    take = [(n, link, ex) for n, link, ex in manifest() if link not in LINKS or "libpcap:" in ex]
    for (name, link, exercises), run in pool.each(some(take), lambda t: by_pcap(os.path.join(DATA, t[0]))):
        summary = run.summary()
        base = os.path.basename(name)
        if "libpcap:" not in exercises and link not in ("-", "?"):
            ok, fact = run.status == 1 and not run.lines() and re.search(r"link type", run.said), "refused by its link type's name"
        elif not summary:
            ok, fact = run.status == 1, "cannot be opened: a fault"
        else:
            led = summary["ledger"]
            ok = run.status == 1 and led["balanced"] and summary["streams"]["flows"]["packets"] == led["counted"]
            fact = "cannot be read to its end: what was read is counted, then a fault"
        tap.line(bool(ok) and base in run.said, f"refused: {name}: {fact}", run.why())


def test_own(tap, pool):
    if not shutil.which("tshark") or not os.path.exists(os.path.join(SHARED, "oracle")):
        tap.skip("own captures", "tshark or ../shared/oracle is not there")
        return
    tshark = load_reference()
    paths = [os.path.join(ROOT, "tests", "golden", "captures", "office.pcap")]
    for capture in captures():
        # tshark looks into every tunnel, follows a fifth VLAN tag, and shows no ports of a header that is cut.
        if capture.tunnels and capture.name not in ("link", "snapped", "transport"):
            paths.append(os.path.join(pool.folder, capture.name + ".pcap"))
            write_pcap(paths[-1], capture.frames, capture.link)
    for path, run in pool.each(paths, by_pcap):
        notes = agree(tshark, path, run, fresh=True)
        tap.line(not notes, f"own: {os.path.basename(path)}", notes)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("pcap", "dpdk", "flowtest", "refused", "own"):
        sys.exit(__doc__)
    tap, what = Tap(), sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="sluice-oracle-") as folder:
        pool = Pool(sys.argv[2], folder)
        if what == "own":
            test_own(tap, pool)
        elif not os.path.exists(os.path.join(DATA, "MANIFEST.tsv")):
            tap.skip(f"oracle: {what}", "../shared/data is not there")
        elif what == "flowtest":
            test_flowtest(tap, pool)
        elif what == "refused":
            test_refused(tap, pool)
        else:
            test_reference(tap, pool, what)
    tap.end()


if __name__ == "__main__":
    main()
