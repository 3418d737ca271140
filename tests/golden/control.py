#!/usr/bin/env python3
"""The control socket: who may use it, what it answers, and that nobody who uses it wrongly harms the run. usage: control.py SLUICE"""
import json
import os
import pty
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from harness import Tap  # noqa: E402

from frames import ETH_IP4, ethernet, ip4, udp, write_pcap  # noqa: E402
from live import Live, balanced, closed_within, read_all  # noqa: E402

T0 = 1700000000000000
CLIENTS = 16        # as control.h has it


class Bench:
    def __init__(self, sluice, folder):
        self.sluice, self.folder = sluice, folder
        self.frame = frame = ethernet(ETH_IP4, ip4("10.0.0.1", "10.0.0.2", 17, udp(1, 2, b"hello")))
        self.capture = os.path.join(folder, "many.pcap")
        write_pcap(self.capture, [(T0 + i * 1000, frame, len(frame)) for i in range(200000)])

    def live(self, path=None, ready=True, duration=None, stderr=None, **sets):
        base = {"input.backend": "pcap", "input.device": f'"{self.capture}"', "input.pace": "1000", "flow.rows": "1K",
                "stream.all.key": "src_ip", "stream.all.window": "tumbling 1s", "sink.out.type": "null"}
        return Live(self.sluice, self.folder, {**base, **{k.replace("_", ".", 1): v for k, v in sets.items()}}, path=path, ready=ready,
                    duration=duration, stderr=stderr)


def commands(bench, tap):
    live = bench.live()
    live.until(lambda: live.stats()["ledger"]["received"] > 0)
    done = live.command("stats", "--json")
    s = json.loads(done.stdout)
    tap.line(balanced(s) and done.stdout.count("\n") == 1 and done.stderr == "" and s["ledger"]["received"] > 0, "stats --json is the ledger in one line",
             [done.stdout, done.stderr])
    done = live.command("stats")
    tap.line(done.returncode == 0 and "balanced: every frame is accounted for" in done.stdout and done.stderr == "", "stats is for people",
             [done.stdout, done.stderr])
    top = subprocess.Popen([bench.sluice, "top", "--socket", live.socket], stdout=subprocess.PIPE, text=True)
    screens = ""
    while "now: " not in screens and (line := top.stdout.readline()):
        screens += line
    tap.line(screens.count("received") == 2 and "packets/s" in screens and "\033" not in screens, "top shows the ledger again and again", [screens])
    plain = live.raw(b"SLUICE/1 stats\nand what follows does not matter")
    head, _, body = plain.partition(b"\n")
    tap.line(head == b"SLUICE/1 ok %d" % len(body) and b"received" in body, "one line is answered by a length and a text", [str(plain)])
    closed = live.raw(b"SLUICE/1 stats json\n", half_close=True).partition(b"\n")[2]
    tap.line(balanced(json.loads(closed or b"{}")), "a client may close its side ahead of the answer", [str(closed)])
    summary = live.summary_path
    done = live.command("stop")
    # It comes back when all is written.
    gone = not os.path.exists(live.socket)
    with open(summary) as f:
        text = f.read()
    status = live.wait()
    tap.line(done.returncode == 0 and status == 0 and gone and "finishing" in live.said(), "stop ends the run, and returns when it has ended",
             [str(done), str(status), str(gone), text] + live.why())
    top.stdout.read()
    tap.line(top.wait(timeout=60) == 0, "top ends with the run")
    live.end()

    done = live.command("stats")
    tap.line(done.returncode == 1 and "nobody listens" in done.stderr and live.socket in done.stderr and "--socket" in done.stderr,
             "who asks nobody is told so, and the cure", [done.stderr])
    for arguments, word in (("stats --jsn", "usage"), ("stop now", "unexpected"), ("reload --json", "usage"), ("top x", "usage"),
                            ("checkpoint --json", "usage")):
        done = subprocess.run([bench.sluice, *arguments.split()], capture_output=True, text=True, timeout=60)
        tap.line(done.returncode == 2 and word in done.stderr and done.stdout == "", f"bad usage: {arguments}", [str(done)])
    for command in ("stats", "top", "reload", "stop"):
        done = subprocess.run([bench.sluice, command, "--help"], capture_output=True, text=True, timeout=60)
        tap.line(done.returncode == 0 and "usage: sluice " + command in done.stdout and done.stderr == "", f"{command} --help", [str(done)])

    live = bench.live(duration="300ms", ready=False)
    live.until(lambda: os.path.exists(live.socket))
    done = live.command("stop")
    status = live.wait()
    tap.line(status == 0 and (done.returncode == 0 or "nobody listens" in done.stderr or "ended" in done.stderr), "a run that ends by itself meanwhile",
             [str(done), str(status)])
    live.end()


