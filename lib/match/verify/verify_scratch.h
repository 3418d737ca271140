// What a thread needs to verify rules: sets of places, the payload in lower case, PCRE2's memory and
// the limits that it works within. One thread at a time; any verifier.
#pragma once

#include "verify_places.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdint.h>

// What bounds the time of a run, whoever chose the payload. PCRE2's steps from one place: as many as
// Suricata allows, fewer where there are many places. Then what all pcres of a rule may spend together:
// places to try, some passes over the whole payload (a limit of steps that is met costs half a pass),
// and octets in reach of the tries, which matters to large datagrams alone.
#define VERIFY_PCRE_STEPS_MAX 3500u
#define VERIFY_PCRE_STEPS_MIN 500u
#define VERIFY_PCRE_STEPS_ALL (1u << 24)
#define VERIFY_PCRE_PASSES 8u
#define VERIFY_PCRE_PLACES_MIN 16384u
#define VERIFY_PCRE_REACH (1u << 28)

struct verify_scratch {
	uint32_t len_max;
	struct verify_places places[2];
	uint8_t *lower; // the payload's first lower_len octets with A-Z as a-z
	uint32_t lower_len;
	uint32_t pcre_places; // that pcres may still spend in this run
	uint32_t pcre_reach;
	bool pcre_limited; // one of the limits was met in this run
	// In how many runs one was; a pcre that meets one counts as a test that does not hold there.
	uint64_t limited;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack; // NULL: PCRE2 has no JIT here
};

// For payloads up to `len_max` octets. NULL when out of memory.
struct verify_scratch *verify_scratch_new(uint32_t len_max);
void verify_scratch_free(struct verify_scratch *scratch);

// Makes it ready for a run on another payload.
void verify_scratch_begin(struct verify_scratch *scratch, uint32_t len);

// What one run looks at.
struct verify_input {
	const uint8_t *payload;
	uint32_t len;
	struct verify_scratch *scratch;
};

// The payload with A-Z as a-z, at least up to `end`.
const uint8_t *verify_input_lower(const struct verify_input *in, uint32_t end);
