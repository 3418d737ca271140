// Community ID, version 1, seed 0 (github.com/corelight/community-id-spec): a flow's name that other tools
// give to it as well.
#pragma once

#include "packet/flow_key.h"

// "1:" and 28 characters of base64, with the NUL.
#define COMMUNITY_ID_MAX 31

// Writes the name, "" for an ICMP packet whose type was not read: then there is none.
void community_id(const struct flow_key *key, char to[COMMUNITY_ID_MAX]);