def hang_up(bench, tap):
    """SIGHUP is a request while somebody watches, and the end when the terminal is gone."""
    master, slave = pty.openpty()
    live = bench.live(stderr=slave)
    os.close(slave)
    live.process.send_signal(signal.SIGHUP)
    told = live.until(lambda: live.stats()["match"]["reloads_failed"] == 1)      # it has no rules
    tap.line(told and live.process.poll() is None, "SIGHUP does not end a run on a terminal")
    os.close(master)
    live.process.send_signal(signal.SIGHUP)
    status = live.wait()
    tap.line(status == 0 and balanced(live.summary()), "but does when the terminal has hung up", [str(status)])
    live.end()


def instances(bench, tap):
    one = bench.live()
    two = bench.live(ready=False, path=one.socket)
    status = two.wait()
    tap.line(status == 1 and "another instance listens there" in two.said() and one.socket in two.said(), "an instance that lives keeps its socket",
             two.why())
    tap.line(one.stats() is not None, "and is not disturbed", one.why())
    one.process.send_signal(signal.SIGSTOP)
    three = bench.live(ready=False, path=one.socket)
    status = three.wait()
    one.process.send_signal(signal.SIGCONT)
    tap.line(status == 1 and "another instance" in three.said(), "also while it is stopped", three.why())
    other = bench.live(path=os.path.join(bench.folder, "other.sock"))
    other.command("stop")
    tap.line(other.wait() == 0 and one.stats() is not None, "two instances with a socket each", other.why() + one.why())
    one.process.send_signal(signal.SIGKILL)
    one.process.wait()
    left = os.path.exists(one.socket)
    four = bench.live(path=one.socket)
    ok = left and four.stats() is not None
    tap.line(ok, "the socket of an instance that died is taken over", [str(left)] + four.why())
    # Somebody removes it, and another instance makes its own: that is not the first one's to remove.
    os.unlink(four.socket)
    five = bench.live(path=four.socket)
    four.process.send_signal(signal.SIGTERM)
    tap.line(four.wait() == 0 and os.path.exists(five.socket) and five.stats() is not None, "at the end it removes its own socket only", four.why())
    five.command("stop")
    tap.line(five.wait() == 0 and not os.path.exists(five.socket), "and that it does", five.why())
    for live in (one, two, three, other, four, five):
        live.end()

    # All at once over a leftover: one of them wins.
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.path.join(bench.folder, "race.sock"))
    race = [bench.live(ready=False, path=os.path.join(bench.folder, "race.sock")) for _ in range(6)]
    end = time.monotonic() + 60
    while sum(r.process.poll() is None for r in race) > 1 and time.monotonic() < end:
        time.sleep(0.02)
    alive = [r for r in race if r.process.poll() is None]
    ok = len(alive) == 1 and alive[0].until(lambda: alive[0].stats() is not None)
    tap.line(ok, "of six that start at once over a leftover one lives", [str([r.process.poll() for r in race])])
    for r in race:
        r.end()


def in_the_way(bench, tap):
    path = os.path.join(bench.folder, "file")
    with open(path, "w") as f:
        f.write("precious")
    live = bench.live(ready=False, path=path)
    status = live.wait()
    with open(path) as f:
        tap.line(status == 1 and "no socket" in live.said() and f.read() == "precious", "what is no socket is left alone", live.why())
    live.end()
    link = os.path.join(bench.folder, "link")
    os.symlink(path, link)
    live = bench.live(ready=False, path=link)
    tap.line(live.wait() == 1 and "no socket" in live.said() and os.path.islink(link), "a symbolic link, too", live.why())
    live.end()
    live = bench.live(ready=False, path=os.path.join(bench.folder, "file/x.sock"))
    tap.line(live.wait() == 1 and "control.socket" in live.said(), "a folder that is none", live.why())
    live.end()


