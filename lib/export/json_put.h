// Writing JSON by hand: keys with their quotes and commas as literals, numbers, addresses, and text that
// has to be escaped. Each writes at `p`, where the caller has made room, and returns the end.
#pragma once

#include "packet/flow_key.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// What needs no escaping.
static inline char *json_put(char *p, const char *text) {
	size_t n = strlen(text);
	memcpy(p, text, n);
	return p + n;
}

static inline char *json_put_uint(char *p, uint64_t v) {
	char digits[20];
	int n = 0;
	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (n > 0)
		*p++ = digits[--n];
	return p;
}

static inline char *json_put_int(char *p, int64_t v) {
	if (v < 0)
		*p++ = '-';
	return json_put_uint(p, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

static inline char *json_put_field(char *p, const char *name, uint64_t v) {
	return json_put_uint(json_put(p, name), v);
}

static inline char *json_put_ipv4(char *p, const uint8_t *a) {
	for (int i = 0; i < 4; i++) {
		p = json_put_uint(p, a[i]);
		*p++ = '.';
	}
	return p - 1;
}

// An address of the key with the quote behind it; the one ahead is the name's.
static inline char *
json_put_address(char *p, const char *name, const struct flow_key *k, bool dst) {
	p = json_put(p, name);
	if (k->flags & KEY_V6) {
		inet_ntop(AF_INET6, dst ? k->dst6 : k->src6, p, INET6_ADDRSTRLEN);
		p += strlen(p);
	} else {
		p = json_put_ipv4(p, dst ? k->dst4 : k->src4);
	}
	*p++ = '"';
	return p;
}

// Octets that json_put_text may write for `max` octets of text.
#define JSON_TEXT_MAX(max) (6 * (size_t)(max) + 3)

// Any text, its first `max` octets at most (then "..." follows), without quotes around it. Octets that are
// not UTF-8 become \xHH in four characters, as Suricata shows them.
char *json_put_text(char *p, const char *text, size_t max);
