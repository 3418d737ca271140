#!/usr/bin/env python3
"""State: runs that are stopped go on, finished ones are said, and what a run cannot go on from is refused.

usage: state.py SLUICE [--seed S]
"""
import argparse
import glob
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap  # noqa: E402

from frames import ETH_IP4, ethernet, ip4, udp, write_pcap  # noqa: E402
from state_bench import ALERTS, RULES, Bench  # noqa: E402
from state_capture import FRAMES, T0, capture  # noqa: E402


def told_rate(said, before, seconds):
    """The rate is of the frames that this run took."""
    told = re.search(r": ([0-9.]+) ?([kMG]?) packets/s.*\n *received +(\d+) +\((\d+) ahead of the checkpoint\)", said)
    if told is None or int(told[4]) != before:
        return [f"{before} frames ahead of the checkpoint, and told is: {said[-600:]}"]
    rate, want = float(told[1]) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[told[2]], (FRAMES - before) / seconds
    return [] if 0.9 * want < rate < 1.1 * want else [f"{rate} packets/s told, {want} taken"]


def stops(bench, tap):
    """Stopped by a signal, or by the time limit, and started again."""
    bench.clear()
    notes = []
    for turn in range(5):
        # Terminated before it looks for signals it has done nothing: once more, and later.
        for late in range(10):
            p = bench.start("input.pace=1500", f"input.workers={(1, 4, 2, 1, 3)[turn]}",
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
    notes += told_rate(last.stderr, before, bench.ledger()["elapsed_s"])
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
    bench.clear()
    none = bench.run("state.path=", more=("--restart",))
    tap.line(none.returncode == 0 and "--restart: there is no state" in none.stderr and not bench.differences(),
             "--restart without a state is told to have no meaning", [none.stderr[-400:]] + bench.differences())
    bench.clear()
    rotate = ["sink.out.rotate_size=1M", "state.checkpoint=1h"]
    bench.run(*rotate)
    path = bench.outputs["records.jsonl"]
    after = {p: os.path.getsize(p) for p in glob.glob(path + "*")}
    done = [p for p in after if p != path]
    # As it is where the run was killed behind its last checkpoint, ahead of the renames.
    if len(done) == 1:
        os.rename(path, path + ".next")
        os.rename(done[0], path)
    last = bench.run(*rotate)
    now = {p: os.path.getsize(p) for p in glob.glob(path + "*")}
    tap.line(len(done) == 1 and last.returncode == 0 and "read to its end" in last.stderr and now == after and not bench.differences(),
             "a finished state makes up for renames that were to follow it", [last.stderr[-400:], str(after), str(now)] + bench.differences())


def interrupted(bench, *sets, written=1):
    """Leaves a state in the middle, behind so many octets of records."""
    bench.clear()
    socket, records = os.path.join(bench.folder, "socket"), bench.outputs["records.jsonl"]
    p = bench.start("input.pace=1500", f"control.socket={socket}", *sets)
    until = time.monotonic() + 60
    while time.monotonic() < until and not (os.path.exists(records) and os.path.getsize(records) >= written):
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
                       (["stream.more.key=proto", "stream.more.window=tumbling 1s"], 'of a run without "stream.more.key = proto", which this one has ')):
        done = bench.run(*sets)
        ok = done.returncode == 1 and part in done.stderr and "--restart" in done.stderr
        tap.line(ok, f"another {sets[0].split('=')[0]} is refused, and the cure named", [done.stderr])
    with open(bench.conf) as f:
        whole = f.read()
    name, (stream, when) = next(iter(ALERTS.items()))
    with open(bench.conf, "w") as f:
        f.write(whole.replace(f"[alert {name}]\nstream = {stream}\nwhen = {when}\n", ""))
    done = bench.run()
    tap.line(done.returncode == 1 and f'of a run with "alert.{name}.stream = {stream}", which this one lacks ' in done.stderr,
             "so is one without an alert that there was", [done.stderr])
    with open(bench.conf, "w") as f:
        f.write(whole)
    more = bench.run("stream.session.memory=16M", "stream.session.overflow=evict", "flow.memory=512M")
    tap.line(more.returncode == 0 and not bench.differences(), "other bounds of memory are not", [more.stderr[-400:]] + bench.differences())
    interrupted(bench, written=3 << 20)
    head = bytearray(open(bench.capture, "rb").read())
    was = bytes(head)
    head[30] ^= 1
    with open(bench.capture, "wb") as f:
        f.write(head)
    done = bench.run()
    tap.line(done.returncode == 1 and bench.capture in done.stderr, "another capture of the same name and size is refused", [done.stderr])
    middle = bytearray(was)
    for at in range(1 << 16, len(middle), 1000):
        middle[at] ^= 1
    with open(bench.capture, "wb") as f:
        f.write(middle)
    done = bench.run()
    tap.line(done.returncode == 1 and "not the file that was read before" in done.stderr and bench.capture in done.stderr and "--restart" in done.stderr,
             "another capture that begins like it is refused", [done.stderr])
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


