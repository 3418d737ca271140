"""The captures that are made for the golden tests, and what must be counted in them: said by who made each frame, not by a parser."""
from frames import *

T0 = 1700000000000000   # on a ten-second boundary
A, B, C, D = "10.0.0.1", "10.0.0.2", "192.168.1.1", "192.168.1.2"
A6, B6, C6, D6 = "fd00::1", "fd00::2", "fd01::1", "fd01::2"
TCP, UDP, ICMP, ICMP6, GRE, IPIP, SIT, ESP, SCTP, UDPLITE, DCCP = 6, 17, 1, 58, 47, 4, 41, 50, 132, 136, 33
NEXT_NONE, HOP, ROUTING, FRAGMENT, AUTH, DSTOPTS = 59, 0, 43, 44, 51, 60


class Capture:
    """Frames with what is expected of each. A frame comes 1 ms after the one ahead unless a time is given."""

    def __init__(self, name, about, link=1, tunnels="gre vxlan geneve gtpu ipip", rules=None):
        self.name, self.about, self.link, self.tunnels, self.rules = name, about, link, tunnels, rules
        self.frames = []    # (time_us, octets, wire length)
        self.expect = []    # a dict (a counted packet) or a str (the reason it is not)
        self.now = T0

    def add(self, frame, expect, at=None, cut=None):
        """`cut`: captured octets, the rest was on the wire alone."""
        self.now = T0 + at if at is not None else self.now + 1000
        self.frames.append((self.now, frame if cut is None else frame[:cut], len(frame)))
        self.expect.append(expect)
        return self

    @property
    def snapped(self):
        return any(len(d) != w for _, d, w in self.frames)


def flow(ip, src, dst, proto, sport=0, dport=0, tos=0, flags=0, **fields):
    """A counted packet: its innermost IP packet as octets, or the length that its header states."""
    size = ip if isinstance(ip, int) else len(ip)
    return {"src_ip": src, "dest_ip": dst, "proto": proto, "src_port": sport, "dest_port": dport, "tos": tos,
            "bytes": size, "tcp_flags": flags, **fields}


def hello(sport=1000, dport=2000, src=A, dst=B, text=b"hello"):
    """The plain packet that tunnels carry, and its flow."""
    ip = ip4(src, dst, UDP, udp(sport, dport, text))
    return ip, flow(ip, src, dst, UDP, sport, dport)


def hello6(sport=1000, dport=2000, src=A6, dst=B6, text=b"hello"):
    ip = ip6(src, dst, UDP, udp(sport, dport, text))
    return ip, flow(ip, src, dst, UDP, sport, dport)


