// Names of the counters.

#include "tcp_stats.h"

const char *tcp_fate_name(enum tcp_fate fate) {
	static const char *const name[TCP_FATES] = {
		[TCP_DELIVERED] = "delivered",   [TCP_HELD_NOW] = "held",
		[TCP_REPEATED] = "repeated",     [TCP_DIFFERENT] = "different",
		[TCP_UNVERIFIED] = "unverified", [TCP_PROBE] = "probe",
		[TCP_BEHIND_FIN] = "behind_fin", [TCP_BEHIND_RST] = "behind_rst",
		[TCP_OF_RST] = "of_rst",         [TCP_SYN_REFUSED] = "syn_refused",
		[TCP_STRAY] = "stray",           [TCP_BAD_FLAGS] = "bad_flags",
		[TCP_NO_ROOM] = "no_room",       [TCP_NO_START] = "no_start",
	};
	return fate < TCP_FATES ? name[fate] : "unknown";
}

const char *tcp_gap_name(enum tcp_gap gap) {
	static const char *const name[TCP_GAPS] = {
		[TCP_GAP_ACKED] = "acked",         [TCP_GAP_FLOW] = "flow_limit",
		[TCP_GAP_MEMORY] = "memory_limit", [TCP_GAP_SNAPPED] = "snapped",
		[TCP_GAP_MOVED] = "moved",         [TCP_GAP_END] = "end",
	};
	return gap < TCP_GAPS ? name[gap] : "unknown";
}

const char *tcp_close_name(enum tcp_close why) {
	static const char *const name[TCP_CLOSES] = {
		[TCP_CLOSE_DONE] = "done",
		[TCP_CLOSE_IDLE] = "idle",
		[TCP_CLOSE_REUSED] = "reused",
		[TCP_CLOSE_EVICTED_DONE] = "evicted_done",
		[TCP_CLOSE_EVICTED_YOUNG] = "evicted_young",
		[TCP_CLOSE_EVICTED_IDLE] = "evicted_idle",
		[TCP_CLOSE_DRAINED] = "drained",
	};
	return why < TCP_CLOSES ? name[why] : "unknown";
}
