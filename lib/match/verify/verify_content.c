// Walks the occurrences of a content and the places that it counts from side by side, both in
// ascending order: each is looked at once.

#include "verify_content.h"

int verify_content_init(struct verify_content *c, const struct snort_content *from) {
	*c = (struct verify_content){
		.flags = from->flags,
		.offset = from->offset,
		.depth = from->depth,
		.distance = from->distance,
		.within = from->within,
	};
	return verify_literal_init(
		&c->literal, from->octets, from->len, (from->flags & SNORT_NOCASE) != 0
	);
}

void verify_content_fini(struct verify_content *c) {
	verify_literal_fini(&c->literal);
}

struct range {
	uint32_t from, end; // where it may begin, and must have ended
};

// `place` cut to 0..max, what lies below 0 or above `max` being nowhere else than there.
static uint32_t cut(int64_t place, uint32_t max) {
	return place < 0 ? 0 : place > max ? max : (uint32_t)place;
}

static struct range
range_of(const struct verify_content *c, uint32_t len, int64_t from, int64_t end) {
	struct range r = {cut(from, len), cut(end, len)};
	// Only the last place in the payload has nothing behind it.
	if ((c->flags & SNORT_ENDSWITH) && c->literal.len <= len && r.from < len - c->literal.len)
		r.from = len - c->literal.len;
	if ((c->flags & SNORT_ENDSWITH) && r.end < len)
		r.end = 0;
	return r;
}

// The range for all places from `first` to `last`.
static struct range
range_relative(const struct verify_content *c, uint32_t len, uint32_t first, uint32_t last) {
	return range_of(
		c, len, (int64_t)first + c->distance,
		c->flags & SNORT_WITHIN ? (int64_t)last + c->distance + c->within : len
	);
}

static const uint8_t *
octets_of(const struct verify_content *c, const struct verify_input *in, uint32_t end) {
	return c->flags & SNORT_NOCASE ? verify_input_lower(in, end) : in->payload;
}

static bool find_absolute(
	const struct verify_content *c, const struct verify_input *in, struct verify_places *to
) {
	struct range r = range_of(
		c, in->len, c->offset,
		c->flags & SNORT_DEPTH ? (int64_t)c->offset + c->depth : in->len
	);
	const uint8_t *octets = octets_of(c, in, r.end);
	uint32_t at = verify_literal_first(&c->literal, octets, r.from, r.end);
	bool found = at != VERIFY_NOWHERE;
	if (to == NULL)
		return found;
	for (; at != VERIFY_NOWHERE; at = verify_literal_next(&c->literal, octets, at, r.end))
		verify_places_add(to, at + c->literal.len);
	return found;
}

static bool find_relative(
	const struct verify_content *c, const struct verify_input *in,
	const struct verify_places *from, struct verify_places *to
) {
	uint32_t place = verify_places_next(from, 0);
	if (place == VERIFY_NOWHERE)
		return false;
	struct range r = range_relative(c, in->len, place, verify_places_last(from));
	const uint8_t *octets = octets_of(c, in, r.end);
	uint32_t at = verify_literal_first(&c->literal, octets, r.from, r.end);
	uint32_t following = verify_places_next(from, place + 1);
	bool found = false;
	for (; at != VERIFY_NOWHERE; at = verify_literal_next(&c->literal, octets, at, r.end)) {
		// The last place that the occurrence is not too early for is the one within which it
		// ends soonest.
		while (following != VERIFY_NOWHERE && (int64_t)following + c->distance <= at) {
			place = following;
			following = verify_places_next(from, place + 1);
		}
		uint32_t end = at + c->literal.len;
		if ((c->flags & SNORT_WITHIN) && end > (int64_t)place + c->distance + c->within)
			continue;
		found = true;
		if (to == NULL)
			break;
		verify_places_add(to, end);
	}
	return found;
}

bool verify_content_find(
	const struct verify_content *c, const struct verify_input *in,
	const struct verify_places *from, struct verify_places *to
) {
	if (to != NULL)
		verify_places_clear(to, in->len);
	return from == NULL ? find_absolute(c, in, to) : find_relative(c, in, from, to);
}

bool verify_content_spare(
	const struct verify_content *c, const struct verify_input *in, struct verify_places *places,
	bool all
) {
	uint32_t place = verify_places_next(places, 0);
	if (place == VERIFY_NOWHERE)
		return false;
	struct range r = range_relative(c, in->len, place, verify_places_last(places));
	const uint8_t *octets = octets_of(c, in, r.end);
	uint32_t at = verify_literal_first(&c->literal, octets, r.from, r.end);
	bool left = false;
	for (; place != VERIFY_NOWHERE; place = verify_places_next(places, place + 1)) {
		struct range own = range_relative(c, in->len, place, place);
		while (at != VERIFY_NOWHERE && at < own.from)
			at = verify_literal_next(&c->literal, octets, at, r.end);
		if (at != VERIFY_NOWHERE && at + c->literal.len <= own.end) {
			verify_places_remove(places, place);
			continue;
		}
		left = true;
		if (!all)
			break;
	}
	return left;
}
