// The nearest known name to a misspelt one, by the number of letters to insert, drop, replace or
// swap with their neighbour (Damerau-Levenshtein, optimal string alignment), upper case like lower.

#include "conf.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_NEAR 64 // longer names are compared with nothing

static uint32_t least(uint32_t a, uint32_t b) {
	return a < b ? a : b;
}

static bool same(char a, char b) {
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

// Both at most NAME_MAX_NEAR long.
static uint32_t distance(const char *a, uint32_t a_len, const char *b, uint32_t b_len) {
	uint32_t rows[3][NAME_MAX_NEAR + 1];
	uint32_t *before = rows[0], *above = rows[1], *row = rows[2];
	for (uint32_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (uint32_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (uint32_t j = 1; j <= b_len; j++) {
			uint32_t d = above[j - 1] + !same(a[i - 1], b[j - 1]);
			d = least(d, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				d = least(d, before[j - 2] + 1);
			row[j] = d;
		}
		uint32_t *free_row = before;
		before = above;
		above = row;
		row = free_row;
	}
	return above[b_len];
}

const char *conf_nearest(const char *name, const char *const *names, uint32_t n) {
	const char *best = NULL;
	uint32_t best_d = UINT32_MAX;
	size_t len = strlen(name);
	if (len > NAME_MAX_NEAR)
		return NULL;
	for (uint32_t i = 0; i < n; i++) {
		size_t other = strlen(names[i]);
		if (other > NAME_MAX_NEAR)
			continue;
		uint32_t longer = (uint32_t)(len > other ? len : other);
		uint32_t near = longer / 3 > 2 ? longer / 3 : 2;
		uint32_t d = distance(name, (uint32_t)len, names[i], (uint32_t)other);
		// With every letter replaced nothing is alike, however short the names are.
		if (d <= near && d < longer && d < best_d) {
			best = names[i];
			best_d = d;
		}
	}
	return best;
}