def link_layers():
    c = Capture("link", "VLAN stacks, MPLS, PPPoE, LLC and what is not IP")
    ip, want = hello()
    ip_6, want6 = hello6()
    c.add(ethernet(ETH_IP4, ip), want)
    c.add(ethernet(ETH_IP6, ip_6), want6)
    c.add(ethernet(ETH_IP4, ip, pad=60), want)
    c.add(ethernet(0x8100, vlan(100, ETH_IP4, ip)), {**want, "vlan": 100})
    c.add(ethernet(0x8100, vlan(7 << 13 | 1 << 12 | 100, ETH_IP4, ip)), {**want, "vlan": 100})    # priority is not VID
    c.add(ethernet(0x8100, vlan(5 << 13, ETH_IP4, ip)), {**want, "vlan": 0})                      # priority tag
    c.add(ethernet(0x88A8, vlan(200, 0x8100, vlan(100, ETH_IP6, ip_6))), {**want6, "vlan": 200, "vlan_inner": 100})
    c.add(ethernet(0x9100, vlan(300, 0x8100, vlan(4095, ETH_IP4, ip))), {**want, "vlan": 300, "vlan_inner": 4095})
    four = vlan(1, 0x8100, vlan(2, 0x8100, vlan(3, 0x8100, vlan(4, ETH_IP4, ip))))
    c.add(ethernet(0x8100, four), {**want, "vlan": 1, "vlan_inner": 2})
    c.add(ethernet(0x8100, vlan(9, 0x8100, four)), "vlan_depth")
    c.add(ethernet(0x8100, b"\0\1"), "vlan_truncated")
    c.add(ethernet(ETH_MPLS, mpls(1000, 1, ip)), {**want, "mpls": 1000})
    c.add(ethernet(ETH_MPLS, mpls(0xFFFFF, 0, mpls(17, 0, mpls(18, 1, ip_6, traffic_class=7)))), {**want6, "mpls": 0xFFFFF})
    c.add(ethernet(0x8848, mpls(16, 1, ip)), {**want, "mpls": 16})
    c.add(ethernet(0x8100, vlan(42, ETH_MPLS, mpls(20, 1, ip))), {**want, "vlan": 42, "mpls": 20})
    c.add(ethernet(ETH_MPLS, mpls(20, 0, b"\0\1")), "mpls_truncated")
    c.add(ethernet(ETH_PPPOE, pppoe(0x0021, ip)), want)
    c.add(ethernet(ETH_PPPOE, pppoe(0x0057, ip_6)), want6)
    c.add(ethernet(0x8100, vlan(35, ETH_PPPOE, pppoe(0x0021, ip))), {**want, "vlan": 35})
    c.add(ethernet(ETH_PPPOE, pppoe(0xC021, b"\1\1\0\4")), "not_ip")        # LCP
    c.add(ethernet(0x8863, pppoe(0, b"", code=9)), "not_ip")               # discovery
    c.add(snap(ETH_IP4, ip), want)
    c.add(MACS + b"\0\3\x42\x42\3" + bytes(43), "not_ip")                   # spanning tree
    c.add(ethernet(ETH_ARP, bytes.fromhex("0001080006040001") + bytes(20)), "not_ip")
    c.add(ethernet(0x88CC, bytes(46)), "not_ip")                           # LLDP
    c.add(MACS[:10], "link_truncated")
    return c


def tunnels():
    c = Capture("tunnels", "GRE, VXLAN, Geneve, GTP-U and IP in IP, and one in the other")
    ip, want = hello()
    ip_6, want6 = hello6()
    inner = ethernet(ETH_IP4, ip)
    inner6 = ethernet(ETH_IP6, ip_6)

    def over4(proto, payload, **more):
        return ethernet(ETH_IP4, ip4(C, D, proto, payload, **more))

    def over6(proto, payload):
        return ethernet(ETH_IP6, ip6(C6, D6, proto, payload))

    c.add(over4(GRE, gre(ETH_IP4, ip)), want)
    c.add(over4(GRE, gre(ETH_IP6, ip_6, sum_=True, key=7, sequence=9)), want6)
    c.add(over6(GRE, gre(ETH_IP4, ip, key=7)), want)
    c.add(over4(GRE, gre(ETH_BRIDGED, inner6)), want6)
    c.add(over4(GRE, gre(ETH_MPLS, mpls(99, 1, ip))), {**want, "mpls": 99})
    c.add(over4(GRE, gre_pptp(b"\xff\x03\0\x21" + ip)), want)
    c.add(over4(IPIP, ip), want)
    c.add(over4(SIT, ip_6), want6)
    c.add(over6(IPIP, ip), want)
    c.add(over6(SIT, ip_6), want6)
    c.add(over6(DSTOPTS, extension(SIT, ip_6)), want6)
    c.add(over4(UDP, udp(40000, 4789, vxlan(5000, inner))), {**want, "vni": 5000})
    c.add(over4(UDP, udp(4789, 40000, vxlan(0xFFFFFF, inner6))), {**want6, "vni": 0xFFFFFF})
    c.add(over6(UDP, udp(40000, 4789, vxlan(0, inner))), {**want, "vni": 0})
    c.add(over4(UDP, udp(40000, 6081, geneve(77, ETH_BRIDGED, inner))), {**want, "vni": 77})
    c.add(over4(UDP, udp(40000, 6081, geneve(78, ETH_IP6, ip_6, options=bytes(12)))), {**want6, "vni": 78})
    c.add(over4(UDP, udp(2152, 2152, gtpu(1, ip))), want)
    c.add(over4(UDP, udp(2152, 40000, gtpu(1, ip_6, sequence=5))), want6)
    c.add(over4(UDP, udp(40000, 2152, gtpu(1, ip, extensions=[(0x85, b"\0\1"), (0xC0, bytes(6))]))), want)
    deep = over4(UDP, udp(40000, 4789, vxlan(1, over6(UDP, udp(40000, 6081, geneve(2, ETH_BRIDGED, over4(GRE, gre(ETH_IP4, ip))))))))
    c.add(deep, {**want, "vni": 2})
    # Not tunnels: control messages, quoted packets, what a tunnel's header does not promise.
    echo = ip4(C, D, UDP, udp(2152, 2152, gtpu(0, b"", sequence=1, kind=1)))
    c.add(ethernet(ETH_IP4, echo), flow(echo, C, D, UDP, 2152, 2152))
    unreachable = ip4(D, C, ICMP, icmp(3, 3, ip))
    c.add(ethernet(ETH_IP4, unreachable), flow(unreachable, D, C, ICMP, icmp_type=3, icmp_code=3))
    erspan = ip4(C, D, GRE, gre(0x1234, bytes(20)))
    c.add(ethernet(ETH_IP4, erspan), flow(erspan, C, D, GRE))
    # Behind a tunnel no IP header at all: the outer one stays the innermost.
    arp = ip4(C, D, UDP, udp(40000, 4789, vxlan(9, ethernet(ETH_ARP, bytes(28)))))
    c.add(ethernet(ETH_IP4, arp), flow(arp, C, D, UDP, 40000, 4789, vni=9))
    return c


