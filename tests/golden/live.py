"""A run that goes on while a test talks to it over its control socket."""
import json
import os
import select
import signal
import socket
import subprocess
import time

PATIENCE = 120      # seconds until something that must come is given up


class Live:
    """`sluice run` in the background. `sets` as for harness.Run; `lines` are further sections of its configuration."""

    def __init__(self, sluice, folder, sets, lines="", path=None, ready=True, duration=None, stdout=subprocess.DEVNULL, stderr=None):
        self.sluice, self.folder = sluice, folder
        self.socket = path or os.path.join(folder, "control.sock")
        self.summary_path = os.path.join(folder, "summary.json")
        self.log_path = os.path.join(folder, f"log-{os.path.basename(self.socket)}")
        conf = os.path.join(folder, f"live-{os.path.basename(self.socket)}.conf")
        sections = {"control": {"socket": f'"{self.socket}"'}}
        for name, value in sets.items():
            section, key = name.rsplit(".", 1)
            sections.setdefault(section.replace(".", " "), {})[key] = value
        with open(conf, "w") as f:
            for name, keys in sections.items():
                f.write(f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))
            f.write(lines)
        self.log = open(self.log_path, "w+")
        argv = [sluice, "run", conf, "--summary", self.summary_path] + (["--duration", duration] if duration else [])
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr or self.log)
        if ready:
            self.until(lambda: self.command("stats", "--json").returncode == 0)

    def until(self, true):
        """Waits until it is true, or the run has ended. Says which."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            if true():
                return True
            time.sleep(0.01)
        return False

    def command(self, *arguments):
        return subprocess.run([self.sluice, *arguments, "--socket", self.socket], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=PATIENCE)

    def stats(self):
        """The ledger now; None when the run has ended."""
        ok, text = self.ask("stats json")
        return json.loads(text) if ok else None

    def connect(self):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(self.socket)      # waits for a place in the queue, which it would not with a timeout
        s.settimeout(PATIENCE)
        return s

    def raw(self, octets, half_close=False):
        """What is answered to these octets; b"" when nothing."""
        with self.connect() as s:
            try:
                s.sendall(octets)
                if half_close:
                    s.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return read_all(s)

    def ask(self, request):
        """(whether it is ok, the text): as `sluice REQUEST`, without a process for it. (None, ...) when the run has ended."""
        try:
            head, _, text = self.raw(f"SLUICE/1 {request}\n".encode()).partition(b"\n")
        except (FileNotFoundError, ConnectionRefusedError):
            return None, "nobody listens"
        if not head or text == b"the run has ended\n":
            return None, "ended"
        return head.startswith(b"SLUICE/1 ok "), text.decode(errors="replace")

    def said(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def wait(self):
        """The exit status; the process is killed when it does not end."""
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "timeout"

    def summary(self):
        with open(self.summary_path) as f:
            return json.load(f)

    def end(self):
        """However the test went."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.log.close()

    def why(self):
        return [f"exit status {self.process.poll()}"] + self.said().splitlines()[-15:]


def read_all(s):
    out = b""
    while True:
        try:
            more = s.recv(65536)
        except ConnectionResetError:
            more = b""
        except socket.timeout:
            return b"timeout"
        if not more:
            return out
        out += more


def closed_within(s, seconds):
    """Whether the other end closes or says something in this time."""
    return bool(select.select([s], [], [], seconds)[0])


def replace_file(path, text):
    """In one step, as a careful editor does."""
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def run_reloading(sluice, conf, change, times):
    """A run from beginning to end, which reloads behind each of change(1), change(2) ...: its exit status, and what it said."""
    process = subprocess.Popen([sluice, "run", conf], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    # Until it takes signals as they are meant, one would end it.
    for _ in range(600):
        with open(f"/proc/{process.pid}/status") as f:
            blocked = next(int(line.split()[1], 16) for line in f if line.startswith("SigBlk:"))
        if blocked >> signal.SIGHUP - 1 & 1 or process.poll() is not None:
            break
        time.sleep(0.05)
    for number in range(1, times + 1):
        time.sleep(0.3)
        change(number)
        process.send_signal(signal.SIGHUP)
    said = process.communicate(timeout=120)[1]
    return process.returncode, said


def balanced(stats):
    led = stats["ledger"]
    return led["balanced"] and led["received"] == sum(led[k] for k in ("counted", "non_ip", "malformed", "filtered", "late", "shed"))
