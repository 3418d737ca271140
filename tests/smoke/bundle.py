"""Many veth pairs between two network namespaces: what comes out of each is told apart by the interface, so that one run
takes many captures."""
import json
import re
import time

from wire import Wire, ip


class Bundle(Wire):
    """Frames go in at near0, near1, ... and come out at far0, far1, ..."""

    def __init__(self, pairs, mtu):
        self.pairs = pairs
        self.senders = []
        super().__init__(mtu=mtu)
        self.senders = [self.socket(0, f"near{i}") for i in range(pairs)]

    def plug(self, queues=1, mtu=1500):
        for i in range(self.pairs):
            shape = ["numtxqueues", str(queues), "numrxqueues", str(queues), "mtu", str(mtu)]
            ip("link", "add", f"near{i}", "netns", self.spaces[0], *shape, "type", "veth",
               "peer", "name", f"far{i}", "netns", self.spaces[1], *shape)
            ip("-n", self.spaces[1], "link", "set", f"far{i}", "up")
            ip("-n", self.spaces[0], "link", "set", f"near{i}", "up")
        self.ready()

    def names(self):
        """Of the far ends, in the order of the pairs."""
        return [f"far{i}" for i in range(self.pairs)]

    def ready(self):
        """Waits until each pair is up on both sides."""
        end = time.monotonic() + 10
        while ip("-n", self.spaces[0], "-br", "link", "show", "type", "veth").count("LOWER_UP") < self.pairs:
            if time.monotonic() > end:
                raise RuntimeError("the veth pairs do not come up")
            time.sleep(0.02)

    def send_by(self, pair, frames, pace):
        """A breath, `pace` seconds long, after each few frames, and at the end."""
        sender, octets = self.senders[pair], 0
        for i, frame in enumerate(frames, 1):
            sender.send(frame)
            octets += len(frame)
            if i % 64 == 0 or octets > 1 << 18:
                time.sleep(pace)
                octets = 0
        time.sleep(pace)

    def dropped(self):
        """Frames that the near ends dropped: they never were on a wire."""
        links = json.loads(ip("-n", self.spaces[0], "-j", "-s", "link", "show", "type", "veth"))
        return sum(link["stats64"]["tx"]["dropped"] + link["stats64"]["tx"]["errors"] for link in links)

    def program(self):
        """The id of one of the programs when each far end has one; None: not yet."""
        found = re.findall(r"prog/xdp id (\d+)", ip("-n", self.spaces[1], "-d", "link", "show", "type", "veth"))
        return int(found[0]) if len(found) == self.pairs else None

    def bare(self):
        """Whether no far end has a program."""
        return "prog/xdp" not in ip("-n", self.spaces[1], "-d", "link", "show", "type", "veth")

    def close(self):
        for sender in self.senders:
            sender.close()
        super().close()
