"""Headers as octets, from the inside out, and capture files: what the golden tests are made of."""
import struct
from ipaddress import ip_address

ETH_IP4, ETH_IP6, ETH_ARP, ETH_MPLS, ETH_PPPOE, ETH_BRIDGED = 0x0800, 0x86DD, 0x0806, 0x8847, 0x8864, 0x6558
MACS = bytes.fromhex("020000000002" "020000000001")


def ethernet(ethertype, payload, pad=0):
    frame = MACS + struct.pack("!H", ethertype) + payload
    return frame + bytes(max(0, pad - len(frame)))


def vlan(tci, ethertype, payload):
    """What follows a tag's own EtherType."""
    return struct.pack("!HH", tci, ethertype) + payload


def mpls(label, bottom, payload, traffic_class=0):
    return struct.pack("!I", label << 12 | traffic_class << 9 | bottom << 8 | 64) + payload


def pppoe(protocol, payload, code=0):
    return struct.pack("!BBHHH", 0x11, code, 1, len(payload) + 2, protocol) + payload


def snap(ethertype, payload):
    """An IEEE 802.3 frame: a length where the type would be, then LLC and SNAP."""
    body = bytes.fromhex("aaaa03000000") + struct.pack("!H", ethertype) + payload
    return MACS + struct.pack("!H", len(body)) + body


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip4(src, dst, proto, payload, tos=0, ident=0, offset=0, more=False, total=None, options=b"", version=4, ihl=None):
    length = 20 + len(options) + len(payload) if total is None else total
    words = 5 + len(options) // 4 if ihl is None else ihl
    head = struct.pack("!BBHHHBBH4s4s", version << 4 | words, tos, length, ident, (0x2000 if more else 0) | offset // 8, 64, proto, 0,
                       ip_address(src).packed, ip_address(dst).packed) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(src, dst, following, payload, traffic_class=0, length=None):
    return struct.pack("!IHBB16s16s", 6 << 28 | traffic_class << 20, len(payload) if length is None else length, following, 64,
                       ip_address(src).packed, ip_address(dst).packed) + payload


def extension(following, payload, octets=8):
    """Hop-by-hop, routing and destination options headers alike."""
    return struct.pack("!BB", following, octets // 8 - 1) + bytes(octets - 2) + payload    # zeros: one-octet padding


def authentication(following, payload):
    return struct.pack("!BBHII", following, 4, 0, 1, 1) + bytes(12) + payload


def fragment6(following, ident, offset, more, payload):
    return struct.pack("!BBHI", following, 0, offset | more, ident) + payload


def tcp(sport, dport, flags=0x10, payload=b"", seq=1):
    return struct.pack("!HHIIBBHHH", sport, dport, seq, 1, 5 << 4, flags, 0xFFFF, 0, 0) + payload


def udp(sport, dport, payload=b""):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def udplite(sport, dport, payload=b""):
    return struct.pack("!HHHH", sport, dport, 8, 0) + payload


def sctp(sport, dport, payload=b""):
    return struct.pack("!HHII", sport, dport, 1, 0) + payload


def dccp(sport, dport, payload=b""):
    return struct.pack("!HHBBHII", sport, dport, 4, 0, 0, 0, 0) + payload


def icmp(kind, code, payload=b""):
    return struct.pack("!BBHI", kind, code, 0, 0) + payload


def gre(ethertype, payload, sum_=False, key=None, sequence=None):
    flags = (0x8000 if sum_ else 0) | (0x2000 if key is not None else 0) | (0x1000 if sequence is not None else 0)
    optional = (bytes(4) if sum_ else b"") + (struct.pack("!I", key) if key is not None else b"") \
        + (struct.pack("!I", sequence) if sequence is not None else b"")
    return struct.pack("!HH", flags, ethertype) + optional + payload


def gre_pptp(payload, sequence=1):
    """RFC 2637: version 1, a key, a sequence number, a PPP frame."""
    return struct.pack("!HHHHI", 0x3001, 0x880B, len(payload), 1, sequence) + payload


def vxlan(vni, payload):
    return struct.pack("!II", 0x08000000, vni << 8) + payload


def geneve(vni, ethertype, payload, options=b""):
    return struct.pack("!BBHI", len(options) // 4, 0, ethertype, vni << 8) + options + payload


def gtpu(teid, payload, sequence=None, kind=0xFF, extensions=()):
    """With extension headers: each is (type, content)."""
    optional = b""
    if sequence is not None or extensions:
        optional = struct.pack("!HBB", sequence or 0, 0, extensions[0][0] if extensions else 0)
        for i, (_, content) in enumerate(extensions):
            following = extensions[i + 1][0] if i + 1 < len(extensions) else 0
            optional += bytes([(len(content) + 2) // 4]) + content + bytes([following])
    flags = 0x30 | (4 if extensions else 0) | (2 if sequence is not None else 0)
    return struct.pack("!BBHI", flags, kind, len(optional) + len(payload), teid) + optional + payload


def write_pcap(path, frames, link=1, snaplen=262144):
    """`frames`: (time_us, octets, length on the wire)."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snaplen, link))
        for time_us, data, wire in frames:
            f.write(struct.pack("<IIII", time_us // 1000000, time_us % 1000000, len(data), wire) + data)


def read_pcap(path):
    """(time_us, octets, length on the wire) of each frame of a little-endian microsecond pcap file."""
    with open(path, "rb") as f:
        magic, = struct.unpack("<I", f.read(24)[:4])
        if magic != 0xA1B2C3D4:
            raise ValueError(f"{path}: not a little-endian microsecond pcap file")
        while head := f.read(16):
            sec, usec, caplen, wire = struct.unpack("<IIII", head)
            yield sec * 1000000 + usec, f.read(caplen), wire
