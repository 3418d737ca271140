// Octets, marks beside them, and the order in which they were decided.

#include "rule_layout.h"

#include <string.h>

void rule_layout_init(struct rule_layout *l) {
	memset(l->decided, 0, sizeof(l->decided));
	l->now = (struct rule_layout_state){.len_max = RULE_LAYOUT_MAX, .len_min = 1};
}

static uint8_t lowered(uint8_t c) {
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool rule_layout_put(
	struct rule_layout *l, int64_t at, const uint8_t *octets, uint32_t len, bool nocase
) {
	if (at < 0 || at + len > l->now.len_max)
		return false;
	for (uint32_t i = 0; i < len; i++) {
		uint8_t has = l->octets[at + i];
		if (l->decided[at + i] && has != octets[i]
		    && !(nocase && lowered(has) == lowered(octets[i])))
			return false;
	}
	for (uint32_t i = 0; i < len; i++) {
		if (l->decided[at + i])
			continue;
		l->octets[at + i] = octets[i];
		l->decided[at + i] = 1;
		l->trail[l->now.n_trail++] = (uint32_t)at + i;
	}
	if (at + len > l->now.high)
		l->now.high = (uint32_t)at + len;
	return true;
}

bool rule_layout_known(const struct rule_layout *l, int64_t at, uint32_t len) {
	if (at < 0 || at + len > RULE_LAYOUT_MAX)
		return false;
	for (uint32_t i = 0; i < len; i++) {
		if (!l->decided[at + i])
			return false;
	}
	return true;
}

bool rule_layout_limit(struct rule_layout *l, int64_t min, int64_t max) {
	if (min > l->now.len_min)
		l->now.len_min = min > RULE_LAYOUT_MAX + 1 ? RULE_LAYOUT_MAX + 1 : (uint32_t)min;
	if (max < l->now.len_max)
		l->now.len_max = max < 0 ? 0 : (uint32_t)max;
	return l->now.len_min <= l->now.len_max && l->now.high <= l->now.len_max;
}

void rule_layout_back(struct rule_layout *l, struct rule_layout_state state) {
	while (l->now.n_trail > state.n_trail)
		l->decided[l->trail[--l->now.n_trail]] = 0;
	l->now = state;
}
