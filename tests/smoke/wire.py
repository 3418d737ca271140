"""A veth pair between two network namespaces of our own, a sender of frames at one end, and what the kernel says
of the XDP program at the other."""
import ctypes
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import time

CLONE_NEWNET = 0x40000000


def why_not():
    """Why such tests cannot be run here; None: they can."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    if not shutil.which("ip"):
        return "needs ip (Debian: iproute2)"
    done = subprocess.run(["unshare", "-n", "ip", "link", "add", "a0", "type", "veth", "peer", "name", "a1"], capture_output=True, text=True)
    return f"no network namespaces or no veth here: {done.stderr.strip()}" if done.returncode else None


def until(fact, seconds):
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def ip(*args):
    done = subprocess.run(["ip", *args], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


class Wire:
    """Frames go in at `near` and come out at `far`, where Sluice is."""

    near, far = "near", "far"
    number = itertools.count()

    def __init__(self, queues=1, mtu=1500):
        name = f"sluice-{os.getpid()}-{next(self.number)}"
        self.spaces = [f"{name}-{end}" for end in ("near", "far")]
        self.opened = []
        for space in self.spaces:
            ip("netns", "add", space)
            self.opened.append(space)
            # Nothing of the host's own on the wire.
            self.inside(space, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        self.plug(queues, mtu)

    def plug(self, queues=1, mtu=1500):
        shape = ["numtxqueues", str(queues), "numrxqueues", str(queues), "mtu", str(mtu)]
        ip("link", "add", self.near, "netns", self.spaces[0], *shape, "type", "veth",
           "peer", "name", self.far, "netns", self.spaces[1], *shape)
        ip("-n", self.spaces[0], "link", "set", self.near, "up")
        ip("-n", self.spaces[1], "link", "set", self.far, "up")
        # Up on both sides before the first frame.
        until(lambda: "LOWER_UP" in ip("-n", self.spaces[0], "link", "show", self.near), 5)

    def unplug(self):
        ip("-n", self.spaces[1], "link", "del", self.far)

    def inside(self, space, *argv):
        return subprocess.run(["ip", "netns", "exec", space, *argv], capture_output=True, text=True, check=True).stdout

    def at_far(self, argv):
        return ["ip", "netns", "exec", self.spaces[1], *argv]

    def socket(self, end, name=None):
        """A raw socket in the namespace of that end, at its interface or the one named."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.spaces[end]}") as there:
            if libc.setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                s.bind((name or (self.near, self.far)[end], 0))
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)
        return s

    def send(self, frames, repeat=1, calm=False):
        """As fast as can be, or with a breath now and then, `calm` times as long. Returns how many went on the wire: what the
        near end dropped never was there."""
        before = self.dropped()
        with self.socket(0) as s:
            for _ in range(repeat):
                for i, frame in enumerate(frames):
                    s.send(frame)
                    if calm and i % 32 == 31:
                        time.sleep(0.004 * calm)
        return len(frames) * repeat - (self.dropped() - before)

    def dropped(self):
        text = self.inside(self.spaces[0], "cat", f"/sys/class/net/{self.near}/statistics/tx_dropped")
        return int(text)

    def arrives(self, frame):
        """Whether the host at the far end sees a frame."""
        with self.socket(1) as s:
            s.settimeout(2)
            self.send([frame])
            try:
                return s.recv(65536) == frame
            except TimeoutError:
                return False

    def program_at(self, name):
        """The id of the XDP program at an interface of the far end; None: there is none."""
        try:
            m = re.search(r"prog/xdp id (\d+)", ip("-n", self.spaces[1], "-d", "link", "show", name))
        except RuntimeError:
            return None
        return int(m[1]) if m else None

    def program(self):
        """The id of the XDP program at the far end; None: there is none."""
        return self.program_at(self.far)

    def attached(self):
        """Whether there is a program wherever one is to be."""
        return self.program() is not None

    def sockets(self):
        """AF_XDP sockets at the far end, as a list of lines."""
        return [line for line in self.inside(self.spaces[1], "ss", "-H", "--xdp").splitlines() if line.strip()]

    def close(self):
        for space in self.opened:
            subprocess.run(["ip", "netns", "del", space], capture_output=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Live:
    """`sluice run` at the far end of a wire, until it is told to end."""

    def __init__(self, wire, argv, said):
        self.wire = wire
        self.said_path = said
        with open(said, "w") as f:
            self.process = subprocess.Popen(wire.at_far(argv), stdin=subprocess.DEVNULL, stdout=f, stderr=f)

    def attached(self, seconds=20):
        """Waits until programs are there; False: the process ended, or it took too long. One look is what counts: a run that
        removes what another one left takes that program off again."""
        there = until(lambda: self.wire.attached() or self.process.poll() is not None, seconds)
        return there and self.process.poll() is None

    def said(self):
        with open(self.said_path, errors="replace") as f:
            return f.read()

    def tell(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGINT):
        """Exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "had to be killed"