def untunnelled():
    """The same frames when no tunnel is looked into: outer addresses, ports of the carrier."""
    c = Capture("untunnelled", "tunnels that are not looked into", tunnels="")
    ip, _ = hello()
    for proto, payload, ports in (
            (GRE, gre(ETH_IP4, ip), (0, 0)), (IPIP, ip, (0, 0)), (UDP, udp(40000, 4789, vxlan(5, ethernet(ETH_IP4, ip))), (40000, 4789)),
            (UDP, udp(40000, 6081, geneve(5, ETH_IP4, ip)), (40000, 6081)), (UDP, udp(2152, 2152, gtpu(1, ip)), (2152, 2152))):
        outer = ip4(C, D, proto, payload)
        c.add(ethernet(ETH_IP4, outer), flow(outer, C, D, proto, *ports))
    return c


def transports():
    c = Capture("transport", "every protocol with ports, some without, IPv6 extension headers, options, lengths")
    for proto, body, ports, more in (
            (TCP, tcp(1, 65535, 0x02), (1, 65535), {"flags": 0x02}),
            (TCP, tcp(1, 65535, 0xD9, b"data"), (1, 65535), {"flags": 0xD9}),
            (UDP, udp(53, 54), (53, 54), {}),
            (UDPLITE, udplite(5, 6), (5, 6), {}),
            (SCTP, sctp(7, 8), (7, 8), {}),
            (DCCP, dccp(9, 10), (9, 10), {}),
            (ESP, bytes(16), (0, 0), {}),
            (2, bytes(8), (0, 0), {}),
            (255, b"", (0, 0), {})):
        ip = ip4(A, B, proto, body, tos=0xB8)
        c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, proto, *ports, tos=0xB8, **more))
        ip = ip6(A6, B6, proto, body, traffic_class=0x2E)
        c.add(ethernet(ETH_IP6, ip), flow(ip, A6, B6, proto, *ports, tos=0x2E, **more))
    ip = ip4(A, B, ICMP, icmp(8, 0, bytes(56)))
    c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, ICMP, icmp_type=8, icmp_code=0))
    ip = ip6(A6, B6, ICMP6, icmp(135, 0, bytes(16)))
    c.add(ethernet(ETH_IP6, ip), flow(ip, A6, B6, ICMP6, icmp_type=135, icmp_code=0))
    ip = ip4(A, B, UDP, udp(11, 12), options=bytes([7, 39]) + bytes(38))
    c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, UDP, 11, 12))
    chain = extension(ROUTING, extension(DSTOPTS, extension(AUTH, authentication(TCP, tcp(21, 22, 0x18)), octets=264), octets=24))
    ip = ip6(A6, B6, HOP, chain)
    c.add(ethernet(ETH_IP6, ip), flow(ip, A6, B6, TCP, 21, 22, flags=0x18))
    ip = ip4(A, B, AUTH, authentication(UDP, udp(23, 24)))
    c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, AUTH))      # an IPv6 extension header is none in IPv4
    ip = ip6(A6, B6, HOP, extension(NEXT_NONE, b""))
    c.add(ethernet(ETH_IP6, ip), flow(ip, A6, B6, NEXT_NONE))
    # The header counts, not the frame: padding, offloaded lengths, lengths beyond the frame.
    ip = ip4(A, B, UDP, udp(25, 26, b"x" * 400), total=0)
    c.add(ethernet(ETH_IP4, ip), flow(428, A, B, UDP, 25, 26))
    ip = ip4(A, B, UDP, udp(27, 28), total=1400)
    c.add(ethernet(ETH_IP4, ip), flow(1400, A, B, UDP, 27, 28))
    ip = ip6(A6, B6, UDP, udp(29, 30), length=1400)
    c.add(ethernet(ETH_IP6, ip), flow(1440, A6, B6, UDP, 29, 30))
    # Ports are read when their four octets are there.
    ip = ip4(A, B, TCP, b"\0\x1f\0\x20")
    c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, TCP, 31, 32))
    ip = ip4(A, B, TCP, b"\0\x1f\0")
    c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, TCP))
    c.add(ethernet(ETH_IP4, ip, pad=60), flow(ip, A, B, TCP))       # padding is no header
    # What cannot be an IP packet.
    good, _ = hello()
    c.add(ethernet(ETH_IP4, good[:19]), "ipv4_truncated")
    c.add(ethernet(ETH_IP4, ip4(A, B, UDP, udp(1, 2), ihl=15, total=100)), "ipv4_truncated")
    c.add(ethernet(ETH_IP4, ip4(A, B, UDP, udp(1, 2), ihl=4)), "ipv4_header")
    c.add(ethernet(ETH_IP4, ip4(A, B, UDP, udp(1, 2), total=19)), "ipv4_header")
    c.add(ethernet(ETH_IP4, ip4(A, B, UDP, udp(1, 2), version=5)), "ipv4_header")
    c.add(ethernet(ETH_IP6, ip6(A6, B6, UDP, udp(1, 2))[:39]), "ipv6_truncated")
    c.add(ethernet(ETH_IP6, ip4(A, B, UDP, udp(1, 2, bytes(40)))), "ipv6_header")
    c.add(ethernet(ETH_IP6, ip6(A6, B6, HOP, b"\x11\x04" + bytes(6))), "ipv6_ext")
    return c


