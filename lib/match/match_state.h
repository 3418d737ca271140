// Kinds of records that this folder saves. Numbers are for ever.
#pragma once

#include "base/state_io.h"

enum match_state {
	MATCH_STATE_INSPECT = STATE_MATCH + 1, // clocks and counters
	MATCH_STATE_CONNECTION, // of TCP
	MATCH_STATE_HELD, // octets that a connection holds
	MATCH_STATE_HISTORY, // octets that connections delivered last
	MATCH_STATE_STREAM, // of a direction of a connection
	MATCH_STATE_FLOW, // of flow_memory.h
	MATCH_STATE_XBIT,
};
