#!/usr/bin/env python3
"""State: runs that are killed and started again until they are through give what an undisturbed one gives.

usage: state.py SLUICE [--kills N] [--seed S]

SLUICE_KILLS in the environment: as --kills, which is how many runs are killed altogether.
"""
import argparse
import glob
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap  # noqa: E402

from state_capture import FRAMES, capture  # noqa: E402

RULES = """
alert udp any any -> any any (msg:"every one"; content:"needle"; sid:1;)
alert tcp any any -> any any (msg:"across segments"; content:"needle"; sid:3;)
alert tcp any any -> any any (msg:"far apart"; content:"begin"; content:"finish"; distance:0; sid:4;)
alert tcp any any -> any any (msg:"marked"; content:"begin"; flowbits:set,begun; flowbits:noalert; sid:5;)
alert tcp any any -> any any (msg:"answered"; content:"answer"; flowbits:isset,begun; sid:6;)
alert udp any any -> any any (msg:"one in five"; content:"straw"; threshold:type threshold, track by_src, count 5, seconds 60; sid:2;)
"""
STREAMS = {
    "ten": ("src_ip dest_ip src_port dest_port proto", "tumbling 10s"),
    "slide": ("src_ip", "sliding 8s 2s"),
    "session": ("src_ip dest_ip", "session 1500ms"),
    "flow": ("src_ip dest_ip src_port dest_port proto", "flow 20s 3s"),
    "rule": ("rule src_ip", "tumbling 4s"),
    "talks": ("src_ip dest_ip src_port dest_port proto", "flow 30s 4s\nbiflow = yes"),
    "both": ("src_ip dest_ip", "sliding 6s 3s\nbiflow = yes"),
    "top": ("src_ip", "tumbling 20s\ntop = 3"),
    "hosts": ("dest_ip", "tumbling 5s\ndistinct = src_ip"),
    "ports": ("proto", "sliding 12s 3s\ndistinct = src_port"),
    "peers": ("src_ip", "session 2s\ndistinct = dest_ip"),
    "values": ("rule", "tumbling 30s\ndistinct = src_port"),
}
ALERTS = {
    "much": ("slide", "packets > 12"),
    "more": ("slide", "packets > 1.4 * mean(3)"),
    "less": ("ten", "packets < 1"),
    "fewer": ("top", "bytes < 0.8 * mean(2)"),
    "fires": ("rule", "matches >= 2"),
}


