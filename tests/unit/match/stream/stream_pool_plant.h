// Payloads in which rules and patterns most likely match: samples of them, planted between octets that
// they might have, in any order.
#pragma once

#include "dice.h"
#include "regex_sample.h"
#include "rule_payload.h"
#include "stream_pool_rig.h"

#define PLANT_MAX 1500u

struct pool_dice {
	uint64_t state;
};

static inline uint32_t pool_draw(struct pool_dice *d, uint32_t n) {
	return dice_draw(&d->state, n);
}

struct pool_plant {
	uint8_t octets[PLANT_MAX];
	uint32_t len;
};

static inline void plant_octets(struct pool_plant *p, const void *octets, uint32_t len) {
	if (len > PLANT_MAX - p->len)
		len = PLANT_MAX - p->len;
	memcpy(&p->octets[p->len], octets, len);
	p->len += len;
}

static inline void plant_noise(struct pool_plant *p, struct pool_dice *d, uint32_t most) {
	static const char common[] = "aeiou xyz019:/=.-_'\r\n\t|aaabbb";
	for (uint32_t n = pool_draw(d, most + 1); n > 0 && p->len < PLANT_MAX; n--)
		p->octets[p->len++] = pool_draw(d, 20) == 0
			? (uint8_t)pool_draw(d, 256)
			: (uint8_t)common[pool_draw(d, sizeof(common) - 1)];
}

static inline void
plant_pattern(struct pool_plant *p, struct pool_dice *d, const struct pattern *pattern) {
	static struct regex_tree tree;
	static struct regex_sample sample;
	uint32_t flags = (pattern->flags & PATTERN_CASELESS ? SNORT_PCRE_CASELESS : 0)
		| (pattern->flags & PATTERN_DOTALL ? SNORT_PCRE_DOTALL : 0)
		| (pattern->flags & PATTERN_MULTILINE ? SNORT_PCRE_MULTILINE : 0);
	if (regex_tree_read(&tree, pattern->regex, (uint32_t)strlen(pattern->regex), flags)
	    && regex_sample_make(&tree, pool_draw(d, 8), &sample))
		plant_octets(p, sample.octets, sample.len);
}

static inline void
plant_rule(struct pool_plant *p, struct pool_dice *d, const struct snort_rule *rule) {
	struct rule_payload payload;
	if (rule_payload_make(rule, pool_draw(d, 4), &payload) < 0)
		return;
	plant_octets(p, payload.octets, payload.len);
	rule_payload_fini(&payload);
}

static inline void
plant_make(struct pool_plant *p, struct pool_dice *d, const struct pool_set *set) {
	uint32_t samples = 1 + pool_draw(d, 4), noise = pool_draw(d, 3) == 0 ? 60 : 6;
	p->len = 0;
	for (uint32_t i = 0; i < samples; i++) {
		uint32_t number = pool_draw(d, set->n), n = set->patterns->n_patterns;
		if (i > 0 || pool_draw(d, 2))
			plant_noise(p, d, noise);
		if (number < n)
			plant_pattern(p, d, &set->patterns->patterns[number]);
		else
			plant_rule(p, d, &set->rules.rules[number - n]);
	}
	if (pool_draw(d, 2))
		plant_noise(p, d, noise);
	if (p->len == 0)
		plant_octets(p, "a", 1);
}

#define PLANT_CUTS 16u

// To `cuts` up to PLANT_CUTS ends of pieces of a payload, the last being its length. Returns how many.
static inline uint32_t
plant_cuts(struct pool_dice *d, uint32_t len, uint32_t most, uint32_t *cuts) {
	uint32_t n = 0;
	for (uint32_t at = 0; n + 1 < most; n++) {
		at += 1 + pool_draw(d, pool_draw(d, 3) == 0 ? 3 : len);
		if (at >= len)
			break;
		cuts[n] = at;
	}
	cuts[n++] = len;
	return n;
}