def fragments():
    c = Capture("fragments", "later fragments take the first one's ports, for thirty seconds")

    def four(ident, offset, more, data, proto=UDP):
        ip = ip4(A, B, proto, data, ident=ident, offset=offset, more=more)
        return ethernet(ETH_IP4, ip), ip

    def six(ident, offset, more, data, following=UDP):
        ip = ip6(A6, B6, FRAGMENT, fragment6(following, ident, offset, more, data))
        return ethernet(ETH_IP6, ip), ip

    first = udp(1000, 2000, bytes(1000))
    for make, src, dst in ((four, A, B), (six, A6, B6)):
        base = 0 if make is four else 100000
        f, ip = make(1, 0, True, first)
        c.add(f, flow(ip, src, dst, UDP, 1000, 2000), at=base)
        f, ip = make(1, 1008, True, bytes(1008))
        c.add(f, flow(ip, src, dst, UDP, 1000, 2000), at=base + 1)
        f, ip = make(2, 1008, False, bytes(100))                            # another datagram: unknown
        c.add(f, flow(ip, src, dst, UDP), at=base + 2)
        f, ip = make(2, 0, True, udp(3, 4, bytes(1000)))                    # its first one comes too late
        c.add(f, flow(ip, src, dst, UDP, 3, 4), at=base + 3)
        f, ip = make(2, 2016, False, bytes(8))
        c.add(f, flow(ip, src, dst, UDP, 3, 4), at=base + 4)
        f, ip = make(3, 0, False, udp(5, 6))                                # whole, though it has an id
        c.add(f, flow(ip, src, dst, UDP, 5, 6), at=base + 5)
    f, ip = four(1, 1008, False, bytes(64), proto=ESP)                      # the protocol tells datagrams apart
    c.add(f, flow(ip, A, B, ESP), at=200000)
    f, ip = six(1, 2016, False, bytes(8), following=NEXT_NONE)              # the first one's protocol counts
    c.add(f, flow(ip, A6, B6, UDP, 1000, 2000), at=200001)
    tail = ip4(C, D, UDP, bytes(500), ident=9, offset=1480)
    head = ip4(C, D, UDP, udp(40000, 4789, vxlan(3, ethernet(ETH_IP4, hello(text=bytes(1400))[0]))), ident=9, more=True)
    c.add(ethernet(ETH_IP4, head), {**hello(text=bytes(1400))[1], "vni": 3}, at=300000)
    c.add(ethernet(ETH_IP4, tail), flow(tail, C, D, UDP), at=300001)        # a carrier's later fragment
    f, ip = four(4, 0, True, udp(7, 8, bytes(1000)))
    c.add(f, flow(ip, A, B, UDP, 7, 8), at=1000000)
    f, ip = four(4, 1008, True, bytes(8))
    c.add(f, flow(ip, A, B, UDP, 7, 8), at=31000000)                        # thirty seconds old: still
    f, ip = four(4, 1016, False, bytes(8))
    c.add(f, flow(ip, A, B, UDP), at=31000001)                              # a microsecond more: no longer
    return c


