"""Who takes the frames of a flood, at the far end of a wire: Sluice, tcpdump, softflowd, a program that does nothing, or
nobody."""
import contextlib
import json
import os
import re
import signal
import subprocess
import time

import machine
from processes import Failed, output
from wire import until

MODES = ("observe", "redirect", "kernel")

CONF = """\
[input]
backend  = xdp
device   = {device}
xdp_mode = {mode}
workers  = 1
snaplen  = 2048

[flow]
rows = 64K

[stream flows]
key    = src_ip dest_ip src_port dest_port proto
window = tumbling 10s

[sink none]
type = null
"""


class Nobody:
    """Nothing attached."""

    process = None
    patience = 0.1      # seconds until all that was sent has certainly come to it

    def end(self, flows, sent):
        return sent, 0

    def close(self):
        pass


class Taker:
    """A program that runs at the far end until `end`, which returns the packets that it processed and those that it lost."""

    patience = 0.2

    def __init__(self, wire, argv, said, ready):
        self.name, self.said_path = os.path.basename(argv[0]), said
        with open(said, "w") as f:
            self.process = subprocess.Popen(wire.at_far(["taskset", "-c", str(machine.processors()[-1]), *argv]),
                                            stdin=subprocess.PIPE, stdout=f, stderr=f)
        if not until(lambda: self.process.poll() is not None or ready(), 20) or self.process.poll() is not None:
            self.close()
            raise self.failed("did not start")
        time.sleep(0.3)

    def said(self):
        with open(self.said_path, errors="replace") as f:
            return f.read()

    def failed(self, what):
        return Failed(f"{self.name}: {what}: {self.said().strip()[-300:]}")

    def close(self):
        """Exit status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.process.stdin.close()
        return self.process.wait()

    def number(self, pattern, text):
        m = re.search(pattern, text)
        if not m:
            raise self.failed(f"no /{pattern}/ in what it says")
        return int(m[1])


class Tcpdump(Taker):
    patience = 1.3

    def __init__(self, wire, folder):
        super().__init__(wire, ["tcpdump", "-w", "/dev/null", "-i", wire.far], os.path.join(folder, "tcpdump"),
                         lambda: "listening on" in self.said())

    def end(self, flows, sent):
        self.close()
        return self.number(r"(\d+) packets? captured", self.said()), self.number(r"(\d+) packets? dropped by kernel", self.said())


class Softflowd(Taker):
    patience = 1.3

    def __init__(self, wire, folder):
        self.control = os.path.join(folder, "softflowd.ctl")
        super().__init__(wire, ["softflowd", "-d", "-i", wire.far, "-c", self.control, "-p", os.path.join(folder, "softflowd.pid"),
                                "-m", "65536"], os.path.join(folder, "softflowd"), lambda: os.path.exists(self.control))

    def end(self, flows, sent):
        text = output(["softflowctl", "-c", self.control, "statistics"], "softflowctl", 30)
        self.close()
        processed, lost = self.number(r"Packets processed: (\d+)", text), self.number(r"dropped by libpcap: (\d+)", text)
        # Some stay in the last block of its ring: it does not come back for them.
        if 0 < self.number(r"received by libpcap: (\d+)", text) - processed - lost < 4096:
            lost = self.number(r"received by libpcap: (\d+)", text) - processed
        return processed, lost


class Empty(Taker):
    """An XDP program that lets everything pass."""

    def __init__(self, program, wire, folder):
        super().__init__(wire, [program, wire.far], os.path.join(folder, "empty"), wire.program)

    def end(self, flows, sent):
        self.close()
        return sent, 0


class Sluice(Taker):
    """In one of its modes."""

    def __init__(self, sluice, mode, wire, folder):
        conf, self.summary = os.path.join(folder, "conf"), os.path.join(folder, "summary.json")
        with open(conf, "w") as f:
            f.write(CONF.format(device=wire.far, mode=mode))
        super().__init__(wire, [sluice, "run", conf, "--summary", self.summary], os.path.join(folder, "sluice"), wire.program)

    def end(self, flows, sent):
        if self.close() != 0:
            raise self.failed(f"exit status {self.process.returncode}")
        with open(self.summary) as f:
            s = json.load(f)
        ledger, stream = s["ledger"], s["streams"]["flows"]
        if not ledger["balanced"] or ledger["counted"] + ledger["shed"] != ledger["received"] or stream["packets"] != ledger["counted"]:
            raise Failed(f"sluice: the ledger does not hold what was sent: {ledger}, {stream}")
        if ledger["missed"] == 0 and not flows <= stream["records"] <= flows * stream["windows"]:
            raise Failed(f"sluice: {stream['records']} records of {flows} flows in {stream['windows']} windows")
        return ledger["counted"], ledger["missed"] + ledger["shed"]
