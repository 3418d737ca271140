"""(e) The XDP programs: nanoseconds a frame as the kernel runs them, and packets a second of processor time over veth."""
import statistics

import over_veth

COUNTERS = {
    "minimal_percpu": "minimal counter, per-CPU hash map",
    "minimal_hash": "minimal counter, hash map",
    "minimal_table": "minimal counter, kernel mode's table",
    "minimal_timed": "the same with a row's first and last time",
    "kernel": "kernel mode",
}
MODES = {
    "empty": "empty program",
    "parse": "the parser alone, Ethernet/IPv4/UDP",
    "parse_vxlan": "the parser alone, VLAN/IPv4/UDP/VXLAN/Ethernet/IPv4/UDP",
    "redirect": "redirect, 60 octets",
    "observe_60": "observe, 60 octets",
    "observe_512": "observe, 512 octets",
    "observe_1514": "observe, 1,514 octets",
}
KERNEL_GOAL = 1.5       # times the minimal counter
PARSE_GOAL = 60         # nanoseconds
SOFTFLOWD_GOAL = 3      # times its packets a second of processor time
LEAST = 1e-9            # seconds a packet that can be told from none


def goal(what, ratio, best, limit, at_least):
    return {"what": what, "ratio": ratio, "ratio_of_best": best, "goal": limit, "at_least": at_least,
            "met": ratio >= limit if at_least else ratio <= limit}


def times(report, program, quick, note):
    """By BPF_PROG_TEST_RUN."""
    note("XDP programs")
    r = program("bench_xdp", "-n", str(200000 if quick else 1000000), "-r", "3" if quick else "9")
    report.add("e", "XDP programs, one frame again and again", "ns/frame", {text: r[name] for name, text in MODES.items() if name in r},
               goals=[goal("parser alone, ns", r["parse"]["median"], r["parse"]["min"], PARSE_GOAL, False)])
    for keys in r["keys"]:
        of = {name: r[f"{name}_{keys}"] for name in COUNTERS}
        goals = [goal(f"kernel mode / {COUNTERS[name]}", of["kernel"]["median"] / of[name]["median"], of["kernel"]["min"] / of[name]["min"],
                      KERNEL_GOAL, False) for name in ("minimal_table", "minimal_timed", "minimal_percpu", "minimal_hash")]
        report.add("e", f"XDP programs that count 5-tuples, {keys} key{'s' if keys > 1 else ''}", "ns/frame",
                   {"empty program": r["empty"]} | {text: of[name] for name, text in COUNTERS.items()}, goals=goals)


def veth(report, build, sluice, quick, note):
    reason = over_veth.why_not()
    if reason:
        report.skipped.append(("e", f"floods over veth: {reason}"))
        return
    scenes = over_veth.SCENES[1:2] if quick else over_veth.SCENES
    measured, missing = over_veth.measure(build, sluice, 300000 if quick else 1000000, 1 if quick else 5, scenes, note)
    report.skipped += [("e", f"floods over veth: {text}") for text in missing]
    for scene, floods in measured.items():
        socket, octets, flows = scene
        rates, series, goals = {}, {}, []
        for name, runs in floods.items():
            # Where veth does nothing on its own account, a program that does nothing cannot be told from nobody.
            if name == "nobody" or (name == "empty" and not socket):
                continue
            # What the kernel saves, where frames do not go on to the host, makes up for nothing here.
            rate = [f["processed"] / max(f["own"] + max(f["kernel"], 0), f["processed"] * LEAST) / 1e6 for f in runs]
            per = {k: statistics.median(f[k] / f["processed"] * 1e9 for f in runs) for k in ("own", "kernel", "machine")}
            rates[name] = {"median": statistics.median(rate), "min": min(rate), "max": max(rate), "n": len(rate)} | per
            text = f"{name if name != 'empty' else 'empty program'}: {per['own']:.0f} + {per['kernel']:.0f} ns"
            lost = sum(f["lost"] for f in runs) / sum(f["sent"] for f in runs)
            series[text + (f", {100 * lost:.1f} % lost" if lost > 0 else "")] = rates[name]
        for mode in over_veth.MODES:
            for peer, limit in (("softflowd", SOFTFLOWD_GOAL if mode == "observe" else None), ("tcpdump", 1)):
                if mode in rates and peer in rates and limit:
                    goals.append(goal(f"{mode} / {peer}", rates[mode]["median"] / rates[peer]["median"],
                                      rates[mode]["max"] / rates[peer]["max"], limit, True))
        by = "a packet socket, which veth must copy" if socket else "XDP, as a driver's"
        report.add("e", f"veth, {flows} flow{'s' if flows > 1 else ''} of {octets} octets, sent by {by}; a packet's time: own + the kernel's",
                   "Mpackets/CPU-s", series, goals=goals)
