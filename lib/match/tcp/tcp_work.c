// Bookkeeping: from the fate of octets to counters and events.

#include "tcp_work.h"

void tcp_work_fate(struct tcp_work *w, enum tcp_fate fate, uint32_t octets) {
	static const uint32_t events[TCP_FATES] = {
		[TCP_HELD_NOW] = TCP_HELD,
		[TCP_REPEATED] = TCP_AGAIN,
		[TCP_DIFFERENT] = TCP_AGAIN | TCP_CONFLICT | TCP_SCAN_ALONE,
		[TCP_UNVERIFIED] = TCP_AGAIN | TCP_SCAN_ALONE,
		[TCP_PROBE] = TCP_KEEP_ALIVE,
		[TCP_BEHIND_FIN] = TCP_SCAN_ALONE,
		[TCP_BEHIND_RST] = TCP_SCAN_ALONE,
		[TCP_STRAY] = TCP_SCAN_ALONE,
		[TCP_BAD_FLAGS] = TCP_NOT_TAKEN | TCP_SCAN_ALONE,
		[TCP_NO_ROOM] = TCP_NOT_TAKEN | TCP_SCAN_ALONE,
		[TCP_NO_START] = TCP_NOT_TAKEN | TCP_SCAN_ALONE,
	};
	if (octets == 0)
		return;
	w->stats.octets[fate] += octets;
	if ((events[fate] & TCP_CONFLICT) && !(w->out->events & TCP_CONFLICT))
		w->stats.conflicts++;
	w->out->events |= events[fate];
}

void tcp_work_compared(struct tcp_work *w, const struct tcp_compare *c) {
	tcp_work_fate(w, TCP_REPEATED, c->same);
	tcp_work_fate(w, TCP_DIFFERENT, c->differ);
}
