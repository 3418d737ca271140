"""`sluice run` at the far end of a wire, by XDP or by DPDK's packet sockets, for the tests of all modes: its configuration with
one stream, its start and end, and the records and the summary that it leaves."""
import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("support", "golden"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))
from frames import ETH_IP4, ethernet, ip4, udp  # noqa: E402
from harness import Run  # noqa: E402

from wire import Live, until, why_not  # noqa: E402

OFFICE = os.path.join(HERE, "..", "golden", "captures", "office.pcap")
RULES = os.path.join(HERE, "..", "golden", "office.hs")
HOSTS = "src_ip dest_ip proto"
TUPLE = "src_ip dest_ip src_port dest_port proto"
ALL = TUPLE + " vlan vlan_inner mpls vni tos in_port icmp_type icmp_code"
# One window for all: of a size whose next border is far away.
DAY = 86400
WINDOW = f"tumbling {max(range(200, 367), key=lambda days: days * DAY - time.time() % (days * DAY))}d"
TIMES = ("window_start_us", "window_end_us", "first_us", "last_us", "partial")


def why_no_mode(sluice, mode):
    """Why this mode, or `dpdk`, cannot be tested here; None: it can."""
    said = subprocess.run([sluice, "--version"], capture_output=True, text=True).stdout
    if mode == "dpdk":
        return "this build has no DPDK input" if "DPDK input: yes" not in " ".join(said.split()) else why_not()
    built = next((line.strip() for line in said.splitlines() if line.strip().startswith("XDP input:")), "XDP input: no")
    if "XDP input: no" in built or (mode == "redirect" and "no redirect" in built):
        return built
    return why_not()


def beside(tap, n, cases):
    """Runs cases that wait most of the time, `n` at once, each in a folder of its own that it is given. A case returns what it
    found as a list: whether it is so, the fact, notes."""
    def run(case):
        with tempfile.TemporaryDirectory(prefix="sluice-") as folder:
            return case(folder)

    with ThreadPoolExecutor(n) as pool:
        for facts in pool.map(run, cases):
            for fact in facts:
                tap.line(*fact)


def normal(lines):
    """Records without what depends on when they were taken."""
    records = (json.loads(line) for line in lines)
    return sorted(json.dumps({k: v for k, v in r.items() if k not in TIMES}, sort_keys=True) for r in records)


def difference(want, got):
    """Of two lists of records, for people; empty: they are the same."""
    if want == got:
        return []
    missing, surplus = sorted(set(want) - set(got)), sorted(set(got) - set(want))
    return ([f"missing: {line}" for line in missing[:6]] + [f"surplus: {line}" for line in surplus[:6]]
            + [f"{len(want)} records expected, {len(got)} found"])


def expected(sluice, folder, paths, key, rules=None):
    """The records of capture files, by backend = pcap."""
    run = Run(sluice, folder, {"input.backend": "pcap", "input.device": " ".join(f'"{path}"' for path in paths),
                               "input.lateness": "all"}, {"all": (key, WINDOW)}, rules)
    return normal(run.lines())


def frame(number, octets=60):
    """One of a hundred flows, by its source port."""
    return ethernet(ETH_IP4, ip4("10.8.0.1", "10.8.0.2", 17, udp(1000 + number % 100, 2000, b"x" * (octets - 42))))


class Program(Live):
    """A run with a stream `all`; its records and summary after the end. No mode: the default one. `more`: further arguments.
    `keep`: goes on in the files of a run before."""

    def __init__(self, sluice, folder, wire, mode=None, key=HOSTS, rules=None, before=(), rows=65536, window=WINDOW, more=(), keep=False, **sets):
        self.records_path = os.path.join(folder, "live.jsonl")
        self.summary_path = os.path.join(folder, "live.json")
        for path in (self.records_path, self.summary_path):
            if os.path.exists(path) and not keep:
                os.unlink(path)
        conf = os.path.join(folder, "live.conf")
        self.dpdk = mode == "dpdk"
        names = (sets.pop("device", None) or wire.far).split()
        if self.dpdk:
            settings = {"backend": "dpdk", "device": " ".join(f"net_af_packet{i},iface={name}" for i, name in enumerate(names))}
        else:
            settings = {"backend": "xdp", "device": " ".join(names), **({"xdp_mode": mode} if mode else {})}
        settings = {**settings, "workers": 1, **sets}
        with open(conf, "w") as f:
            f.write("[input]\n" + "".join(f"{k} = {v}\n" for k, v in settings.items()))
            f.write(f"[flow]\nrows = {rows}\n")
            f.write("[dpdk]\nhugepages = off\nmbufs = 8191\n" if self.dpdk else "")
            f.write(f"[match]\nrules = \"{rules}\"\ncache = off\n" if rules else "")
            f.write(f"[stream all]\nkey = {key}\nwindow = {window}\n[sink out]\ntype = json\npath = live.jsonl\n")
        argv = [*before, sluice, "run", conf, "--summary", self.summary_path, *more]
        super().__init__(wire, argv, os.path.join(folder, "live.said"))
        atexit.register(self.process.kill)      # of a test that broke

    def attached(self, seconds=20):
        """As of XDP; DPDK's driver has opened its sockets when the run has begun."""
        return self.begun(seconds) if self.dpdk else super().attached(seconds)

    def begun(self, seconds=20):
        """Waits until everything is open: up to then an interface that goes away is the end of a run."""
        return until(lambda: "sluice: memory: " in self.said() or self.process.poll() is not None, seconds) and self.process.poll() is None

    def lines(self):
        if not os.path.exists(self.records_path):
            return []
        with open(self.records_path) as f:
            # While it is written the last line may not be all there.
            return f.read().split("\n")[:-1]

    def records(self):
        return [json.loads(line) for line in self.lines()]

    def summary(self):
        try:
            with open(self.summary_path) as f:
                return json.load(f)
        except (OSError, ValueError):
            return {}

    def ledger(self):
        return self.summary().get("ledger", {})

    def finish(self, number=signal.SIGTERM):
        """Lets what was sent arrive, then ends the run. Returns exit status."""
        time.sleep(0.5)
        return self.end(number)

    def wait(self, seconds=30):
        """Exit status of a run that ends by itself."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"still running: {self.end(signal.SIGKILL)}"

    def hears(self, text):
        return until(lambda: text in self.said(), 10)

    def balances(self):
        """What is wrong with the books after a run; empty: nothing."""
        ledger, faults = self.ledger(), []
        parts = ("counted", "non_ip", "malformed", "filtered", "late", "shed")
        if not ledger or not ledger["balanced"] or ledger["received"] != sum(ledger[part] for part in parts):
            faults.append("the ledger does not balance")
        packets = sum(r["packets"] for r in self.records())
        if ledger and packets != ledger["counted"]:
            faults.append(f"{packets} packets in the records, {ledger['counted']} counted")
        return faults

    def why(self):
        return [f"ledger {self.ledger()}"] + self.said().splitlines()[-12:]