def as_nobody(argv):
    def become():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    return subprocess.run(argv, preexec_fn=become, cwd="/", capture_output=True, text=True, timeout=60)


def permissions(bench, tap):
    for umask in (0o022, 0o000, 0o077):
        before = os.umask(umask)
        for access, want in (("owner", 0o600), ("group", 0o660)):
            live = bench.live(control_access=access)
            mode = stat.S_IMODE(os.stat(live.socket).st_mode)
            tap.line(mode == want, f"access = {access}: {want:o}, with a umask of {umask:o}", [f"{mode:o}"])
            if umask == 0o000 and os.geteuid() == 0:
                # Where it can reach both, the program and the socket.
                os.chmod(bench.folder, 0o755)
                program = os.path.join(bench.folder, "sluice")
                shutil.copy(bench.sluice, program)
                done = as_nobody([program, "stats", "--socket", live.socket])
                tap.line(done.returncode == 1 and "not permitted" in done.stderr, f"another user is refused, access = {access}", [str(done)])
            live.command("stop")
            live.wait()
            live.end()
        os.umask(before)
    if os.geteuid() != 0:
        tap.skip("another user is refused", "not root: cannot be another user")


def rudeness(bench, tap):
    live = bench.live()
    for what, octets, word in (
            ("nothing but a newline", b"\n", b"not a request"), ("another protocol", b"GET / HTTP/1.1\r\n\r\n", b"not a request"),
            ("another version", b"SLUICE/2 stats\n", b"SLUICE/1"), ("an unknown request", b"SLUICE/1 dance\n", b"no such request"),
            ("a NUL", b"SLUICE/1 stats\0 json\n", b"not a request"), ("a line without an end", b"SLUICE/1 " + b"x" * 4000, b"not a request"),
            ("capitals", b"SLUICE/1 STATS\n", b"no such request"), ("a carriage return", b"SLUICE/1 stats\r\n", b"no such request")):
        answer = live.raw(octets)
        tap.line(answer.startswith(b"SLUICE/1 error ") and word in answer, f"an error for {what}", [str(answer)])
    tap.line(live.raw(b"SLUICE/1 sta", half_close=True) == b"", "half a request is none")

    rng = random.Random(7)
    words = [b"SLUICE/1", b" ", b"\n", b"stats", b"json", b"relod", b"\0", b"SLUICE/", b"\xff" * 9, b"{", b"x" * 300, b"\r\n"]
    answers = 0
    for i in range(400):
        octets = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 600))) if i % 2 \
            else b"".join(rng.choice(words) for _ in range(rng.randrange(1, 12)))
        answer = live.raw(octets, half_close=True)
        answers += answer.startswith(b"SLUICE/1 ") and b"timeout" not in answer
    s = live.stats()
    tap.line(answers > 100 and s is not None and balanced(s), "random octets harm nobody", [str(answers)] + live.why())

    before = live.stats()["ledger"]["received"]
    hanging = [live.connect() for _ in range(2 * CLIENTS)]      # as many again as are served at once
    for i, s in enumerate(hanging):
        if i % 2:
            s.sendall(b"SLUICE/1 st")
    done = live.command("stats", "--json")
    tap.line(done.returncode == 0, "clients that hang make others wait, and are dropped", [str(done)] + live.why())
    tap.line(all(closed_within(s, 20) and s.recv(10) == b"" for s in hanging), "all of them, in time")
    tap.line(live.stats()["ledger"]["received"] > before, "packets went on meanwhile")
    for s in hanging:
        s.close()

    # Clients that ask and never read: what is answered fits no socket buffer of this size for long.
    deaf = []
    for _ in range(CLIENTS):
        s = live.connect()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        s.sendall(b"SLUICE/1 stats json\n")
        deaf.append(s)
    tap.line(live.stats() is not None, "clients that do not read", live.why())
    for s in deaf:
        s.close()
    gone = [live.connect() for _ in range(CLIENTS)]
    for s in gone:
        s.sendall(b"SLUICE/1 reload\n")
        s.close()
    tap.line(live.stats() is not None, "clients that leave ahead of the answer", live.why())

    waiting = [live.connect() for _ in range(CLIENTS)]
    for s in waiting:
        s.sendall(b"SLUICE/1 stop\n")
    answers = [read_all(s) for s in waiting]
    tap.line(live.wait() == 0 and all(a.startswith(b"SLUICE/1 ok ") for a in answers), "many who stop it at once are all told", [str(answers)] + live.why())
    for s in waiting:
        s.close()
    live.end()


