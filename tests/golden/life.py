#!/usr/bin/env python3
"""A run's life: how it starts, is cut short and ends, and outputs that fail. usage: life.py SLUICE"""
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Run, Tap  # noqa: E402

from frames import ETH_IP4, ethernet, ip4, udp, write_pcap  # noqa: E402

T0 = 1700000000000000
FRAME = ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.2", 17, udp(1, 2, b"hello")))
CONF = """[input]
backend = pcap
device = {device}
workers = {workers}
pace = {pace}
[flow]
rows = 1K
panes = 2
spares = 1
[stream fine]
key = src_ip dest_ip
window = tumbling 10ms
[stream coarse]
key = proto
window = tumbling 366d
[sink out]
path = -
"""


class Life:
    def __init__(self, sluice, folder):
        self.sluice, self.folder = sluice, folder
        self.summary = os.path.join(folder, "summary.json")
        self.many = os.path.join(folder, "many.pcap")
        write_pcap(self.many, [(T0 + i * 1000, FRAME, len(FRAME)) for i in range(20000)])

    def argv(self, *more, device=None, workers=1, pace="max"):
        conf = os.path.join(self.folder, "life.conf")
        with open(conf, "w") as f:
            f.write(CONF.format(device=device or self.many, workers=workers, pace=pace))
        return [self.sluice, "run", conf, "--summary", self.summary, *more]

    def ledger(self):
        with open(self.summary) as f:
            return json.load(f)

    def accounts(self, lines):
        """What does not add up between the records and the summary."""
        s = self.ledger()
        led, notes = s["ledger"], []
        if led["received"] != sum(led[k] for k in ("counted", "non_ip", "malformed", "filtered", "late", "shed")):
            notes.append(f"the ledger does not balance: {led}")
        records = [json.loads(line) for line in lines]
        for stream in ("fine", "coarse"):
            packets = sum(r["packets"] for r in records if r["stream"] == stream)
            if packets != led["counted"]:
                notes.append(f"{stream}: {packets} packets in records, {led['counted']} counted")
        if len(records) != sum(s["sinks"]["out"].values()):
            notes.append(f"{len(records)} records, {s['sinks']['out']}")
        return notes


def cut_captures(life, tap):
    path = os.path.join(life.folder, "cut.pcap")
    write_pcap(path, [(T0, FRAME, len(FRAME))])
    with open(path, "ab") as f:
        f.write(struct.pack("<IIII", 1700000001, 0, 1000, 1000) + b"cut")
    for workers in (1, 2, 4):
        # The fault comes before the workers have well begun.
        notes = []
        for _ in range(20):
            run = Run(life.sluice, life.folder, {"input.backend": "pcap", "input.device": f'"{path}"', "input.workers": workers},
                      {"all": ("src_ip", "tumbling 1s")})
            if run.status != 1 or len(run.lines()) != 1 or run.summary()["ledger"]["counted"] != 1:
                notes += [f"{len(run.lines())} records"] + run.why()
        tap.line(not notes, f"what was read ahead of a cut is counted, {workers} workers", notes[:20])


