// The bits of TCP's flags (RFC 9293, section 3.1). The XDP programs have the same.
#pragma once

enum tcp_flag {
	TCP_FIN = 1 << 0,
	TCP_SYN = 1 << 1,
	TCP_RST = 1 << 2,
	TCP_PSH = 1 << 3,
	TCP_ACK = 1 << 4,
	TCP_URG = 1 << 5,
};

// Whether whoever sent a segment with these flags opens a connection: 1 or 0.
#define TCP_OPENS(flags) (((flags) & (TCP_SYN | TCP_ACK)) == TCP_SYN)