def early(bench, tap):
    """A run that waits for the other end of its pipe."""
    pipe = os.path.join(bench.folder, "pipe")
    os.mkfifo(pipe)

    def waits():
        live = bench.live(ready=False, input_device=f'"{pipe}"')
        live.until(lambda: os.path.exists(live.socket))
        return live

    live = waits()
    told, dance = live.ask("stats json"), live.raw(b"SLUICE/1 dance\n")
    tap.line(told[0] is False and "still starting" in told[1] and b"no such request" in dance, "who asks ahead of the run is told so",
             [str(told), str(dance)])
    top = subprocess.Popen([bench.sluice, "top", "--socket", live.socket], stdout=subprocess.PIPE, text=True)
    screen = "".join(top.stdout.readline() for _ in range(2))
    asked = live.connect()
    asked.sendall(b"SLUICE/1 stop\n")
    answer = read_all(asked)
    asked.close()
    ledger = live.wait() == 0 and live.summary()["ledger"]
    tap.line(ledger and answer.startswith(b"SLUICE/1 ok ") and ledger["received"] == 0, "it is stopped at once, and nothing was taken",
             [str(answer), str(ledger)] + live.why())
    top.stdout.read()
    tap.line("still starting" in screen and top.wait(timeout=60) == 0, "top waits for it, and ends with it", [screen])
    live.end()
    live = waits()
    asked = [live.connect() for _ in range(3)]
    for s, request in zip(asked, (b"stats json", b"reload", b"checkpoint")):
        s.sendall(b"SLUICE/1 " + request + b"\n")
    with open(bench.capture, "rb") as capture, open(pipe, "wb") as to:
        to.write(capture.read(24 + 100 * (16 + len(bench.frame))))      # a hundred frames
        to.flush()
        answers = [read_all(s) for s in asked]
    for s in asked:
        s.close()
    tap.line(answers[0].startswith(b"SLUICE/1 ok ") and b"names no file" in answers[1] and b"no state.path" in answers[2],
             "what is asked ahead of the run is answered by it", [str(answers)] + live.why())
    tap.line(live.wait() == 0 and live.summary()["ledger"]["received"] == 100, "which is not harmed", live.why())
    live.end()
    os.unlink(pipe)


def strangers(bench, tap):
    """Who listens is no Sluice."""
    path = os.path.join(bench.folder, "stranger.sock")
    for what, octets, word in (("says nothing of the kind", b"HTTP/1.1 200 OK\r\n\r\n", "does not speak"), ("closes at once", b"", "ended ahead"),
                               ("promises more than it says", b"SLUICE/1 ok 100\nshort", "ended ahead"),
                               ("promises too much", b"SLUICE/1 ok 99999999999\n", "does not speak"), ("talks without end", b"x" * 100000, "does not speak")):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
            s.listen(1)
            asked = subprocess.Popen([bench.sluice, "stats", "--socket", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            c, _ = s.accept()
            c.recv(100)
            try:
                c.sendall(octets)
            except OSError:
                pass
            c.close()
            out, said = asked.communicate(timeout=60)
            tap.line(asked.returncode == 1 and word in said and out == "", f"who listens {what}", [str(asked.returncode), out, said])
        os.unlink(path)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="sluice-control-") as folder:
        bench = Bench(sys.argv[1], folder)
        for part in (commands, hang_up, instances, in_the_way, permissions, rudeness, early, strangers):
            part(bench, tap)
    tap.end()


if __name__ == "__main__":
    main()
