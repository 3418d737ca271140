// Rule files in Snort's syntax of any octets: reading one never faults, every line is accounted for at
// most once, and what is accepted keeps the promises of the headers.

#include "match/snort/snort_file.h"

#include "fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void check_content(const struct snort_content *c) {
	const uint32_t absolute = SNORT_OFFSET | SNORT_DEPTH;
	const uint32_t relative = SNORT_DISTANCE | SNORT_WITHIN;
	check(c->len >= 1 && c->len <= SNORT_CONTENT_MAX);
	check(c->fast_len >= 1 && c->fast_at + c->fast_len <= c->len);
	check((c->flags & absolute) == 0 || (c->flags & relative) == 0);
	check(!(c->flags & SNORT_DEPTH) || c->depth >= c->len);
	check(!(c->flags & SNORT_WITHIN) || c->within >= c->len);
	check(c->offset <= SNORT_PLACE_MAX && c->depth <= SNORT_PLACE_MAX);
	check(c->within <= SNORT_PLACE_MAX);
	check(c->distance <= SNORT_PLACE_MAX && c->distance >= -SNORT_PLACE_MAX);
	// A copy of just its length, so that the address sanitizer sees what is not there.
	uint8_t *copy = malloc(c->len);
	check(copy != NULL);
	memcpy(copy, c->octets, c->len);
	free(copy);
}

static void check_byte(const struct snort_byte *b, bool jump) {
	bool string = (b->flags & SNORT_BYTE_STRING) != 0;
	check(string ? b->octets <= 23 : b->octets <= 8);
	check(string || jump || b->octets > 0);
	check(string ? b->base == 8 || b->base == 10 || b->base == 16 : b->base == 0);
	check(b->multiplier >= 1);
}

static void check_test(const struct snort_test *t) {
	switch (t->kind) {
	case SNORT_TEST_CONTENT:
		check_content(&t->content);
		break;
	case SNORT_TEST_PCRE:
		check(t->pcre.len >= 1 && t->pcre.len <= SNORT_PCRE_MAX);
		check(strlen(t->pcre.regex) == t->pcre.len);
		break;
	case SNORT_TEST_ISDATAAT:
		check(t->isdataat.offset <= UINT16_MAX);
		break;
	case SNORT_TEST_BYTE_TEST:
	case SNORT_TEST_BYTE_JUMP:
		check_byte(&t->byte, t->kind == SNORT_TEST_BYTE_JUMP);
		break;
	}
}

static void check_set(const struct snort_ranges *r, unsigned __int128 max) {
	for (uint32_t i = 0; i < r->n; i++) {
		check(r->at[i].lo <= r->at[i].hi && r->at[i].hi <= max);
		check(i == 0 || r->at[i].lo - r->at[i - 1].hi > 1);
		check(i == 0 || r->at[i].lo > r->at[i - 1].hi);
	}
}

static void check_header(const struct snort_rule *r) {
	check(r->protos != 0 && r->families != 0);
	check_set(r->src.v4, SNORT_V4_MAX);
	check_set(r->src.v6, SNORT_V6_MAX);
	check_set(r->dst.v4, SNORT_V4_MAX);
	check_set(r->dst.v6, SNORT_V6_MAX);
	check(r->src.v4->n + r->src.v6->n > 0 && r->dst.v4->n + r->dst.v6->n > 0);
	check_set(r->src_ports, SNORT_PORT_MAX);
	check_set(r->dst_ports, SNORT_PORT_MAX);
	check(r->src_ports->n > 0 && r->dst_ports->n > 0);
	check(r->either_ports == NULL || r->either_ports->n > 0);
}

static void check_number(const struct snort_number *n) {
	check(!n->given || n->lo <= n->hi);
}

static void check_rule(const struct snort_rules *rs, const struct snort_rule *r) {
	check_header(r);
	check(r->sid > 0 && r->priority <= 255);
	for (uint32_t i = 0; i < r->n_tests; i++)
		check_test(&r->tests[i]);
	for (uint32_t i = 0; i < r->n_bits; i++) {
		const struct snort_bit *b = &r->bits[i];
		const struct snort_names *names = b->track == SNORT_BIT_FLOW ? &rs->flowbits
									     : &rs->xbits;
		check(b->n > 0);
		for (uint32_t k = 0; k < b->n; k++)
			check(b->ids[k] < names->n
			      && strcmp(names->names[b->ids[k]], b->names[k]) == 0);
	}
	for (uint32_t i = 0; i < r->n_stream_sizes; i++)
		check_number(&r->stream_sizes[i].number);
	check_number(&r->dsize);
	check_number(&r->bsize);
	check_number(&r->itype);
	check_number(&r->icode);
	check_number(&r->ttl);
	check(r->threshold.type == SNORT_THRESHOLD_NONE
	      || (r->threshold.count > 0 && r->threshold.seconds > 0));
}

static void check_all(const struct snort_rules *rs) {
	for (uint32_t i = 0; i < rs->n_rules; i++) {
		const struct snort_rule *r = &rs->rules[i];
		check(r->file < rs->n_files && r->line > 0);
		check(i == 0 || r[-1].file < r->file || r[-1].line < r->line);
		check_rule(rs, r);
	}
	for (uint32_t i = 0; i < rs->n_refusals; i++) {
		const struct refusal *r = &rs->refusals[i];
		check(r->file < rs->n_files && r->line > 0 && r->group[0] != '\0');
		check(r->reason[0] != '\0' && strlen(r->rule) <= strlen("sid 4294967295"));
		check(i == 0 || r[-1].file < r->file || r[-1].line < r->line);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const struct snort_var vars[] = {{"GIVEN", "[10.0.0.0/8,!10.1.0.0/16]"}};
	static const struct snort_vars given = {.vars = vars, .n = 1, .app_any_port = true};
	struct snort_rules rs = {};
	struct err err = {};
	const char *text = (const char *)data;
	check(snort_file_read_text("first", text, size, NULL, &rs, &err) == 0);
	check((uint64_t)rs.n_rules + rs.n_refusals <= count_lines(data, size));
	check_all(&rs);
	// Once more: whatever was accepted stands there already.
	uint32_t n_rules = rs.n_rules;
	check(snort_file_read_text("second", text, size, NULL, &rs, &err) == 0);
	check(rs.n_rules == n_rules);
	check_all(&rs);
	check(snort_file_read_text("third", text, size, &given, &rs, &err) == 0);
	check_all(&rs);
	snort_rules_fini(&rs);
	return 0;
}
