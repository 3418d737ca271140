"""Part (c) of perf/run: what the worker matches with patterns and with rules, over real captures where they lie beside the project."""
import glob
import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(os.path.dirname(ROOT), "shared", "data")
OWN = os.path.join(ROOT, "tests/golden/captures/office.pcap")
PATTERNS = ("snort_literals", "snort_pcres", "teakettle_2500")
RULES = "rules/et-open-2025/*.rules"
MODES = ("block", "stream")


def manifest():
    """Rows about captures that are there."""
    try:
        with open(os.path.join(DATA, "MANIFEST.tsv"), encoding="utf-8") as f:
            names = f.readline().rstrip("\n").split("\t")
            rows = [dict(zip(names, line.rstrip("\n").split("\t"))) for line in f]
    except OSError:
        return []
    rows = [r for r in rows if r["l4_payload_bytes"].isdigit() and r["file"].startswith("pcaps/") and r["linktype"] == "EN10MB"]
    rows.sort(key=lambda r: int(r["l4_payload_bytes"]), reverse=True)
    return [r for r in rows if os.path.exists(os.path.join(DATA, r["file"]))]


def files(rows):
    return [os.path.join(DATA, r["file"]) for r in rows]


def captures():
    """What there is to match in: name and files."""
    rows = manifest()
    mixed = [r for r in rows if "mixed real traffic" in r["note"]][:4]
    large = [r for r in rows if "tcp" in r["exercises"].split() and int(r["l4_payload_bytes"]) >= 600 * int(r["packets"])][:6]
    return {name: files(found) for name, found in (("mixed", mixed), ("large segments", large)) if found}


def http():
    """The two largest captures of HTTP."""
    rows = [r for r in manifest() if "http" in os.path.basename(r["file"]).lower() and r["exercises"].startswith("v4 tcp")]
    return files(rows[:2])


def short(quick):
    return ["-t", "50" if quick else "300", "-r", "3" if quick else "7"]


def once(value):
    """A series of what is measured once."""
    return {"median": value, "min": value, "max": value, "n": 1}


def octets(n):
    return f"{n / 2**20:.1f} MB" if n >= 2**20 else f"{n / 2**10:.0f} KB"


def streams(report, what, r):
    """Memory per direction of a connection that something is looked for in."""
    n = max(r["streams"], 1)
    report.add("c", f"{what}, a state of at most {r['state_bytes']} octets, {r['streams']} streams", "octets each",
               {"live": once(r["live_bytes"] / n), "idle, compressed": once(r["idle_bytes"] / n)})


def patterns(report, program, quick, note):
    runs = [(os.path.join(ROOT, "conf/rules/example.hs"), "office.pcap", [OWN])]
    for name in PATTERNS:
        path = os.path.join(DATA, "patterns/hsbench", name)
        if os.path.exists(path):
            runs += [(path, *found) for found in captures().items()]
    if len(runs) == 1:
        report.skipped.append(("c", f"the hsbench pattern sets over real captures: {os.path.relpath(DATA, ROOT)} is not there"))
    for path, what, found in runs:
        base = os.path.basename(path)
        for mode in MODES:
            note(f"worker with {base}, {mode} mode, {what}")
            r = program("bench_match", "-m", mode, "-p", path, *short(quick), *found)
            size = r["payload_bytes"] / r["payloads"]
            report.add("c", f"{base}, {mode}: {r['accepted']} patterns, {what}: {r['frames']} frames, {r['payloads']} payloads of {size:.0f} octets",
                       "Gbit/s", {"bare Hyperscan loop": r["bare"], "worker": r["worker"]}, r["ratio"],
                       r["worker"]["max"] / r["bare"]["max"], r["goal"])
        streams(report, f"{base}, {what}: memory", r)


def rules(report, program, quick, note):
    found, sets = http(), sorted(glob.glob(os.path.join(DATA, RULES)))
    what, kind = "Emerging Threats", "HTTP"
    if quick or not found or not sets:
        found, sets = [OWN], [os.path.join(ROOT, "conf/rules/example.rules")]
        what, kind = "example.rules", "office.pcap"
        report.skipped.append(("c", "the Emerging Threats rules: " + ("--quick" if quick else f"{os.path.relpath(DATA, ROOT)} is not there")))
    for mode in MODES:
        note(f"worker with {what}, {mode} mode (compiles for a minute)")
        r = program("bench_rules", "-m", mode, *short(quick), *(a for s in sets for a in ("-R", s)), *found)
        size = r["payload_bytes"] / r["payloads"]
        report.add("c", f"{what}, {mode}: {r['accepted']} rules, {kind}: {r['frames']} frames, {r['payloads']} payloads of {size:.0f} octets",
                   "Gbit/s", {"one group": r["single"], "grouped by ports": r["grouped"]})
        for name, way in (("one group", "single"), ("grouped by ports", "grouped")):
            made = r[f"{way}_compile"]
            report.add("c", f"{what}, {mode}, {name}: {made['groups']} databases, {octets(made['db_bytes'])}", "s to compile",
                       {"without the cache": once(made["cold_s"]), "with it": once(made["cached_s"])})
        if mode == "stream":
            streams(report, f"{what}, {kind}: memory", r)