def matches():
    c = Capture("matches", "an event is a pair of rule and packet, within the payload alone", rules="".join((
        "1:/attack/\n", "2:/ATT\\w+/i\n", "3:/^hello/\n", "4:/end$/\n", "5:/pad/\n")))

    def both(text, n, pad=0):
        for src, dst, make, ethertype in ((A, B, ip4, ETH_IP4), (A6, B6, ip6, ETH_IP6)):
            for proto, body, flags in ((UDP, udp(1, 2, text), 0), (TCP, tcp(1, 2, 0x18, text), 0x18)):
                ip = make(src, dst, proto, body)
                c.add(ethernet(ethertype, ip, pad) + (b"pad" if pad else b""), flow(ip, src, dst, proto, 1, 2, flags=flags, matches=n))

    both(b"", 0)
    both(b"nothing here", 0)
    both(b"an attack", 2)               # rules 1 and 2
    both(b"attack attack attack", 2)    # once each, however often
    both(b"Attack", 1)                  # rule 2 alone
    both(b"hello, end", 2)              # anchors are the payload's ends
    both(b" hello end ", 0)
    both(b"x", 0, pad=90)               # what pads the frame is not payload
    both(b"pad", 1)
    ip = ip4(A, B, ICMP, icmp(8, 0, b"attack"))
    c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, ICMP, icmp_type=8, icmp_code=0, matches=2))
    ip = ip4(A, B, ESP, b"hello")       # other protocols: what follows the IP header
    c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, ESP, matches=1))
    inner, want = hello(text=b"hello attack end")
    outer = ip4(C, D, UDP, udp(40000, 4789, vxlan(5, ethernet(ETH_IP4, inner))))
    c.add(ethernet(ETH_IP4, outer), {**want, "vni": 5, "matches": 4})
    # A burst and more of matches, then as many frames without a payload: those have none.
    ip, want = hello(text=b"hello attack end")
    for _ in range(70):
        c.add(ethernet(ETH_IP4, ip), {**want, "matches": 4})
    ip = ip4(A, B, TCP, tcp(1, 2, 0x10))
    for _ in range(140):
        c.add(ethernet(ETH_IP4, ip), flow(ip, A, B, TCP, 1, 2, flags=0x10))
    return c


