// An era: the time in which one set of rules was the one in use, and what a pool keeps of that set as
// long as streams have parts that began in it. Eras follow one another, oldest first.
#pragma once

#include "stream_pool_group.h"
#include "stream_pool_list.h"
#include "stream_set.h"

#include <stdbool.h>
#include <stdint.h>

struct stream_era {
	struct stream_era *older;
	struct stream_era *newer;
	const struct stream_set *set; // borrowed; NULL: nothing is looked for
	hs_scratch_t *scratch; // borrowed
	// Owned; by rule: its number in the next era. NULL: this is the newest, or no rule went on.
	uint32_t *map;
	uint32_t n_rules; // numbers that there may be reports of
	uint32_t serial; // rises from era to era, from 1
	uint32_t kind; // the serial of the first era since which all look for the same
	bool cut; // its parts are being given up
	bool moves; // but go on in the newest, which looks for the same
	// Streams whose oldest part is of this era.
	struct stream_list awake; // the one silent longest is first
	struct stream_list resting; // with nothing more to be gained by compressing them
	uint64_t n_parts;
	uint64_t held; // parts, unused streams and spares: while there are any the set is borrowed
	uint32_t n_groups;
	struct pool_group group[];
};

// An era of its own, in no row yet. NULL when out of memory.
struct stream_era *stream_era_new(const struct stream_set *set, hs_scratch_t *scratch);

// It must hold nothing any more. NULL is fine.
void stream_era_free(struct stream_era *e);

// To be told that `next` follows `e`, in which `map` says where the rules of `e` are (NULL: nowhere);
// copied. 0 or -ENOMEM with both as they were.
int stream_era_follow(struct stream_era *e, struct stream_era *next, const uint32_t *map);

// Takes the era behind `e`, which is not the newest, out of the row for `e`: its map goes to the one
// behind that.
void stream_era_skip(struct stream_era *e);

// The number that a rule of `e` has in the newest era, or STREAM_NO_RULE.
uint32_t stream_era_number_now(const struct stream_era *e, uint32_t rule);

// Whether a group of a past era has the rule with this number in the newest.
bool stream_era_speaks_for(struct pool_group *g, const struct stream_era *now, uint32_t rule);
