// What a table counted. Every octet that came in is in exactly one of `octets`, at any moment: their
// sum is `octets_in`. Every octet that a stream goes on without is in one of `skipped`.
#pragma once

#include <stdint.h>

// What became of payload octets.
enum tcp_fate {
	TCP_DELIVERED, // once, in order
	TCP_HELD_NOW, // waiting for what is ahead of them; a level, not a count
	TCP_REPEATED, // sent again as they were
	TCP_DIFFERENT, // sent again and not as they were
	TCP_UNVERIFIED, // sent again, or behind a hole that was given up: what was there is not known
	TCP_PROBE, // the octet of a keep-alive
	TCP_BEHIND_FIN, // the other side had acknowledged a FIN ahead of them
	TCP_BEHIND_RST, // not in sequence behind a RST
	TCP_OF_RST, // a RST's own payload: text for people (RFC 9293, 3.10.7)
	TCP_SYN_REFUSED, // a SYN's payload that was not acknowledged, or of a SYN that did not count
	TCP_STRAY, // sequence number in no window of the stream
	TCP_BAD_FLAGS, // with flags that no receiver looks at
	TCP_NO_ROOM, // no flow, as the table was full
	TCP_NO_START, // no flow, as the connection's start was not seen
	TCP_FATES,
};

// Why a hole was given up.
enum tcp_gap {
	TCP_GAP_ACKED, // the receiver has what is missing here
	TCP_GAP_FLOW, // the direction's own limit on held octets or segments
	TCP_GAP_MEMORY, // the limit on all held octets
	TCP_GAP_SNAPPED, // cut off by the capture
	TCP_GAP_MOVED, // the stream went on somewhere else
	TCP_GAP_END, // RST, or the flow is closed
	TCP_GAPS,
};

// Why a flow left the table.
enum tcp_close {
	TCP_CLOSE_DONE, // it had ended, and lingered
	TCP_CLOSE_IDLE,
	TCP_CLOSE_REUSED, // its ports belong to a new connection
	TCP_CLOSE_EVICTED_DONE, // to make room: one that had ended
	TCP_CLOSE_EVICTED_YOUNG, // one that had hardly begun, or of which one side only was seen
	TCP_CLOSE_EVICTED_IDLE, // one that had been silent for a while
	TCP_CLOSE_DRAINED, // at the end of the run
	TCP_CLOSES,
};

struct tcp_stats {
	uint64_t packets;
	uint64_t octets_in; // captured octets of payload
	uint64_t octets[TCP_FATES];
	uint64_t gaps[TCP_GAPS];
	uint64_t skipped[TCP_GAPS]; // octets
	uint64_t opened;
	uint64_t picked_up; // of the opened: those without their start
	uint64_t closed[TCP_CLOSES];
	uint64_t conflicts; // packets with octets that differ from the first copy
	uint64_t keep_alives;
	uint64_t syn_ignored; // another sequence number in the midst of a connection
	uint64_t syn_changed; // another sequence number before anything was delivered
	uint64_t fin_ignored; // where no FIN can be
	uint64_t fin_overrun; // FINs behind which data came that went on in sequence
	uint64_t rst_ignored; // out of sequence
	uint64_t revived; // directions that went on behind what had seemed their end
	uint64_t moved; // directions that went on at another sequence number
};

// Names for reports: lower case, underscores.
const char *tcp_fate_name(enum tcp_fate fate);
const char *tcp_gap_name(enum tcp_gap gap);
const char *tcp_close_name(enum tcp_close why);
