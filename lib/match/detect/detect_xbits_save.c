// A record for each mark, with the time at which it goes out.

#include "detect_xbits_priv.h"
#include "match/match_state.h"
#include "match/snort/snort_rule.h"

#include <errno.h>

#define VERSION 1

struct saved_xbit {
	uint64_t a[2], b[2]; // the low half first
	uint64_t names;
	int64_t expire_us;
	uint32_t id;
	uint16_t pair;
	uint16_t family;
};
static_assert(sizeof(struct saved_xbit) == 56);

void detect_xbits_save(const void *xbits, uint32_t set, struct state_writer *to) {
	const struct detect_xbits *x = xbits;
	const struct detect_xbits_entry *e = detect_xbits_places(x, set);
	for (uint32_t i = 0; i < WAYS; i++) {
		if (e[i].expire_us == INT64_MIN)
			continue;
		const struct detect_xbits_key *k = &e[i].key;
		const struct saved_xbit s = {
			.a = {(uint64_t)k->a, (uint64_t)(k->a >> 64)},
			.b = {(uint64_t)k->b, (uint64_t)(k->b >> 64)},
			.names = x->names,
			.expire_us = e[i].expire_us,
			.id = k->id,
			.pair = k->pair,
			.family = k->family,
		};
		state_writer_put(to, MATCH_STATE_XBIT, VERSION, &s, sizeof(s));
	}
}

void detect_xbits_save_begin(struct detect_xbits *x, struct state_writer *to, uint64_t names) {
	x->names = names;
	if (x->sets > 0)
		state_sweep_begin(&x->sweep, to);
}

bool detect_xbits_save_step(struct detect_xbits *x) {
	return state_sweep_step(&x->sweep, detect_xbits_save, x);
}

void detect_xbits_save_end(struct detect_xbits *x) {
	if (x->sets > 0)
		state_sweep_end(&x->sweep);
}

static void put_address(uint8_t *v4, uint8_t *v6, const struct saved_xbit *s, const uint64_t n[2]) {
	for (int i = 0; i < 4; i++)
		v4[i] = (uint8_t)(s->family == SNORT_V4 ? n[0] >> (24 - 8 * i) : 0);
	for (int i = 0; i < 16; i++)
		v6[15 - i] = (uint8_t)(s->family == SNORT_V6 ? n[i / 8] >> 8 * (i % 8) : 0);
}

// Whether what meets at the two addresses comes here.
static bool takes(const struct share *share, const struct saved_xbit *s) {
	struct flow_key key = {.flags = s->family == SNORT_V6 ? KEY_V6 : KEY_V4};
	if (!s->pair)
		return true;
	put_address(key.src4, key.src6, s, s->a);
	put_address(key.dst4, key.dst6, s, s->b);
	return share_takes(share, &key, NULL);
}

static void put(struct detect_xbits *x, const struct saved_xbit *s) {
	const struct detect_xbits_key key = {
		.a = (unsigned __int128)s->a[1] << 64 | s->a[0],
		.b = (unsigned __int128)s->b[1] << 64 | s->b[0],
		.id = s->id,
		.pair = s->pair,
		.family = s->family,
	};
	// Of several workers' marks the one that lasts longest stands.
	if (!detect_xbits_has(x, &key, s->expire_us - 1))
		detect_xbits_set(x, &key, INT64_MIN, s->expire_us);
}

int detect_xbits_load(
	struct detect_xbits *x, const struct state_record *r, const struct share *share,
	uint64_t names, uint32_t n_names, struct err *err
) {
	const struct saved_xbit *s = r->octets;
	if (r->kind != MATCH_STATE_XBIT)
		return 0;
	if (r->version != VERSION || r->len != sizeof(*s))
		return err_set(err, -EBADMSG, "a mark is saved in another way");
	if (s->names != names)
		return 0; // other rules: marks begin anew
	if (s->id >= n_names || s->pair > 1 || s->expire_us == INT64_MIN
	    || (s->family != SNORT_V4 && s->family != SNORT_V6 && s->family != 0))
		return err_set(err, -EBADMSG, "a saved mark is none");
	if (takes(share, s))
		put(x, s);
	return 0;
}
