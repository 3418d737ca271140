// Kinds of records that this folder saves. Numbers are for ever.
#pragma once

#include "base/state_io.h"

enum packet_state {
	PACKET_STATE_FRAGMENT = STATE_PACKET + 1, // of the fragment table
	PACKET_STATE_DATAGRAM, // that is being put together
	PACKET_STATE_CHECKSUM_SEED, // of the fingerprints that follow
	PACKET_STATE_CHECKSUMS, // what is known of connections' checksums
};
