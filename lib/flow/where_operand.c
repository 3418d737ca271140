// A word is an address where the field is one, else a number within what its header has room for.

#include "where_operand.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 63

// The largest number of each field, 0 where it is an address; and what is said of it.
static const struct {
	uint32_t max;
	const char *accepted;
} kinds[FIELD_COUNT] = {
	[FIELD_SRC_IP] = {0, "an address or a network, as 10.0.0.0/8 or 2001:db8::/32"},
	[FIELD_DEST_IP] = {0, "an address or a network, as 10.0.0.0/8 or 2001:db8::/32"},
	[FIELD_SRC_PORT] = {65535, "a number, 0 to 65535"},
	[FIELD_DEST_PORT] = {65535, "a number, 0 to 65535"},
	[FIELD_PROTO] =
		{255,
		 "a number, 0 to 255, or tcp, udp, icmp, icmp6, sctp, dccp, udplite, "
		 "igmp, gre, esp, ah, ospf, pim, vrrp"},
	[FIELD_VLAN] = {4095, "a number, 0 to 4095"},
	[FIELD_VLAN_INNER] = {4095, "a number, 0 to 4095"},
	[FIELD_MPLS] = {0xfffff, "a number, 0 to 1048575"},
	[FIELD_VNI] = {0xffffff, "a number, 0 to 16777215"},
	[FIELD_TOS] = {255, "a number, 0 to 255"},
	[FIELD_IN_PORT] = {255, "a number, 0 to 255"},
	[FIELD_ICMP_TYPE] = {255, "a number, 0 to 255"},
	[FIELD_ICMP_CODE] = {255, "a number, 0 to 255"},
	[FIELD_RULE] = {UINT32_MAX, "a rule's sid, 0 to 4294967295"},
};

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"icmp", 1},  {"igmp", 2},   {"tcp", 6},    {"udp", 17},      {"dccp", 33},
	{"gre", 47},  {"esp", 50},   {"ah", 51},    {"icmp6", 58},    {"ospf", 89},
	{"pim", 103}, {"vrrp", 112}, {"sctp", 132}, {"udplite", 136},
};

const char *where_operand_accepted(enum field field) {
	return kinds[field].accepted;
}

static int refuse(const struct where_scan *s, enum field field, struct err *err) {
	const char *accepted = where_operand_accepted(field), *name = field_name(field);
	if (s->sign == WHERE_END)
		return err_set(
			err, -EINVAL, "a value of %s is missing (accepted: %s)", name, accepted
		);
	int n = s->n < WORD_MAX ? (int)s->n : WORD_MAX;
	return err_set(
		err, -EINVAL, "%.*s is no value of %s (accepted: %s)", n, s->at, name, accepted
	);
}

static int digit(char c) {
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
	return at != NULL ? (int)(at - digits) : 16;
}

// Decimal, or hexadecimal behind 0x. False: neither, or more than `max`.
static bool read_number(const char *text, uint32_t max, uint32_t *number) {
	uint32_t base = strncasecmp(text, "0x", 2) == 0 ? 16 : 10;
	uint64_t sum = 0;
	text += base == 16 ? 2 : 0;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		uint32_t d = (uint32_t)digit(*text);
		sum = sum * base + d;
		if (d >= base || sum > max)
			return false;
	}
	*number = (uint32_t)sum;
	return true;
}

static bool read_protocol(const char *text, uint32_t *number) {
	for (uint32_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		*number = protocols[i].number;
		if (strcasecmp(protocols[i].name, text) == 0)
			return true;
	}
	return false;
}

// Ones for the low bits behind a prefix.
static __uint128_t behind(uint32_t prefix, uint8_t family) {
	uint32_t bits = family == KEY_V6 ? 128 - prefix : 32 - prefix;
	return bits == 128 ? ~(__uint128_t)0 : ((__uint128_t)1 << bits) - 1;
}

