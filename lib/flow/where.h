// A condition over the fields of a key, `proto = 6 and dest_port in 80, 443`: which rows a stream takes.
// Compiled once into tests that jump, so that a row costs the tests that decide it.
#pragma once

#include "base/err.h"
#include "base/key_cut.h"
#include "flow/rule_id.h"
#include "packet/flow_key.h"

#include <stdbool.h>
#include <stdint.h>

// Comparisons in one condition, and how deep parentheses go.
#define WHERE_TESTS_MAX 256
#define WHERE_DEPTH_MAX 64

struct where; // immutable: any thread may ask it

// Compiles `text` for streams with such a key; other fields are refused. NULL with err set, "column N: what
// is wrong (what is accepted)", or when out of memory. Free with where_free.
struct where *
where_new(const char *text, uint32_t fields, const struct key_cut *cut, struct err *err);
void where_free(struct where *w);

// Whether it holds for a key that is masked as the stream's records are. A field that the key does not have
// compares false, whatever it is compared with. `rule` means nothing without FIELD_RULE.
bool where_holds(const struct where *w, const struct flow_key *key, struct rule_id rule);
