// Reads addresses and ports. Host bits of a network are ignored, as Suricata does.

#include "snort_atom.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#define ACCEPTED_ADDRESSES "10.0.0.1, 10.0.0.0/8, 10.0.0.1-10.0.0.9, 2001:db8::/32, any"
#define ACCEPTED_PORTS "80, 80:90, 1024:, :1023, any"

static int refuse_address(struct snort_fault *fault, struct snort_text text, const char *what) {
	char buf[SNORT_SHOWN];
	return snort_refuse(
		fault, "address", "'%s' %s (accepted: " ACCEPTED_ADDRESSES ")",
		snort_text_show(text, buf), what
	);
}

static int refuse_port(struct snort_fault *fault, struct snort_text text, const char *what) {
	char buf[SNORT_SHOWN];
	return snort_refuse(
		fault, "port", "'%s' %s (accepted: " ACCEPTED_PORTS ")", snort_text_show(text, buf),
		what
	);
}

static int add(struct snort_sum *sum, unsigned family, struct snort_range r, bool negated) {
	return snort_heap_add(negated ? &sum->negated[family] : &sum->named[family], r);
}

// Returns the family, 0 or 1, or -EINVAL.
static int read_one(struct snort_text text, unsigned __int128 *value) {
	char copy[INET6_ADDRSTRLEN];
	uint8_t octets[16];
	size_t len = snort_text_len(text);
	if (len == 0 || len >= sizeof(copy) || memchr(text.at, '\0', len) != NULL)
		return -EINVAL;
	memcpy(copy, text.at, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, octets) == 1) {
		*value = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16
			| (uint32_t)octets[2] << 8 | octets[3];
		return 0;
	}
	if (inet_pton(AF_INET6, copy, octets) != 1)
		return -EINVAL;
	*value = snort_v6_number(octets);
	return 1;
}

// The mask's complement, as a number of one bits from below: a prefix length, or an IPv4 netmask.
static int read_host_mask(struct snort_text text, int family, unsigned __int128 *mask) {
	uint64_t prefix, bits = family == 0 ? 32 : 128;
	unsigned __int128 netmask;
	if (snort_text_read_uint(text, bits, &prefix) == 0) {
		*mask = prefix == 0 && bits == 128 ? SNORT_V6_MAX
						   : ((unsigned __int128)1 << (bits - prefix)) - 1;
		return 0;
	}
	if (family != 0 || read_one(text, &netmask) != 0)
		return -EINVAL;
	*mask = SNORT_V4_MAX & ~netmask;
	return (*mask & (*mask + 1)) == 0 ? 0 : -EINVAL;
}

int snort_atom_address(
	struct snort_sum *sum, struct snort_text text, bool negated, struct snort_fault *fault
) {
	struct snort_range r;
	unsigned __int128 host;
	if (snort_text_is(text, "any")) {
		int ret = add(sum, 0, (struct snort_range){0, SNORT_V4_MAX}, negated);
		return ret < 0 ? ret : add(sum, 1, (struct snort_range){0, SNORT_V6_MAX}, negated);
	}
	size_t len = snort_text_len(text);
	const char *slash = memchr(text.at, '/', len), *dash = memchr(text.at, '-', len);
	const char *cut = slash != NULL ? slash : dash;
	struct snort_text first = {text.at, cut != NULL ? cut : text.end};
	struct snort_text second = {cut != NULL ? cut + 1 : text.end, text.end};
	int family = read_one(first, &r.lo);
	if (family < 0)
		return refuse_address(fault, text, "is no address");
	r.hi = r.lo;
	if (slash != NULL) {
		if (read_host_mask(second, family, &host) < 0)
			return refuse_address(fault, text, "has no valid prefix length");
		r.lo &= ~host;
		r.hi |= host;
	} else if (dash != NULL && (read_one(second, &r.hi) != family || r.hi < r.lo)) {
		return refuse_address(fault, text, "is no range of addresses");
	}
	return add(sum, (unsigned)family, r, negated);
}

int snort_atom_port(
	struct snort_sum *sum, struct snort_text text, bool negated, struct snort_fault *fault
) {
	uint64_t lo = 0, hi = UINT16_MAX;
	const char *colon = memchr(text.at, ':', snort_text_len(text));
	if (colon == NULL && !snort_text_is(text, "any")) {
		if (snort_text_read_uint(text, UINT16_MAX, &lo) < 0)
			return refuse_port(fault, text, "is no port");
		hi = lo;
	} else if (colon != NULL) {
		struct snort_text from = {text.at, colon}, to = {colon + 1, text.end};
		if (from.at == from.end && to.at == to.end)
			return refuse_port(fault, text, "is no range of ports");
		if ((from.at < from.end && snort_text_read_uint(from, UINT16_MAX, &lo) < 0)
		    || (to.at < to.end && snort_text_read_uint(to, UINT16_MAX, &hi) < 0) || lo > hi)
			return refuse_port(fault, text, "is no range of ports");
	}
	return add(sum, 0, (struct snort_range){lo, hi}, negated);
}