def less_memory(sluice, folder, tap):
    """More is open in a state than there is memory for in the next run."""
    path, conf, records = (os.path.join(folder, name) for name in ("many.pcap", "many.conf", "many.jsonl"))
    write_pcap(path, [(T0 + i * 100, f, len(f)) for i in range(40000)
                      for f in [ethernet(ETH_IP4, ip4("10.0.0.1", f"10.1.{i >> 8 & 255}.{i & 255}", 17, udp(1, 2, b"")))]])
    with open(conf, "w") as f:
        f.write(f"[input]\nbackend = pcap\ndevice = {path}\n[stream open]\nkey = dest_ip\nwindow = session 1h\n"
                f"[stream wide]\nkey = dest_ip\nwindow = tumbling 1h\n[sink out]\ntype = json\npath = {records}\n"
                f"[state]\npath = {folder}/many\n")

    def run(*sets):
        argv = [sluice, "run", conf, *(a for s in sets for a in ("--set", s))]
        return subprocess.run(argv, capture_output=True, text=True, timeout=120)

    run("state.path=")
    with open(records) as f:
        expected = sorted(f)
    os.unlink(records)
    stopped = subprocess.run([sluice, "run", conf, "--set", "input.pace=15000", "--duration", "1s"], capture_output=True, text=True, timeout=120)
    for key, name in (("stream.open.memory=1M", "open"), ("stream.wide.memory=1M", "wide")):
        done = run(key)
        words = (f"stream {name}: more is open in the state", "flow.memory", f"stream.{name}.memory", "--restart")
        tap.line(done.returncode == 1 and all(w in done.stderr for w in words), f"{key} is refused where more is open than that", [stopped.stderr, done.stderr])
    done = run()
    with open(records) as f:
        tap.line(done.returncode == 0 and sorted(f) == expected, "and with as much as it was the run goes on", [done.stderr[-400:]])


def other_rules(bench, tap):
    """Alerts that wait when their rule goes are written, and those of one that was changed are as it was."""
    lines = RULES.splitlines(True)
    both, other = (os.path.join(bench.folder, n) for n in ("both.rules", "other.rules"))
    with open(both, "w") as f:
        f.writelines(x for x in lines if "sid:1;" in x or "sid:3;" in x)
    with open(other, "w") as f:
        f.writelines(x.replace("across segments", "reworded") for x in lines if "sid:3;" in x)
    interrupted(bench, f"match.rules={both}")
    done = bench.run(f"match.rules={other}", "input.pace=max")
    match, at = bench.ledger().get("match", {}), bench.ledger().get("resumed_at", 0)
    with open(bench.outputs["eve.json"]) as f:
        seen = {json.loads(x)["alert"]["signature"] for x in f}
    tap.line(done.returncode == 0 and 0 < at < FRAMES and match["events"] == match["alerts"] > 0 and seen == {"every one", "across segments", "reworded"},
             "alerts of rules that are gone, or were changed, are written as they were made", [done.stderr[-400:], str(match), str(seen), str(at)])


def damage(bench, tap):
    interrupted(bench)
    path = os.path.join(bench.state, "sluice.state")
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        f.seek(65536)
        f.write(b"\xff" * (size - 65536))
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
    p = bench.start("input.pace=1000", "state.checkpoint=1h", f"control.socket={socket}")
    time.sleep(0.8)
    asked = subprocess.run([bench.sluice, "checkpoint", "--socket", socket], capture_output=True, text=True, timeout=60)
    p.kill()
    p.communicate()
    done = bench.run()
    tap.line(asked.returncode == 0 and "kept" in asked.stdout and done.returncode == 0 and bench.ledger()["resumed_at"] > 100
             and not bench.differences(), "sluice checkpoint keeps what there is, at once",
             [asked.stdout + asked.stderr, done.stderr[-400:]] + bench.differences())
    p = bench.start("input.pace=1000", "state.path=", f"control.socket={socket}")
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


