#!/usr/bin/env python3
"""Rules that change while packets come: none is lost, each is scanned by one set. usage: reload.py SLUICE [--no-dpdk]

Every packet holds words that each rule set finds: however often and whenever the sets take turns, a packet has as many matches as a set
has words, and what both sets find is in every packet.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import DPDK, Tap  # noqa: E402

from frames import ETH_IP4, ethernet, ip4, tcp, udp, write_pcap  # noqa: E402
from live import Live, balanced, replace_file  # noqa: E402

T0 = 1700000000000000
RELOADS = 100
# Two events in each packet, by either; rule 1 is in both.
SETS = ("1:/common/\n2:/alpha/\n", "9:/nowhere/\n3:/beta/\n1:/common/\n8:/no(where|body)/\n")
COMMON = ("1:/common/\n", "7:/nobody/\n1:/common/\n6:/nowhere/\n")


class Bench:
    def __init__(self, sluice, folder):
        self.sluice, self.folder = sluice, folder
        self.rules = os.path.join(folder, "rules.hs")
        self.records = os.path.join(folder, "records.jsonl")
        self.capture = os.path.join(folder, "many.pcap")
        self.small = os.path.join(folder, "small.pcap")
        frames = []
        for i in range(200):
            body = b"%d: common, alpha, beta" % i
            seg = udp(1000 + i, 53, body) if i % 2 else tcp(1000 + i, 80, 0x18, body)
            frames.append(ethernet(ETH_IP4, ip4(f"10.0.{i % 7}.1", "10.1.0.1", 17 if i % 2 else 6, seg)))
        self.n = 400000
        write_pcap(self.capture, [(T0 + i * 100, frames[i % 200], len(frames[i % 200])) for i in range(self.n)])
        write_pcap(self.small, [(T0 + i * 100, frames[i], len(frames[i])) for i in range(200)])

    def live(self, rules, stdout=subprocess.DEVNULL, **sets):
        replace_file(self.rules, rules)
        if os.path.exists(self.records):
            os.unlink(self.records)
        base = {"input.backend": "pcap", "input.device": f'"{self.capture}"', "flow.rows": "65536", "match.rules": f'"{self.rules}"',
                "match.cache": "off", "match.mode": "block", "stream.all.key": "src_ip", "stream.all.window": "tumbling 1s", "sink.out.path": f'"{self.records}"'}
        return Live(self.sluice, self.folder, {**base, **{k.replace("_", ".", 1): v for k, v in sets.items()}}, stdout=stdout)

    def in_records(self, field):
        with open(self.records) as f:
            return sum(json.loads(line)[field] for line in f)


def reload_again_and_again(live, bench, sets, times):
    """Notes on what went wrong, and how many reloads the run lasted for."""
    notes, done = [], 0
    while done < times:
        replace_file(bench.rules, sets[(done + 1) % 2])
        ok, said = live.ask("reload")
        if ok is False and "the run is ending" not in said:
            notes.append(f"reload {done + 1}: {said}")
        s = live.stats() if ok else None
        if s is None:
            break
        done += 1
        if not balanced(s):
            notes.append(f"after reload {done} the ledger does not balance: {s['ledger']}")
        if s["match"]["version"] != done + 1 or s["match"]["reloads"] != done or s["match"]["rules"] != sets[done % 2].count("\n"):
            notes.append(f"after reload {done}: {s['match']}")
    return notes, done


def captures(bench, tap):
    for name, sets, each, workers in (("two sets", SETS, 2, 1), ("two sets", SETS, 2, 2), ("two sets", SETS, 2, 4), ("one rule in both", COMMON, 1, 2)):
        live = bench.live(sets[0], input_workers=workers, input_pace=10000)
        notes, done = reload_again_and_again(live, bench, sets, RELOADS)
        # What is left is read as fast as it goes on.
        stopped = live.command("stop")
        status = live.wait()
        s = live.summary()
        got = s["ledger"]["received"]
        if status != 0 or stopped.returncode != 0 or done < RELOADS or not balanced(s):
            notes.append(f"{done} reloads, exit status {status}, {s['ledger']}")
        if s["match"]["events"] != each * got or bench.in_records("matches") != each * got or bench.in_records("packets") != got:
            notes.append(f"{got} packets, {s['match']}, records: {bench.in_records('packets')} packets, {bench.in_records('matches')} matches")
        tap.line(not notes, f"{name}, {RELOADS} reloads in a replay, {workers} workers: each packet is scanned once", notes + live.why())
        live.end()


def whole_capture(bench, tap):
    """To the end of the file: the sums are those of a run without a reload."""
    for workers in (1, 3):
        live = bench.live(COMMON[0], input_workers=workers, input_pace=200000)
        notes, done = reload_again_and_again(live, bench, COMMON, 100000)
        status = live.wait()
        s = live.summary()
        if status != 0 or s["ledger"]["counted"] != bench.n or s["match"]["events"] != bench.n or bench.in_records("matches") != bench.n:
            notes.append(f"{s['ledger']} {s['match']}")
        tap.line(not notes and done > 0, f"a whole capture, reloading all the time, {workers} workers: no match is missing or twice",
                 notes + [f"{done} reloads"] + live.why())
        live.end()


def device(bench, tap):
    for workers, dispatch in ((1, "rss"), (2, "software")):
        live = bench.live(SETS[0], input_backend="dpdk", input_device=f'"net_pcap0,rx_pcap={bench.small},infinite_rx=1"', input_workers=workers,
                          input_dispatch=dispatch, **{k.replace(".", "_", 1): v for k, v in DPDK.items()})
        notes, done = reload_again_and_again(live, bench, SETS, RELOADS)
        stopped = live.command("stop")
        status = live.wait()
        s = live.summary()
        led = s["ledger"]
        # What was shed (software dispatch outruns the workers here) is not scanned.
        if status != 0 or stopped.returncode != 0 or done < RELOADS or not balanced(s) or led["counted"] == 0 \
                or s["match"]["events"] != 2 * (led["counted"] + led["late"]):
            notes.append(f"{done} reloads, exit status {status}, {led} {s['match']} {s['drops']}")
        tap.line(not notes, f"{RELOADS} reloads under full load from a device, {workers} workers, {dispatch}", notes + live.why())
        live.end()


def alerts(bench, tap):
    """An alert speaks of the rule that matched, whatever its index is in the set that came after."""
    eve = os.path.join(bench.folder, "eve.json")
    live = bench.live(SETS[0], input_workers=2, input_pace=20000, **{"sink_alerts.type": "eve", "sink_alerts.path": f'"{eve}"'})
    notes, done = reload_again_and_again(live, bench, SETS, 20)
    live.command("stop")
    status = live.wait()
    s = live.summary()
    by_rule, wrong = {}, 0
    with open(eve) as f:
        for line in f:
            a = json.loads(line)["alert"]
            by_rule[a["signature_id"]] = by_rule.get(a["signature_id"], 0) + 1
            wrong += {1: "common", 2: "alpha", 3: "beta"}.get(a["signature_id"], "?") not in a["signature"]
    got = s["ledger"]["received"]
    if wrong or set(by_rule) != {1, 2, 3} or by_rule[1] != got or by_rule[2] + by_rule[3] != got or done < 20 or status != 0:
        notes.append(f"{got} packets, alerts {by_rule}, {wrong} with another rule's text, {done} reloads")
    tap.line(not notes, "alerts name the rule that matched, also across reloads", notes + live.why())
    live.end()


def mistakes(bench, tap):
    live = bench.live(SETS[0], input_pace=2000)

    def kept(what, rules, word, listed=""):
        if rules is None:
            os.unlink(bench.rules)
        else:
            replace_file(bench.rules, rules)
        before = live.stats()["match"]
        said = live.command("reload")
        s = live.stats()["match"]
        ok = said.returncode == 1 and said.stdout == "" and word in said.stderr and listed in said.stderr and "stay as they are" in said.stderr \
            and s["rules"] == before["rules"] and s["version"] == before["version"] and s["reloads"] == before["reloads"] \
            and s["reloads_failed"] == before["reloads_failed"] + 1
        tap.line(ok, f"{what} keeps the rules", [str(said.returncode), said.stdout, said.stderr, str(before), str(s)])

    kept("a pattern that does not compile", "1:/common/\n2:/alpha(/\n", "1 rule is wrong as written: ", f"{bench.rules}:2: 2: ")
    kept("a line that is no rule", "1:/common/\nwhat is this\n", "1 rule is wrong as written: ", f"{bench.rules}:2: ")
    kept("an id used twice", "1:/common/\n1:/alpha/\n", "1 rule is wrong as written: ", "used before")
    many = "".join(f"{i}:/(?=a)/\n" for i in range(10, 2000)) + "1:/common/\nwhat is this\n"
    kept("a line that is no rule, behind many that cannot be had,", many, f"1 rule is wrong as written: {bench.rules}:1992: ")
    kept("a file that is gone", None, bench.rules)
    tap.line("stay as they are" in live.said() and bench.rules in live.said(), "the log says so, too", live.why())

    replace_file(bench.rules, "1:/common/\n2:/(?=alpha)/\n")
    said = live.command("reload")
    s = live.stats()["match"]
    tap.line(said.returncode == 0 and f"{bench.rules}:2: 2: " in said.stdout and s["rules"] == 1,
             "what Hyperscan does not have is left out and listed", [said.stdout, said.stderr, str(s)])

    replace_file(bench.rules, "")
    said = live.command("reload")
    s = live.stats()
    time.sleep(0.1)
    later = live.stats()
    tap.line(said.returncode == 0 and s["match"]["rules"] == 0 and later["match"]["events"] == s["match"]["events"]
             and later["ledger"]["received"] > s["ledger"]["received"], "an empty file is a set of no rules", [said.stdout, said.stderr, str(later)])
    replace_file(bench.rules, SETS[1])
    version = later["match"]["version"]
    live.process.send_signal(signal.SIGHUP)
    came = live.until(lambda: live.stats()["match"]["version"] == version + 1)
    s = live.stats()["match"]
    tap.line(came and s["rules"] == 4, "SIGHUP reloads", [str(s)] + live.why())
    for _ in range(20):
        live.process.send_signal(signal.SIGHUP)
    said = live.command("reload")
    tap.line(said.returncode == 0 and live.process.poll() is None, "many at once do not matter", [said.stderr] + live.why())
    live.command("stop")
    status = live.wait()
    tap.line(status == 0 and live.summary()["match"]["rules"] == 4, "the summary tells the newest set", live.why())
    live.end()

    live = bench.live("", input_pace=2000)
    replace_file(bench.rules, SETS[0])
    said = live.command("reload")
    ok = said.returncode == 0 and live.until(lambda: live.stats()["match"]["events"] > 0)
    tap.line(ok, "rules may come where there were none", [said.stdout, said.stderr] + live.why())
    live.end()

    live = bench.live(SETS[0], input_pace=2000, match_rules="")
    said = live.command("reload")
    tap.line(said.returncode == 1 and "match.rules" in said.stderr and live.stats()["match"]["version"] == 0,
             "without rule files there is nothing to reload", [said.stdout, said.stderr])
    live.end()


def long_compile(bench, tap):
    """Rules that take long: stats are to be had, requests wait their turn, the end does not wait."""
    words = "".join(f"{i}:/w{i}[a-z]{{3,9}}.*x(y|z{i % 9})+[^q]{{2,{i % 30 + 3}}}k/s\n" for i in range(2500))
    live = bench.live(SETS[0], input_pace=2000)
    replace_file(bench.rules, SETS[0] + "".join(f"1{line}" for line in words.splitlines(True)))
    live.process.send_signal(signal.SIGHUP)
    live.until(lambda: "SIGHUP" in live.said())
    start = time.monotonic()
    polls = 0
    while live.stats()["match"]["version"] == 1 and time.monotonic() - start < 0.5:
        polls += 1
    tap.line(polls > 3, "the ledger is told while rules are compiled", [str(polls)] + live.why())
    # As `sluice reload`, without waiting for it.
    first, second = live.connect(), live.connect()
    for s in (first, second):
        s.sendall(b"SLUICE/1 reload\n")
    compiling = live.stats()["match"]["version"] == 1
    started = time.monotonic()
    said = live.command("stop")
    status = live.wait()
    notes = [f"{time.monotonic() - started:.1f} s", str(status), said.stderr] + live.why()
    tap.line(status == 0 and said.returncode == 0 and balanced(live.summary()), "the end does not wait for a compiler", notes)
    answers = [s.recv(100) for s in (first, second)]
    if compiling and "leaving while" in live.said():
        tap.line(all(a.startswith(b"SLUICE/1 error") for a in answers), "who waits for rules is told that the run has ended", [str(answers)])
    else:
        tap.skip("who waits for rules is told that the run has ended", "the rules were compiled before it did")
    first.close()
    second.close()
    tap.line(not os.path.exists(live.socket), "the socket is gone", live.why())
    live.end()


def stuck(bench, tap):
    """Nobody reads the records, so workers wait: they take the rules when they go on."""
    live = bench.live(COMMON[0], input_workers=2, stdout=subprocess.PIPE, **{
        "sink_out.path": "-", "stream_all.key": "src_port", "stream_all.window": '"tumbling 10ms"', "flow_rows": "1K", "flow_spares": 1})
    last = [-1]

    def still():
        now = live.stats()["ledger"]["received"]
        same, last[0] = now == last[0], now
        time.sleep(0.2)
        return same

    live.until(still)
    replace_file(bench.rules, COMMON[1])
    ok, said = live.ask("reload")
    waits = "when they go on" in said
    tap.line(ok and waits and balanced(live.stats()), "a reload does not wait for workers that wait for their output", [said] + live.why())
    records = live.process.stdout.read().count(b"\n")
    status = live.wait()
    s = live.summary()
    tap.line(status == 0 and s["match"]["version"] == 2 and s["match"]["events"] == bench.n and records == s["sinks"]["out"]["delivered"],
             "and no match is missing when they went on", [str(s)] + live.why())
    live.end()


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-reload-") as folder:
        bench = Bench(sys.argv[1], folder)
        for part in (captures, whole_capture, mistakes, alerts, stuck, long_compile):
            part(bench, tap)
        if "--no-dpdk" in sys.argv:
            tap.skip("reloads under full load from a device", "a build without DPDK")
        else:
            device(bench, tap)
    tap.end()


if __name__ == "__main__":
    main()
