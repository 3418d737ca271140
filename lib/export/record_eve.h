// An alert as one line of JSON in the form of Suricata's EVE, so that what reads those reads these.
#pragma once

#include "export/json_put.h"
#include "flow/alert.h"

#include <stdint.h>

// Of longer texts the first octets are shown.
#define EVE_SIGNATURE_MAX 1024
#define EVE_CATEGORY_MAX 256
#define EVE_IFACE_MAX 256
// Of metadata and of references the first so many, and octets of them together; the last that begins
// within them is shortened.
#define EVE_LIST_ITEMS 64u
#define EVE_LIST_MAX 2048
// What each of them takes beside its text: {"...":["..."]}, and the shortened one's dots.
#define EVE_LIST_ROOM (JSON_TEXT_MAX(EVE_LIST_MAX) + EVE_LIST_ITEMS * 16 + 32)

// No record is longer.
#define RECORD_EVE_MAX                                                             \
	(1024 + JSON_TEXT_MAX(EVE_SIGNATURE_MAX) + JSON_TEXT_MAX(EVE_CATEGORY_MAX) \
	 + JSON_TEXT_MAX(EVE_IFACE_MAX) + 2 * EVE_LIST_ROOM)

// What in_iface says, by in_port.
struct eve_ifaces {
	char **name; // of those behind `n` nothing is said
	uint32_t n;
};

// Writes the record with its newline to `to`, which has room for RECORD_EVE_MAX octets. Returns the octets
// written.
uint32_t record_eve(char *to, const struct eve_ifaces *ifaces, const struct alert *a);