def stopped(life, tap):
    for workers in (1, 3):
        for how in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(life.argv(workers=workers, pace=4000), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            first = process.stdout.readline()       # it runs
            process.send_signal(how)
            # Not communicate(), which knows nothing of what was read along with the first line.
            out, said = first + process.stdout.read(), process.stderr.read()
            process.wait(timeout=60)
            led = life.ledger()["ledger"]
            notes = [] if process.returncode == 0 else [f"exit status {process.returncode}", said]
            notes += [] if 0 < led["received"] < 20000 else [str(led)]
            records = [json.loads(line) for line in out.splitlines()]
            coarse = [r for r in records if r["stream"] == "coarse"]
            if [r.get("partial") for r in coarse] != [True] or coarse[0]["packets"] != led["counted"] or led["counted"] != led["received"]:
                notes += [str(coarse), str(led)]
            if sum(r["packets"] for r in records if r["stream"] == "fine") != led["counted"]:
                notes += ["packets are missing from the records", str(led)]
            tap.line(not notes, f"{how.name} drains, marks what was cut, and ends well, {workers} workers", notes)
    for duration in ("1ms", "40ms"):
        done = subprocess.run(life.argv("--duration", duration, workers=2, pace=4000), capture_output=True, text=True, timeout=60)
        notes = life.accounts(done.stdout.splitlines()) + ([] if done.returncode == 0 else [done.stderr])
        tap.line(not notes, f"--duration {duration} loses nothing that was received", notes)


def impatient(life, tap):
    # The pipe is full and nobody reads: the exporter waits, and so does everything behind it.
    process = subprocess.Popen(life.argv("--set", "stream.fine.key=src_ip src_port", workers=2), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(1)
    time.sleep(0.3)
    process.terminate()
    time.sleep(0.3)
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
    said = process.stderr.read().decode()
    process.communicate()
    tap.line(process.returncode == 1 and "second signal" in said, "a second signal ends a run that cannot finish", [str(process.returncode), said])

    process = subprocess.Popen(life.argv(device="-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=20)
        ok = True
    except subprocess.TimeoutExpired:
        ok = False
        process.kill()
    process.communicate()
    tap.line(ok, "a signal ends the wait for a capture's first octet")


def waiting(life, sock, pipe, out):
    """A run that waits for the writer of a pipe, and has been sent a SIGHUP."""
    process = subprocess.Popen(life.argv("--set", f"control.socket={sock}", device=pipe), stdout=out, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not os.path.exists(sock) and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    return process


def early(life, tap):
    """Signals while nothing was taken yet. A rule set that takes long to compile would do, and a pipe without a writer is as good."""
    pipe, sock = os.path.join(life.folder, "pipe"), os.path.join(life.folder, "control")
    os.mkfifo(pipe)
    for how in (signal.SIGINT, signal.SIGTERM):
        process = waiting(life, sock, pipe, subprocess.PIPE)
        alive = process.poll() is None
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
        ledger = life.ledger()
        notes = [] if (process.returncode, out, alive) == (0, "", True) else [str(process.returncode), out, f"alive {alive}"]
        notes += [] if f"{how.name} ahead of the first packet" in err else [err]
        notes += [] if ledger["ledger"] == {**dict.fromkeys(ledger["ledger"], 0), "balanced": True} else [str(ledger)]
        notes += [] if ledger["streams"]["fine"]["records"] == ledger["sinks"]["out"]["delivered"] == 0 else [str(ledger)]
        notes += [f"{sock} is left behind"] if os.path.exists(sock) else []
        tap.line(not notes, f"{how.name} ahead of the first packet is an end in order, SIGHUP is none", notes)
    done = subprocess.run(life.argv("--duration", "100ms", device=pipe), capture_output=True, text=True, timeout=60)
    tap.line((done.returncode, done.stdout) == (0, "") and "--duration ahead of the first packet" in done.stderr and life.ledger()["ledger"]["received"] == 0,
             "and so is the end of --duration", [str(done.returncode), done.stderr])
    # A writer that holds back half a frame, as tcpdump does between two blocks of octets.
    for how, more in (("SIGTERM", ()), ("--duration", ("--duration", "1s"))):
        process = subprocess.Popen(life.argv(*more, device="-", workers=2), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(life.many, "rb") as capture:
            process.stdin.write(capture.read(24 + 100 * (16 + len(FRAME)) + 20))
        process.stdin.flush()
        time.sleep(1)
        if not more:
            process.terminate()
        try:
            status = process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            status = "it waits for the other half"
        out, err = process.stdout.read().decode(), process.stderr.read().decode()
        process.stdin.close()
        notes = [] if status == 0 else [str(status), err]
        notes += life.accounts(out.splitlines()) if status == 0 else []
        tap.line(not notes and life.ledger()["ledger"]["counted"] == 100, f"{how} ends a run that has half a frame", notes)
    # It goes on where the writer comes, and what the signal asked for is done then.
    process = waiting(life, sock, pipe, subprocess.DEVNULL)
    with open(pipe, "wb") as to, open(life.many, "rb") as capture:
        to.write(capture.read(24 + 16))
        to.flush()
        time.sleep(0.5)
        to.write(capture.read())
    out, err = process.communicate(timeout=60)
    tap.line(process.returncode == 0 and "SIGHUP: reloading the rules" in err and life.ledger()["ledger"]["counted"] == 20000,
             "a SIGHUP ahead of the first packet reloads when there is something to reload", [str(process.returncode), err])


def outputs(life, tap):
    # As a shell does it with >&-.
    closed = ["sh", "-c", 'exec "$@" >&-', "sh"]
    done = subprocess.run(closed + life.argv(), capture_output=True, text=True, timeout=60)
    with open(life.summary) as f:
        summary = f.read()
    tap.line(done.returncode == 1 and "standard output" in done.stderr and "window" not in summary,
             "records never end up in another file when standard output is closed", [str(done.returncode), done.stderr, summary])
    conf = life.argv()[2]
    for how, name in ((">&-", "closed"), (">/dev/full", "full")):
        done = subprocess.run(["sh", "-c", f'exec "$@" {how}', "sh", life.sluice, "check", conf], capture_output=True, text=True, timeout=60)
        tap.line(done.returncode == 1 and "standard output" in done.stderr, f"text that cannot be printed is a fault ({name})",
                 [str(done.returncode), done.stderr])
    process = subprocess.Popen(life.argv(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.wait(timeout=60)
    s = life.ledger()
    sink, records = s["sinks"]["out"], sum(v["records"] for v in s["streams"].values())
    tap.line(process.returncode == 1 and sink["dropped"] > 0 and sink["delivered"] + sink["dropped"] == records and s["ledger"]["counted"] == 20000,
             "a reader that goes away costs records, counted, and not the run", [str(process.returncode), str(sink), said])


def own_files(life, tap):
    argv = life.argv()
    before = open(life.many, "rb").read(), open(argv[2]).read()
    own = os.path.join(life.folder, "own.jsonl")
    for path, why in ((life.many, "input.device is read there"), (argv[2], "the configuration itself stands there"),
                      (own, "sink.out writes there already"), ("-", "standard output is for records")):
        done = subprocess.run([*argv[:3], "--set", f"sink.out.path={own}", "--summary", path], capture_output=True, text=True, timeout=60)
        tap.line((done.returncode, done.stdout) == (2, "") and f"--summary: {path}: {why}" in done.stderr and not os.path.exists(own),
                 f"a summary is not written where {why}", [str(done.returncode), done.stderr])
    done = subprocess.run([*argv, "--set", f"sink.out.path={life.many}"], capture_output=True, text=True, timeout=60)
    tap.line(done.returncode == 2 and "input.device is read there" in done.stderr, "nor are records", [str(done.returncode), done.stderr])
    tap.line(before == (open(life.many, "rb").read(), open(argv[2]).read()), "and what stood there is what it was")


def processors(life, tap):
    done = subprocess.run(life.argv("--set", "input.cpus=0 1023"), capture_output=True, text=True, timeout=60)
    tap.line((done.returncode, done.stdout) == (2, "") and "input.cpus: 1023: a thread cannot run on this processor: " in done.stderr,
             "a processor that is not there is not replaced by another", [str(done.returncode), done.stderr])
    done = subprocess.run(life.argv("--set", f"input.cpus={min(os.sched_getaffinity(0))}"), capture_output=True, text=True, timeout=60)
    tap.line(done.returncode == 0, "one that is there is taken", [str(done.returncode), done.stderr])


def backends(life, tap):
    parts = dict(line.split(": ", 1) for line in subprocess.run([life.sluice, "--version"], capture_output=True, text=True, timeout=60).stdout.splitlines()[1:])
    done = subprocess.run(life.argv("--set", "input.backend=auto", device="nosuch0"), capture_output=True, text=True, timeout=60)
    notes = []
    for name, part in (("dpdk", "DPDK input"), ("xdp", "XDP input"), ("pcap", None)):
        built = part is None or parts[part].startswith("yes")
        for form in (f"input: {name} passed over: ", f"; {name}: "):
            why = done.stderr.partition(form)[2]
            notes += [] if why and (built != why.startswith("not part of this build")) else [form, done.stderr]
    tap.line(done.returncode == 1 and not notes, "auto says why it passed over each backend, also over one that this build does not have", notes)


def filters(life, tap):
    path = os.path.join(life.folder, "raw.pcap")
    write_pcap(path, [(T0, FRAME[14:], len(FRAME) - 14)], link=101)
    done = subprocess.run(life.argv("--set", "input.filter=ether host 02:00:00:00:00:01", device=path), capture_output=True, text=True, timeout=60)
    tap.line(done.returncode == 1 and path in done.stderr and "ether" in done.stderr and done.stdout == "",
             "a filter that a file's link type cannot run is said before the first packet", [str(done.returncode), done.stderr])
    done = subprocess.run(life.argv("--set", "input.filter=udp port 2", device=path), capture_output=True, text=True, timeout=60)
    tap.line(done.returncode == 0 and life.ledger()["ledger"]["counted"] == 1, "a filter that it can run is run on it", [done.stderr])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-life-") as folder:
        life = Life(sys.argv[1], folder)
        for part in (cut_captures, stopped, impatient, early, outputs, own_files, processors, backends, filters):
            part(life, tap)
    tap.end()


if __name__ == "__main__":
    main()
