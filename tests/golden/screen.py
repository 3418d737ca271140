#!/usr/bin/env python3
"""What a person at a terminal sees: the progress line and `sluice top`, on terminals of any size. usage: screen.py SLUICE"""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap  # noqa: E402

OFFICE = os.path.join(HERE, "captures", "office.pcap")
CONF = f"""[input]
backend = pcap
device = {OFFICE}
pace = 1000
[flow]
rows = 1K
[match]
rules = {os.path.join(HERE, "office.hs")}
cache = off
[stream hosts]
key = src_ip dest_ip
window = tumbling 1s
[sink out]
type = null
path = not-used
[control]
socket = control
"""


class Screen:
    """A program on a terminal of its own."""

    def __init__(self, argv, columns, rows):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self.text = ""

    def read(self, until, timeout=60):
        """What was shown up to the end, or until a pattern is in it."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and not re.search(until, self.text):
            if not select.select([self.master], [], [], 0.1)[0]:
                continue
            try:
                got = os.read(self.master, 65536)
            except OSError:     # the terminal's other end is closed
                break
            self.text += got.decode(errors="replace")
        return self.text

    def stop(self):
        self.process.terminate()
        while self.process.poll() is None:
            self.read("$^", 0.2)
        os.close(self.master)
        return self.process.returncode


def progress_on(sluice, conf, columns, bar):
    """What is wrong with the progress line on a terminal; `bar`: how long its bar is, None: as there is room."""
    screen = Screen([sluice, "run", conf, "--set", "control.socket="], columns, 24)
    text = screen.read(r"\r\x1b\[K[^\r]*\r\x1b\[K[^\r]*\r\x1b\[K")
    screen.stop()
    lines = [line for line in re.findall(r"\r\x1b\[K([^\r\n]*)", text) if "%" in line]
    notes = [] if lines else [text]
    notes += [f"{len(line)} characters: {line}" for line in lines if len(line) >= columns]
    for line in lines:
        cells = re.match(r"\[([#.]*)\] +\d+%  ", line)
        n = len(cells.group(1)) if cells else 0
        if (n != bar) if bar is not None else not 6 <= n < 24:
            notes.append(f"a bar of {n}: {line}")
        if columns >= 80 and not re.search(r"packets  .*/s  dropped 0  windows \d+  events \d+$", line):
            notes.append(f"not all is in: {line}")
    return notes


def progress(tap, sluice, conf):
    terminals = ((200, 24), (80, None), (40, 0), (10, 0))
    with ThreadPoolExecutor() as beside:
        for (columns, _), notes in zip(terminals, beside.map(lambda t: progress_on(sluice, conf, *t), terminals)):
            tap.line(not notes, f"the progress line has room on {columns} columns, with a bar where that has some", notes)


def ledger(tap, sluice, conf):
    screen = Screen([sluice, "run", conf, "--set", "control.socket=", "--set", "input.pace=max"], 80, 24)
    text = screen.read("sink out: [^\n]*\n")
    screen.stop()
    tap.line(re.search(r"sink out: \d+ delivered, 0 dropped\r\n", text), "a sink that writes nothing has no path in the ledger", [text])


def top_on(sluice, sock, columns, rows):
    """What is wrong with `sluice top` on a terminal."""
    screen = Screen([sluice, "top", "--socket", sock], columns, rows)
    text = screen.read(r"(?s)\x1b\[H\x1b\[J.*\x1b\[H\x1b\[J.*\x1b\[H\x1b\[J")
    screen.stop()
    shown = [part.split("\r\n") for part in text.split("\x1b[H\x1b[J")[1:3]]
    notes = [] if len(shown) == 2 else [text]
    for lines in shown:
        notes += [f"{len(lines)} lines: {lines}"] if len(lines) > max(rows, 3) else []
        notes += [f"{len(line)} characters: {line}" for line in lines if len(line) > columns]
    if len(shown) == 2 and not (shown[1][0].startswith("pcap,"[:columns]) and shown[1][-2].startswith("now: "[:columns])):
        notes.append(f"the rates are missing: {shown[1]}")
    return notes


def top(tap, sluice, conf, folder):
    sock = os.path.join(folder, "control")
    run = subprocess.Popen([sluice, "run", conf, "--set", "input.pace=100"], stderr=subprocess.DEVNULL)
    screens = ((200, 60), (80, 24), (40, 10), (20, 5), (5, 2))
    try:
        end = time.monotonic() + 60
        while subprocess.run([sluice, "stats", "--socket", sock], capture_output=True).returncode != 0 and time.monotonic() < end:
            time.sleep(0.1)
        with ThreadPoolExecutor() as beside:
            for (columns, rows), notes in zip(screens, beside.map(lambda s: top_on(sluice, sock, *s), screens)):
                tap.line(not notes, f"top has room on a screen of {columns} x {rows}", notes)
    finally:
        run.terminate()
        run.wait(timeout=60)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-screen-") as folder:
        conf = os.path.join(folder, "screen.conf")
        with open(conf, "w") as f:
            f.write(CONF)
        progress(tap, sys.argv[1], conf)
        ledger(tap, sys.argv[1], conf)
        top(tap, sys.argv[1], conf, folder)
    tap.end()


if __name__ == "__main__":
    main()
