// Sets of octets made from ranges and letters. Case is that of ASCII, whatever the locale.

#include "stream_plan_octets.h"

struct octet_set octet_set_range(uint8_t lo, uint8_t hi) {
	struct octet_set s = {};
	for (unsigned i = lo; i <= hi; i++)
		octet_set_add(&s, (uint8_t)i);
	return s;
}

struct octet_set octet_set_fold(struct octet_set s) {
	for (uint8_t lower = 'a'; lower <= 'z'; lower++) {
		uint8_t upper = lower - 'a' + 'A';
		if (octet_set_has(&s, lower))
			octet_set_add(&s, upper);
		else if (octet_set_has(&s, upper))
			octet_set_add(&s, lower);
	}
	return s;
}

struct octet_set octet_set_of(uint8_t octet, bool nocase) {
	struct octet_set s = octet_set_range(octet, octet);
	return nocase ? octet_set_fold(s) : s;
}
