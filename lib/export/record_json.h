// A window record as one line of JSON (contract, section 4).
#pragma once

#include "export/sink.h"

#include <stdint.h>

// No record is longer: fields are numbers and addresses, the stream's name is at most 32 octets.
#define RECORD_JSON_MAX 1024

// Writes the record with its newline to `to`, which has room for RECORD_JSON_MAX octets; `back` is NULL
// where it has one direction only. Returns the octets written.
uint32_t record_json(
	char *to, const struct window_info *window, const struct flow_sum *sum,
	const struct flow_back *back
);

// Writes a key's fields at `p`, each with a comma ahead of it, in the order of the contract's example: what all
// records have in common. Returns the end.
char *record_json_key(
	char *p, uint32_t fields, const struct key_cut *cut, const struct flow_key *key,
	struct rule_id rule
);