def fill(where):
    """Takes what room is left there."""
    with open(os.path.join(where, "filler"), "wb") as f:
        try:
            f.write(bytes(8 << 20))
        except OSError:
            pass


def lost_records(bench, where, tap):
    """Of a capture what found no room in a sink's file comes again: no checkpoint goes past it."""
    small = bench.twin(os.path.join(bench.folder, "lost"))
    small.outputs = {name: os.path.join(where, name) for name in bench.outputs}
    sets = ["input.pace=4000", f"sink.out.path={small.outputs['records.jsonl']}", f"sink.eve.path={small.outputs['eve.json']}"]
    p = small.start(*sets)
    said = hears(p, "memory:")
    said += p.communicate(timeout=60)[1]
    subprocess.run(["mount", "-o", "remount,size=256M", where], check=True)
    led = small.ledger()
    lost = sum(s["dropped"] for s in led["sinks"].values())
    done = small.run(*sets)
    tap.line(p.returncode == 1 and lost > 0 and led["state"]["checkpoints"] > 0 and "records were lost" in said
             and done.returncode == 0 and small.ledger()["resumed_at"] > 0 and not small.differences(),
             "records of a capture that found no room are written by the run that goes on",
             [said[-600:], str(led.get("sinks")), str(led.get("state")), done.stderr[-300:]] + small.differences())


def full_disk(bench, tap):
    where = os.path.join(bench.folder, "small")
    os.mkdir(where)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4M", "none", where], capture_output=True).returncode != 0:
        tap.skip("a full disk", "tmpfs cannot be mounted here")
        return
    try:
        bench.clear()
        p = bench.start("input.pace=2000", f"state.path={where}")
        hears(p, "sluice: memory:")
        fill(where)
        said = hears(p, "checkpoint:")
        os.unlink(os.path.join(where, "filler"))
        said += p.communicate(timeout=60)[1]
        led = bench.ledger()
        tap.line(p.returncode == 0 and led["state"]["failed"] > 0 and led["state"]["checkpoints"] > 0 and not bench.differences()
                 and "checkpoint:" in said, "a checkpoint that finds no room is counted and the run goes on",
                 [said[-600:], str(led.get("state"))] + bench.differences())
        for path in glob.glob(os.path.join(where, "*")):
            os.unlink(path)
        fill(where)
        done = bench.run(f"state.path={where}")
        tap.line(done.returncode == 1 and where in done.stderr, "at the start it is an error", [done.stderr])
        os.unlink(os.path.join(where, "filler"))
        for fact, end in (("a signal", lambda p: p.send_signal(signal.SIGTERM)), ("the end of the input", lambda p: None)):
            bench.clear()
            p = bench.start("input.pace=6000", "state.checkpoint=1h", f"state.path={where}")
            said = hears(p, "memory:")
            time.sleep(0.3)
            fill(where)
            end(p)
            said += p.communicate(timeout=60)[1]
            os.unlink(os.path.join(where, "filler"))
            tap.line(p.returncode == 1 and "the last checkpoint" in said, f"and where {fact} is to be kept", [str(p.returncode), said[-600:]])
            for path in glob.glob(os.path.join(where, "*")):
                os.unlink(path)
        lost_records(bench, where, tap)
    finally:
        subprocess.run(["umount", where], check=False)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("sluice")
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    args = p.parse_args()
    tap = Tap()
    print(f"# --seed {args.seed}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args.sluice, folder, random.Random(args.seed))
        tap.line(all(bench.expected.values()) and not bench.quiet and len(bench.late) > 100, "the undisturbed run gives records, corrections, and alerts of all kinds", bench.quiet + [str(bench.ledger())])
        stops(bench, tap)
        finished(bench, tap)
        refusals(bench, tap)
        other_rules(bench, tap)
        less_memory(args.sluice, folder, tap)
        damage(bench, tap)
        one_instance(bench, tap)
        on_demand(bench, tap)
        full_disk(bench, tap)
    tap.end()


if __name__ == "__main__":
    main()