def times():
    c = Capture("times", "windows begin and end where they should, whatever the order of arrival")
    ip, want = hello()
    for at in (0, 9999999, 10000000, 10000001, 19999999, 20000000, 15000000, 5000000, 60000000, 3600000000, 59999999):
        c.add(ethernet(ETH_IP4, ip), want, at=at)
    # 1970, and what signed 32-bit seconds take for a time before it.
    for second in (0, 2**31 - 1, 2**31, 2**32 - 1):
        c.add(ethernet(ETH_IP4, ip), want, at=second * 1000000 + 999999 - T0)
    return c


def snapped():
    c = Capture("snapped", "frames that the capture cut short are not malformed")
    ip = ip4(A, B, TCP, tcp(1, 2, 0x12, bytes(1000)))
    frame = ethernet(ETH_IP4, ip)
    c.add(frame, flow(ip, A, B, TCP, 1, 2, flags=0x12), cut=96)
    c.add(frame, flow(ip, A, B, TCP, 1, 2), cut=14 + 20 + 4)
    c.add(frame, flow(ip, A, B, TCP), cut=14 + 20)
    c.add(frame, "snapped", cut=14 + 19)
    c.add(frame, "snapped", cut=14)
    c.add(frame, "snapped", cut=0)
    return c


def cooked():
    """The other link types; each is a capture of its own."""
    ip, want = hello()
    ip_6, want6 = hello6()
    sll = struct.pack("!HHH8s", 0, 1, 6, MACS[:8])
    out = []
    c = Capture("raw", "link type RAW", link=101)
    out.append(c.add(ip, want).add(ip_6, want6))
    out.append(Capture("ipv4", "link type IPV4", link=228).add(ip, want))
    out.append(Capture("ipv6", "link type IPV6", link=229).add(ip_6, want6))
    c = Capture("sll", "link type LINUX_SLL", link=113)
    c.add(sll + struct.pack("!H", ETH_IP4) + ip, want).add(sll + struct.pack("!H", ETH_IP6) + ip_6, want6)
    c.add(sll + struct.pack("!H", 0x8100) + vlan(3, ETH_IP4, ip), {**want, "vlan": 3})
    out.append(c.add(sll + struct.pack("!H", ETH_ARP) + bytes(28), "not_ip"))
    c = Capture("sll2", "link type LINUX_SLL2", link=276)
    for ethertype, payload, expect in ((ETH_IP4, ip, want), (ETH_IP6, ip_6, want6), (ETH_ARP, bytes(28), "not_ip")):
        c.add(struct.pack("!HHIHBB8s", ethertype, 0, 1, 1, 0, 6, MACS[:8]) + payload, expect)
    out.append(c)
    c = Capture("null", "link type NULL, families of several systems, either byte order", link=0)
    for order in "<>":
        c.add(struct.pack(order + "I", 2) + ip, want)
        for family in (24, 28, 30):
            c.add(struct.pack(order + "I", family) + ip_6, want6)
    out.append(c)
    out.append(Capture("loop", "link type LOOP", link=108).add(struct.pack("!I", 2) + ip, want).add(struct.pack("!I", 30) + ip_6, want6))
    return out


def captures():
    return [link_layers(), tunnels(), untunnelled(), transports(), fragments(), matches(), times(), snapped(), *cooked()]
