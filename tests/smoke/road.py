"""A client, a router and a server, each in a network namespace of its own. Sluice observes both interfaces of the router, so
that both directions of every conversation cross an interface that it listens at."""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import time

from wire import CLONE_NEWNET, Wire, ip, until

SIOCETHTOOL, ETHTOOL_SGRO = 0x8946, 0x2C
CLIENT, SERVER = "10.8.0.1", "10.8.1.1"
CLIENT6, SERVER6 = "fd08::1", "fd08:1::1"


class Road(Wire):
    """Interfaces: near (client), far and out (router), there (server)."""

    out, there = "out", "there"

    def __init__(self):
        super().__init__()
        self.children = []
        space = f"sluice-{os.getpid()}-server"
        ip("netns", "add", space)
        self.spaces.append(space)
        self.opened.append(space)
        client, router, server = self.spaces
        ip("link", "add", self.out, "netns", router, "type", "veth", "peer", "name", self.there, "netns", server)
        # No link-local addresses: nothing is on the road that a test did not put there.
        for space, name in ((client, self.near), (router, self.far), (router, self.out), (server, self.there)):
            ip("-n", space, "link", "set", name, "addrgenmode", "none")
        for space in self.spaces:
            self.inside(space, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=0", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                        # A connection never has more segments on the road than a veth has room for.
                        "net.ipv4.tcp_wmem=4096 65536 196608", "net.ipv4.tcp_rmem=4096 65536 196608")
        for space, name, v4, v6 in ((client, self.near, CLIENT, CLIENT6), (router, self.far, "10.8.0.254", "fd08::254"),
                                    (router, self.out, "10.8.1.254", "fd08:1::254"), (server, self.there, SERVER, SERVER6)):
            ip("-n", space, "link", "set", name, "up")
            ip("-n", space, "link", "set", "lo", "up")
            self.inside(space, "sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=0")
            ip("-n", space, "addr", "add", f"{v4}/24", "dev", name)
            ip("-n", space, "addr", "add", f"{v6}/64", "dev", name, "nodad")
        for space, via, via6 in ((client, "10.8.0.254", "fd08::254"), (server, "10.8.1.254", "fd08:1::254")):
            ip("-n", space, "route", "add", "default", "via", via)
            ip("-n", space, "-6", "route", "add", "default", "via", via6)
        # Neighbours never have to ask for each other.
        for space, name, addresses, other in ((client, self.near, ("10.8.0.254", "fd08::254"), (router, self.far)),
                                              (router, self.far, (CLIENT, CLIENT6), (client, self.near)),
                                              (router, self.out, (SERVER, SERVER6), (server, self.there)),
                                              (server, self.there, ("10.8.1.254", "fd08:1::254"), (router, self.out))):
            mac = self.inside(other[0], "cat", f"/sys/class/net/{other[1]}/address").strip()
            for address in addresses:
                ip("-n", space, "neigh", "replace", address, "lladdr", mac, "dev", name, "nud", "permanent")

        # Whatever XDP program is taken off a veth, the kernel throws away what waits there, unless GRO keeps it polled.
        for name in (self.far, self.out):
            self.gro(name)

    def gro(self, name):
        value = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_SGRO, 1))
        with self.socket(1, name) as s:
            fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP", name.encode(), ctypes.addressof(value)) + bytes(16))

    def counter(self, space, name, what="rx_packets"):
        return int(self.inside(space, "cat", f"/sys/class/net/{name}/statistics/{what}"))

    def program(self):
        """The id of the XDP program at either interface of the router; None: there is none."""
        return self.program_at(self.far) or self.program_at(self.out)

    def attached(self):
        return None not in (self.program_at(self.far), self.program_at(self.out))

    def received(self):
        """Frames that came in at the router's interfaces."""
        return self.counter(self.spaces[1], self.far) + self.counter(self.spaces[1], self.out)

    def lost(self):
        """Frames that an interface on the road gave up."""
        ends = ((0, self.near), (1, self.far), (1, self.out), (2, self.there))
        return sum(self.counter(self.spaces[i], name, what) for i, name in ends for what in ("rx_dropped", "tx_dropped"))

    def quiet(self, seconds=10):
        """Waits until nothing has come in for a second: what the kernel announces of new addresses, and what is left of the
        conversation before."""
        end, since, last = time.monotonic() + seconds, time.monotonic(), self.received()
        while time.monotonic() - since < 1:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
            now = self.received()
            if now != last:
                since, last = time.monotonic(), now
        return True

    def at(self, end, argv):
        return ["ip", "netns", "exec", self.spaces[end], *argv]

    def run(self, argv, seconds=60):
        """A client program, to its end."""
        return subprocess.run(self.at(0, argv), stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)

    def start(self, end, argv, **how):
        """A program that stays until the road is closed, or ended by who started it."""
        child = subprocess.Popen(self.at(end, argv), stdin=subprocess.DEVNULL, **how)
        self.children.append(child)
        return child

    def connect(self, address, port):
        """A TCP connection from the client."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.spaces[0]}") as there:
            if libc.setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                return socket.create_connection((address, port), 10)
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def listens(self, port):
        return until(lambda: self.inside(self.spaces[2], "ss", "-Hltn", "sport", "=", f":{port}").strip(), 10)

    def tcp(self, name):
        """A counter of the client's and the server's TCP together."""
        total = 0
        for space in (self.spaces[0], self.spaces[2]):
            names, values = [line.split() for line in self.inside(space, "cat", "/proc/net/snmp").splitlines() if line.startswith("Tcp:")]
            total += int(values[names.index(name)])
        return total

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait()
        super().close()


class Dump:
    """tcpdump of what leaves one end, the witness of what comes in at the other."""

    def __init__(self, road, end, name, path):
        self.path, self.said_path = path, path + ".said"
        with open(self.said_path, "w") as said:
            self.process = road.start(end, ["tcpdump", "-i", name, "-Q", "out", "-n", "-s", "262144", "-B", "32768", "-Z", "root", "-w", path],
                                      stdout=said, stderr=said)

    def said(self):
        with open(self.said_path, errors="replace") as f:
            return f.read()

    def ready(self):
        return until(lambda: "listening on" in self.said() or self.process.poll() is not None, 10) and self.process.poll() is None

    def finish(self):
        """What is wrong with the witness; empty: nothing."""
        self.process.terminate()
        self.process.wait(10)
        return [] if "\n0 packets dropped by kernel" in self.said() else self.said().splitlines()
