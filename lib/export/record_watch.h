// A change alert as one line of JSON: which condition a key began to meet, in which window, and by how much.
#pragma once

#include "base/condition.h"
#include "base/key_cut.h"
#include "flow/rule_id.h"
#include "packet/flow_key.h"

#include <stdbool.h>
#include <stdint.h>

struct watch_alert {
	const char *name; // of the alert
	const char *stream; // its name
	uint32_t fields; // FIELD_BIT()s of its key
	struct key_cut cut; // of its addresses
	int64_t start_us, end_us; // of the window
	const struct flow_key *key;
	struct rule_id rule; // where the key has one
	enum measure measure;
	uint64_t value; // of the key in the window
	struct decimal threshold; // what it was compared with
	bool has_mean;
	struct decimal mean;
	bool partial; // of the window
};

// No record is longer: fields are numbers and addresses, names are at most 32 octets.
#define RECORD_WATCH_MAX 1024

// Writes the record with its newline to `to`, which has room for RECORD_WATCH_MAX octets. Returns the
// octets written.
uint32_t record_watch(char *to, const struct watch_alert *a);