static void print_address(const struct where_range *r, __uint128_t number, char *to, size_t room) {
	uint8_t octets[16];
	uint32_t n = r->family == KEY_V6 ? 16 : 4;
	for (uint32_t i = n; i-- > 0; number >>= 8)
		octets[i] = (uint8_t)number;
	inet_ntop(n == 16 ? AF_INET6 : AF_INET, octets, to, (socklen_t)room);
}

static bool read_address(const char *text, struct where_range *r) {
	uint8_t octets[16];
	if (inet_pton(AF_INET, text, octets) == 1)
		*r = (struct where_range){.family = KEY_V4, .low = flow_value_of_octets(octets, 4)};
	else if (inet_pton(AF_INET6, text, octets) == 1)
		*r = (struct where_range
		){.family = KEY_V6, .low = flow_value_of_octets(octets, 16)};
	else
		return false;
	r->high = r->low;
	return true;
}

// Refuses an address that has bits behind a prefix.
static int
refuse_behind(const struct where_operand *o, uint32_t prefix, const char *whose, struct err *err) {
	const struct where_range *r = &o->range;
	char address[INET6_ADDRSTRLEN], network[INET6_ADDRSTRLEN];
	print_address(r, r->low, address, sizeof(address));
	print_address(r, r->low & ~behind(prefix, r->family), network, sizeof(network));
	char length[8] = "";
	if (o->network)
		snprintf(length, sizeof(length), "/%u", prefix);
	return err_set(
		err, -EINVAL, "%s%s has bits behind %s/%u (accepted: %s%s)", address, length, whose,
		prefix, network, length
	);
}

static int read_prefix(
	const struct where_scan *s, const char *text, enum field field, const struct key_cut *cut,
	struct where_operand *o, struct err *err
) {
	struct where_range *r = &o->range;
	uint32_t prefix, has = key_cut_prefix(cut, field, r->family == KEY_V6);
	o->network = true;
	if (!read_number(text, r->family == KEY_V6 ? 128 : 32, &prefix))
		return refuse(s, field, err);
	if (prefix > has)
		return err_set(
			err, -EINVAL,
			"/%u is finer than the key, which has %s/%u (accepted: /%u or less)",
			prefix, field_name(field), has, has
		);
	if (r->low & behind(prefix, r->family))
		return refuse_behind(o, prefix, "", err);
	r->high = r->low | behind(prefix, r->family);
	return 0;
}

int where_operand_read(
	struct where_scan *scan, enum field field, const struct key_cut *cut,
	struct where_operand *operand, struct err *err
) {
	char word[WORD_MAX + 1];
	uint32_t number;
	*operand = (struct where_operand){0};
	if (scan->sign != WHERE_WORD || scan->n > WORD_MAX)
		return refuse(scan, field, err);
	memcpy(word, scan->at, scan->n);
	word[scan->n] = '\0';
	if (kinds[field].max == 0) {
		char *slash = strchr(word, '/');
		if (slash != NULL)
			*slash = '\0';
		if (!read_address(word, &operand->range))
			return refuse(scan, field, err);
		int ret = slash != NULL ? read_prefix(scan, slash + 1, field, cut, operand, err)
					: 0;
		if (ret < 0)
			return ret;
	} else {
		if (!read_number(word, kinds[field].max, &number)
		    && !(field == FIELD_PROTO && read_protocol(word, &number)))
			return refuse(scan, field, err);
		operand->range.low = operand->range.high = number;
	}
	where_scan_next(scan);
	return 0;
}

int where_operand_reach(
	const struct where_operand *operand, enum field field, const struct key_cut *cut,
	struct err *err
) {
	const struct where_range *r = &operand->range;
	if (kinds[field].max > 0 || operand->network)
		return 0;
	uint32_t has = key_cut_prefix(cut, field, r->family == KEY_V6);
	return r->low & behind(has, r->family) ? refuse_behind(operand, has, field_name(field), err)
					       : 0;
}