class Bench:
    def __init__(self, sluice, folder, seed):
        self.sluice, self.folder = sluice, folder
        self.rng = random.Random(seed)
        self.capture = os.path.join(folder, "state.pcap")
        capture(self.capture, self.rng)
        with open(os.path.join(folder, "state.rules"), "w") as f:
            f.write(RULES)
        self.summary = os.path.join(folder, "summary.json")
        self.state = os.path.join(folder, "state")
        self.outputs = {name: os.path.join(folder, name) for name in ("records.jsonl", "eve.json")}
        self.conf = os.path.join(folder, "state.conf")
        with open(self.conf, "w") as f:
            f.write(f"[input]\nbackend = pcap\ndevice = {self.capture}\nlateness = 1s\nlate = emit\n"
                    "[match]\nrules = state.rules\nchecksums = ignore\ncache = off\n[flow]\nrows = 4K\n"
                    + "".join(f"[stream {n}]\nkey = {k}\nwindow = {w}\n" for n, (k, w) in STREAMS.items())
                    + "".join(f"[alert {n}]\nstream = {s}\nwhen = {w}\n" for n, (s, w) in ALERTS.items())
                    + "[sink out]\ntype = json\npath = records.jsonl\n[sink eve]\ntype = eve\npath = eve.json\n"
                    "[state]\npath = state\ncheckpoint = 100ms\n")
        self.clear()
        self.run("state.path=")
        self.expected = self.lines()
        self.late = [x for x in self.expected["records.jsonl"] if '"late":true' in x]
        self.quiet = [n for n in ALERTS if not any(f'"alert":"{n}"' in x for x in self.expected["records.jsonl"])]

    def clear(self):
        for path in glob.glob(os.path.join(self.folder, "*.json*")) + glob.glob(os.path.join(self.state, "*")):
            os.unlink(path)

    def argv(self, *sets, more=()):
        return [self.sluice, "run", self.conf, "--summary", self.summary, *(a for s in sets for a in ("--set", s)), *more]

    def run(self, *sets, more=()):
        return subprocess.run(self.argv(*sets, more=more), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    def start(self, *sets, more=()):
        return subprocess.Popen(self.argv(*sets, more=more), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def lines(self):
        """The sorted lines of each output, of files that rotation has finished, too."""
        out = {}
        for name, path in self.outputs.items():
            out[name] = []
            for part in glob.glob(path + "*"):
                with open(part) as f:
                    out[name] += f.read().splitlines()
            out[name].sort()
        return out

    def ledger(self):
        try:
            with open(self.summary) as f:
                return json.load(f)
        except (OSError, ValueError):
            return {}

    def differences(self, expected=None):
        """What is not as in an undisturbed run."""
        notes, now = [], self.lines()
        for name, lines in (expected or self.expected).items():
            notes += [f"{name}: {len(now[name])} lines, {len(lines)} expected"] if len(now[name]) != len(lines) else []
            extra, missing = sorted(set(now[name]) - set(lines)), sorted(set(lines) - set(now[name]))
            notes += [f"{name}: unexpected: {x}" for x in extra[:3]] + [f"{name}: missing: {x}" for x in missing[:3]]
        led = self.ledger().get("ledger", {})
        if led.get("received") != FRAMES or not led.get("balanced"):
            notes.append(f"ledger: {led}")
        return notes


def kills(bench, tap, wanted):
    """Each trial is one replay, killed again and again; what it takes lasts two to three seconds undisturbed."""
    killed = trial = resumed = 0
    while killed < wanted and trial < wanted + 10:
        bench.clear()
        here, notes = 0, []
        rotates = ["sink.out.rotate_every=1s"] if trial % 3 == 2 else []
        while True:
            workers = bench.rng.choice((1, 2, 4))
            pace = bench.rng.choice((3000, 6000, 20000))
            p = bench.start(f"input.workers={workers}", f"input.pace={pace}", *rotates)
            try:
                said = p.communicate(timeout=bench.rng.uniform(0.02, 1.5) if here < 20 else 60)[1]
            except subprocess.TimeoutExpired:
                p.kill()
                p.communicate()
                here += 1
                continue
            if p.returncode != 0:
                notes.append(f"exit status {p.returncode}: {said[-400:]}")
            resumed += bench.ledger().get("resumed_at", 0) > 0
            break
        killed += here
        trial += 1
        notes = notes or bench.differences()
        if notes:
            tap.line(False, f"trial {trial}, killed {here} times, ends as if nothing had happened", notes)
            return
    tap.line(killed >= wanted, f"{killed} runs killed at random moments, {trial} replays: every record and alert once")
    tap.line(resumed > 0, "runs went on from the middle")


def stops(bench, tap):
    """Stopped by a signal, or by the time limit, and started again."""
    bench.clear()
    notes = []
    for turn in range(5):
        # Terminated before it looks for signals it has done nothing: once more, and later.
        for late in range(10):
            p = bench.start("input.pace=4000", f"input.workers={(1, 4, 2, 1, 3)[turn]}",
                            *(["state.checkpoint=1h"] if turn % 2 else []), more=("--duration", "300ms") if turn == 3 else ())
            if turn != 3:
                time.sleep(bench.rng.uniform(0.2, 0.5) + late / 5)
                p.send_signal(signal.SIGTERM)
            said = p.communicate(timeout=60)[1]
            if p.returncode != -signal.SIGTERM:
                break
        led = bench.ledger()
        if p.returncode != 0:
            notes.append(f"turn {turn}: exit status {p.returncode}: {said[-400:]}")
        if led.get("state", {}).get("failed") or led.get("ledger", {}).get("received", FRAMES) == FRAMES:
            notes.append(f"turn {turn}: {led.get('ledger')} {led.get('state')}")
    text = "".join("\n".join(lines) for lines in bench.lines().values())
    notes += ["a window was cut"] if '"partial"' in text or '"forced"' in text else []
    before = led["ledger"]["received"]
    last = bench.run("input.pace=max")
    notes += [f"exit status {last.returncode}: {last.stderr[-400:]}"] if last.returncode else []
    notes += [f"resumed at {bench.ledger()['resumed_at']} of {before}"] if bench.ledger()["resumed_at"] != before else []
    tap.line(not notes and not bench.differences(), "stopped five times by a signal or --duration: no window is cut, all go on",
             notes + bench.differences())


def finished(bench, tap):
    bench.clear()
    bench.run()
    first = bench.ledger()
    again = bench.run()
    told = "read to its end" in again.stderr and "--restart" in again.stderr
    second = bench.ledger()
    same = {k: v for k, v in first.items() if k in ("ledger", "drops", "streams", "sinks")} \
        == {k: v for k, v in second.items() if k in ("ledger", "drops", "streams", "sinks")}
    tap.line(again.returncode == 0 and told and same and second["resumed_at"] == FRAMES and not bench.differences(),
             "a finished state is said, exits with 0 and tells the ledger", [again.stderr, str(second)] + bench.differences())
    over = bench.run(more=("--restart",))
    doubled = {n: sorted(lines + lines) for n, lines in bench.expected.items()}
    tap.line(over.returncode == 0 and bench.ledger()["resumed_at"] == 0 and not bench.differences(doubled),
             "--restart begins anew and appends", [over.stderr[-400:]] + bench.differences(doubled))


def interrupted(bench):
    """Leaves a state in the middle, behind the first records."""
    bench.clear()
    socket, records = os.path.join(bench.folder, "socket"), bench.outputs["records.jsonl"]
    p = bench.start("input.pace=4000", f"control.socket={socket}")
    until = time.monotonic() + 60
    while time.monotonic() < until and not (os.path.exists(records) and os.path.getsize(records)):
        time.sleep(0.02)
    subprocess.run([bench.sluice, "checkpoint", "--socket", socket], capture_output=True, timeout=60, check=False)
    p.kill()
    p.communicate()


def refusals(bench, tap):
    interrupted(bench)
    other = os.path.join(bench.folder, "other.pcap")
    capture(other, random.Random(7))
    for sets, part in ((["stream.ten.window=tumbling 5s"], "stream.ten.window"), (["stream.ten.key=src_ip"], "stream.ten.key"),
                       (["input.lateness=2s"], "input.lateness"), (["input.filter=tcp"], "input.filter"),
                       ([f"input.device={other}"], "input.device"), (["sink.out.path=" + os.path.join(bench.folder, "x.jsonl")], "sink.out.path"),
                       (["stream.more.key=proto", "stream.more.window=tumbling 1s"], "stream.more")):
        done = bench.run(*sets)
        ok = done.returncode == 1 and part in done.stderr and "--restart" in done.stderr
        tap.line(ok, f"another {part} is refused, and the cure named", [done.stderr])
    more = bench.run("stream.session.memory=16M", "stream.session.overflow=evict", "flow.memory=512M")
    tap.line(more.returncode == 0 and not bench.differences(), "other bounds of memory are not", [more.stderr[-400:]] + bench.differences())
    interrupted(bench)
    head = bytearray(open(bench.capture, "rb").read())
    was = bytes(head)
    head[30] ^= 1
    with open(bench.capture, "wb") as f:
        f.write(head)
    done = bench.run()
    tap.line(done.returncode == 1 and bench.capture in done.stderr, "another capture of the same name and size is refused", [done.stderr])
    with open(bench.capture, "wb") as f:
        f.write(was)
    path = bench.outputs["records.jsonl"]
    kept = open(path).read()
    with open(path, "w") as f:
        f.write("{}\n" * 100000)
    done = bench.run()
    tap.line(done.returncode == 1 and "not the file" in done.stderr and os.path.getsize(path) == 300000,
             "an output that somebody else has written is left alone", [done.stderr])
    with open(path, "w") as f:
        f.write(kept)
    done = bench.run()
    tap.line(done.returncode == 0 and not bench.differences(), "and with everything as it was the run goes on",
             [done.stderr[-400:]] + bench.differences())
    for sets, part in ((["sink.out.path=-"], "sink.out.path"), (["input.device=-"], "input.device"),
                       (["state.checkpoint=1ms"], "state.checkpoint")):
        done = bench.run(*sets)
        tap.line(done.returncode == 2 and part in done.stderr, f"{sets[0]} is refused by the check", [done.stderr])
    with open(os.path.join(bench.folder, "file"), "w") as f:
        f.write("")
    for where in (os.path.join(bench.folder, "file"), "/proc/nowhere", "/dev/null"):
        done = bench.run(f"state.path={where}")
        tap.line(done.returncode == 1 and where in done.stderr, f"a state in {os.path.basename(where)} is refused", [done.stderr])
    pipe = os.path.join(bench.folder, "pipe")
    os.mkfifo(pipe)
    done = bench.run(f"input.device={pipe}", f"state.path={bench.folder}/other")
    tap.line(done.returncode == 1 and pipe in done.stderr and "accepted: files" in done.stderr, "a pipe that cannot be read again is refused", [done.stderr])
    done = bench.run("sink.out.path=/dev/null", f"state.path={bench.folder}/other")
    tap.line(done.returncode == 1 and "/dev/null" in done.stderr, "an output that is no file is refused", [done.stderr])


def damage(bench, tap):
    interrupted(bench)
    path = os.path.join(bench.state, "sluice.state")
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        for at in range(70000, size, 65536):
            f.seek(at)
            f.write(b"\xff" * 20000)
    done = bench.run()
    aside = glob.glob(path + ".damaged-*")
    tap.line(done.returncode == 0 and "damaged" in done.stderr and len(aside) >= 1 and bench.ledger().get("resumed_at") == 0,
             "a damaged state is said, set aside, and not used", [done.stderr[-600:], str(aside)])
    interrupted(bench)
    os.truncate(path, 0)
    done = bench.run()
    tap.line(done.returncode == 0 and "is empty; starting over" in done.stderr and bench.ledger().get("resumed_at") == 0,
             "a state of which nothing is left is said", [done.stderr[-600:]])


def one_instance(bench, tap):
    bench.clear()
    p = bench.start("input.pace=2000")
    time.sleep(0.5)
    done = bench.run()
    tap.line(done.returncode == 1 and "another instance" in done.stderr, "a folder in use is refused", [done.stderr])
    p.kill()
    p.communicate()


def on_demand(bench, tap):
    bench.clear()
    socket = os.path.join(bench.folder, "socket")
    p = bench.start("input.pace=3000", "state.checkpoint=1h", f"control.socket={socket}")
    time.sleep(0.8)
    asked = subprocess.run([bench.sluice, "checkpoint", "--socket", socket], capture_output=True, text=True, timeout=60)
    p.kill()
    p.communicate()
    done = bench.run()
    tap.line(asked.returncode == 0 and "kept" in asked.stdout and done.returncode == 0 and bench.ledger()["resumed_at"] > 100
             and not bench.differences(), "sluice checkpoint keeps what there is, at once",
             [asked.stdout + asked.stderr, done.stderr[-400:]] + bench.differences())
    p = bench.start("input.pace=3000", "state.path=", f"control.socket={socket}")
    time.sleep(0.5)
    asked = subprocess.run([bench.sluice, "checkpoint", "--socket", socket], capture_output=True, text=True, timeout=60)
    tap.line(asked.returncode == 1 and "state.path" in asked.stderr, "and says so where nothing is kept", [asked.stdout + asked.stderr])
    p.kill()
    p.communicate()


def hears(process, what, seconds=20):
    """What it said until that came, or it ended, or the time was up."""
    said, end = "", time.monotonic() + seconds
    os.set_blocking(process.stderr.fileno(), False)
    while what not in said and process.poll() is None and time.monotonic() < end:
        try:
            said += os.read(process.stderr.fileno(), 65536).decode(errors="replace")
        except BlockingIOError:
            time.sleep(0.02)
    os.set_blocking(process.stderr.fileno(), True)
    return said


def full_disk(bench, tap):
    where = os.path.join(bench.folder, "small")
    os.mkdir(where)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4M", "none", where], capture_output=True).returncode != 0:
        tap.skip("a full disk", "tmpfs cannot be mounted here")
        return
    try:
        bench.clear()
        p = bench.start("input.pace=2000", f"state.path={where}")
        time.sleep(0.5)
        with open(os.path.join(where, "filler"), "wb") as f:
            try:
                f.write(bytes(8 << 20))
            except OSError:
                pass
        said = hears(p, "checkpoint:")
        os.unlink(os.path.join(where, "filler"))
        said += p.communicate(timeout=60)[1]
        led = bench.ledger()
        tap.line(p.returncode == 0 and led["state"]["failed"] > 0 and led["state"]["checkpoints"] > 1 and not bench.differences()
                 and "checkpoint:" in said, "a checkpoint that finds no room is counted and the run goes on",
                 [said[-600:], str(led.get("state"))] + bench.differences())
        for path in glob.glob(os.path.join(where, "*")):
            os.unlink(path)
        with open(os.path.join(where, "filler"), "wb") as f:
            try:
                f.write(bytes(8 << 20))
            except OSError:
                pass
        done = bench.run(f"state.path={where}")
        tap.line(done.returncode == 1 and where in done.stderr, "at the start it is an error", [done.stderr])
    finally:
        subprocess.run(["umount", where], check=False)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("sluice")
    p.add_argument("--kills", type=int, default=int(os.environ.get("SLUICE_KILLS", "24")))
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    args = p.parse_args()
    tap = Tap()
    print(f"# --kills {args.kills} --seed {args.seed}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args.sluice, folder, args.seed)
        tap.line(all(bench.expected.values()) and not bench.quiet and len(bench.late) > 100, "the undisturbed run gives records, corrections, and alerts of all kinds", bench.quiet + [str(bench.ledger())])
        kills(bench, tap, args.kills)
        stops(bench, tap)
        finished(bench, tap)
        refusals(bench, tap)
        damage(bench, tap)
        one_instance(bench, tap)
        on_demand(bench, tap)
        full_disk(bench, tap)
    tap.end()


if __name__ == "__main__":
    main()
