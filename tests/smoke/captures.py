"""Capture files as lists of frames, read without libpcap, and which of their frames a wire can carry. Frames lose
their times: only their order counts."""
import csv
import os
import struct
from collections import Counter

ETHERNET = 1
HEADER = 14     # octets: no frame on a wire is shorter
FRAME_MAX = 262144

# First word of a file: octets a second is divided in do not matter here, but what a frame's header takes.
PCAP = {0xA1B2C3D4: 16, 0xA1B23C4D: 16, 0xA1B2CD34: 24}
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0A0D0D0A, 1, 2, 3, 6
BYTE_ORDER = 0x1A2B3C4D


def _pcap(data, order, head):
    link, = struct.unpack_from(order + "I", data, 20)
    at = 24
    while at + head <= len(data):
        octets, = struct.unpack_from(order + "I", data, at + 8)
        at += head
        if octets > FRAME_MAX or at + octets > len(data):
            return
        yield link & 0x03FFFFFF, data[at:at + octets]
        at += octets


def _block(order, kind, body, links):
    """(link type, octets) of a packet's block."""
    if kind == SIMPLE_PACKET:
        link, snaplen = links[0]
        wire, = struct.unpack_from(order + "I", body)
        octets = min(wire, snaplen or wire)
        return link, body[4:4 + octets]
    number = struct.unpack_from(order + ("I" if kind == PACKET else "H"), body)[0]
    octets, = struct.unpack_from(order + "I", body, 12)
    if 20 + octets > len(body):
        raise ValueError("a packet longer than its block")
    return links[number][0], body[20:20 + octets]


def _pcapng(data):
    at, order, links = 0, "<", []
    while at + 12 <= len(data):
        kind, = struct.unpack_from(order + "I", data, at)
        if kind == SECTION:
            order = "<" if struct.unpack_from("<I", data, at + 8)[0] == BYTE_ORDER else ">"
            links = []
        octets, = struct.unpack_from(order + "I", data, at + 4)
        if octets < 12 or at + octets > len(data):
            return
        body = data[at + 8:at + octets - 4]
        if kind == INTERFACE:
            links.append((struct.unpack_from(order + "H", body)[0], struct.unpack_from(order + "I", body, 4)[0]))
        elif kind in (OLD_PACKET, SIMPLE_PACKET, PACKET):
            try:
                yield _block(order, kind, body, links)
            except (struct.error, ValueError, IndexError):
                return
        at += (octets + 3) // 4 * 4


def read(path):
    """(link type, octets) of each frame of a pcap or pcapng file; ends where the file is cut or makes no sense."""
    with open(path, "rb") as f:
        data = f.read()
    for order in "<>":
        if len(data) < 24:
            return
        magic, = struct.unpack_from(order + "I", data)
        if magic in PCAP:
            yield from _pcap(data, order, PCAP[magic])
            return
        if magic == SECTION:
            yield from _pcapng(data)
            return
    raise ValueError(f"{path}: neither pcap nor pcapng")


class Sendable:
    """What can be sent of a capture, `left` says what cannot and why. `said`: frames that others found in it; None: nobody
    looked."""

    def __init__(self, name, frames, longest, tunnels=None, said=None):
        self.name, self.tunnels, self.said = name, tunnels, said
        self.frames, self.left, self.read = [], Counter(), 0
        for link, octets in frames:
            self.read += 1
            if link != ETHERNET:
                self.left["not Ethernet"] += 1
            elif len(octets) < HEADER:
                self.left[f"shorter than {HEADER} octets"] += 1
            elif len(octets) > longest:
                self.left[f"longer than the wire takes, {longest:,} octets"] += 1
            else:
                self.frames.append(bytes(octets))


def shared(data, longest, every=1):
    """The Ethernet captures of the manifest, each `every`-th. Of a malformed file everybody finds another number of frames."""
    with open(os.path.join(data, "MANIFEST.tsv"), newline="") as f:
        rows = [row for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
                if row["linktype"] == "EN10MB" and row["file"].startswith(("pcaps/", "malformed/"))]
    for row in rows[::every]:
        said = int(row["packets"]) if row["file"].startswith("pcaps/") else None
        yield Sendable(row["file"], read(os.path.join(data, row["file"])), longest, said=said)
