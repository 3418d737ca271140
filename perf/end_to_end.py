"""(a) The whole program, from net_pcap in huge pages to the null sink, beside dpdk-testpmd that only receives."""
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

import machine
from processes import Failed, output, started

FLOWS = 16000
DESCRIPTORS = 1024
BURST = 64                      # packets a receive call, Sluice's own
MBUFS = 65535
MEMORY = 512 << 20              # of huge pages: buffers and flow tables, one program at a time
GOAL = 0.4

CONF = """\
[input]
backend = dpdk
device  = {device}
workers = 1
cpus    = {cpu}

# Said outright, so that without huge pages it fails rather than goes on.
[dpdk]
args    = --in-memory
mbufs   = {mbufs}
rx_desc = {descriptors}

[flow]
rows = 64K

[stream flows]
key    = src_ip dest_ip src_port dest_port proto
window = tumbling 10s

[sink none]
type = null
"""


def ip_checksum(header):
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def frame(n):
    """The n-th flow's packet: UDP, 60 octets."""
    source, dest = struct.pack("!I", 0x0a000000 + n), bytes((10, 255, 0, 2))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 46, 0, 0, 64, 17, 0, source, dest)
    ip = ip[:10] + struct.pack("!H", ip_checksum(ip)) + ip[12:]
    ethernet = bytes((2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0))
    return ethernet + ip + struct.pack("!HHHH", 10000 + n, 53, 26, 0) + bytes(18)


def write_capture(path):
    with open(path, "wb") as f:
        f.write(struct.pack("=IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for n in range(FLOWS):
            data = frame(n)
            f.write(struct.pack("=IIII", 1700000000, n, len(data), len(data)) + data)


def run_sluice(sluice, conf, seconds, summary):
    """Packets a second; what it counted must add up."""
    output([sluice, "run", conf, "--duration", f"{seconds}s", "--summary", summary], "sluice run", seconds + 60)
    with open(summary) as f:
        s = json.load(f)
    ledger, stream, sink = s["ledger"], s["streams"]["flows"], s["sinks"]["none"]
    kinds = ("counted", "non_ip", "malformed", "filtered", "late", "shed")
    if not ledger["balanced"] or ledger["received"] != sum(ledger[k] for k in kinds):
        raise Failed(f"sluice: the ledger does not balance: {ledger}")
    if ledger["counted"] != ledger["received"] or stream["packets"] != ledger["counted"]:
        raise Failed(f"sluice: of {ledger['received']} packets {ledger['counted']} counted, {stream['packets']} in records")
    if stream["bytes"] != 46 * stream["packets"] or stream["records"] != FLOWS * stream["windows"]:
        raise Failed(f"sluice: the records are not those of {FLOWS} flows: {stream}")
    if sink["delivered"] != stream["records"] or sink["dropped"] != 0:
        raise Failed(f"sluice: {sink} of {stream['records']} records")
    return ledger["received"] / s["elapsed_s"]


def run_testpmd(device, cpus, seconds):
    """Packets a second by its own count, over as many seconds, after a first one to warm up."""
    prefix = f"sluice-perf-{os.getpid()}"
    command = ["dpdk-testpmd", "--in-memory", "--no-pci", "--no-telemetry", f"--file-prefix={prefix}",
               "-l", f"{cpus[0]},{cpus[-1]}", f"--main-lcore={cpus[0]}", f"--vdev={device}", "--",
               "--forward-mode=rxonly", f"--rxd={DESCRIPTORS}", f"--burst={BURST}", f"--total-num-mbufs={MBUFS}",
               "--stats-period=1"]
    rates, last, until = [], [], time.monotonic() + 3 * seconds + 30
    try:
        # Its stop message is of no use: line by line until there is enough, then SIGINT.
        with started(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
            for line in child.stdout:
                last = (last + [line.strip()])[-3:]
                m = re.search(r"Rx-pps:\s*(\d+)", line)
                if m and int(m[1]) > 0:
                    rates.append(int(m[1]))
                if len(rates) > seconds or time.monotonic() > until:
                    break
    finally:
        # EAL leaves a folder for the prefix.
        for base in ("/var/run/dpdk", os.path.join(os.environ.get("XDG_RUNTIME_DIR", "/tmp"), "dpdk")):
            shutil.rmtree(os.path.join(base, prefix), ignore_errors=True)
    rates = rates[1:]
    if not rates:
        raise Failed(f"dpdk-testpmd: no rate was seen: {' / '.join(last)}")
    return sum(rates) / len(rates)


def why_not(pages):
    """None when it can be measured here."""
    if not machine.said("pkg-config", "--modversion", "libdpdk"):
        return "libdpdk is not installed"
    if not shutil.which("dpdk-testpmd"):
        return "dpdk-testpmd is not installed (Debian: dpdk-dev)"
    if len(machine.processors()) < 2:
        return "two processors are needed, one for the worker alone"
    return pages.missing


def measure(sluice, repeats, seconds, note):
    """Rates of both, one after the other `repeats` times."""
    cpus = machine.processors()
    rates = {"testpmd": [], "sluice": []}
    with tempfile.TemporaryDirectory(prefix="sluice-perf-") as folder:
        capture, conf = os.path.join(folder, "flows.pcap"), os.path.join(folder, "sluice.conf")
        device = f"net_pcap0,rx_pcap={capture},infinite_rx=1"
        write_capture(capture)
        with open(conf, "w") as f:
            f.write(CONF.format(device=device, cpu=cpus[-1], mbufs=MBUFS, descriptors=DESCRIPTORS))
        for i in range(repeats):
            note(f"end to end, {i + 1} of {repeats}")
            rates["testpmd"].append(run_testpmd(device, cpus, seconds))
            rates["sluice"].append(run_sluice(sluice, conf, seconds, os.path.join(folder, "summary.json")))
    return rates
