// Searches with memmem. When a literal repeats itself its occurrences may lie closely, and to look
// through all of it for each would take quadratic time: one a period further on is seen by its tail.

#include "verify_literal.h"

#include "verify_lower.h"
#include "verify_places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The smallest shift by which the literal lies on itself: what remains of it is its longest border,
// found as Knuth, Morris and Pratt do.
static int find_period(struct verify_literal *l) {
	uint32_t *border = malloc(((size_t)l->len + 1) * sizeof(*border));
	if (border == NULL)
		return -ENOMEM;
	border[0] = border[1] = 0;
	for (uint32_t i = 1, b = 0; i < l->len; border[++i] = b) {
		while (b > 0 && l->octets[i] != l->octets[b])
			b = border[b];
		b += l->octets[i] == l->octets[b];
	}
	l->period = l->len - border[l->len];
	free(border);
	return 0;
}

int verify_literal_init(
	struct verify_literal *l, const uint8_t *octets, uint32_t len, bool nocase
) {
	*l = (struct verify_literal){.octets = malloc(len), .len = len};
	if (l->octets == NULL)
		return -ENOMEM;
	if (nocase)
		verify_lower(l->octets, octets, len);
	else
		memcpy(l->octets, octets, len);
	return find_period(l);
}

void verify_literal_fini(struct verify_literal *l) {
	free(l->octets);
	l->octets = NULL;
}

uint32_t verify_literal_first(
	const struct verify_literal *l, const uint8_t *octets, uint32_t from, uint32_t end
) {
	if (end < from || end - from < l->len)
		return VERIFY_NOWHERE;
	if (end - from == l->len)
		return memcmp(&octets[from], l->octets, l->len) == 0 ? from : VERIFY_NOWHERE;
	const uint8_t *at = memmem(&octets[from], end - from, l->octets, l->len);
	return at == NULL ? VERIFY_NOWHERE : (uint32_t)(at - octets);
}

uint32_t verify_literal_next(
	const struct verify_literal *l, const uint8_t *octets, uint32_t at, uint32_t end
) {
	uint32_t behind = at + l->len;
	// No other lies on this one at a smaller shift; at this one all but the tail is known to agree.
	if (end - behind < l->period)
		return VERIFY_NOWHERE;
	if (memcmp(&octets[behind], &l->octets[l->len - l->period], l->period) == 0)
		return at + l->period;
	return verify_literal_first(l, octets, at + l->period + 1, end);
}
