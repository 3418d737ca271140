// lib/match/verify/verify*.c against the reference, which tries every place of every test in turn: random
// rules over a small alphabet on random payloads of it. Also: what holds passes the gate.

#include "match/verify/verify.h"
#include "match/verify/verify_gate.h"

#include "dice.h"
#include "rule_one.h"
#include "rule_reference.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOADS 12
#define LEN_MAX 22

static uint64_t seed;

static uint32_t draw(uint32_t n) {
	return dice_draw(&seed, n);
}

static bool once_in(uint32_t n) {
	return draw(n) == 0;
}

struct text {
	char at[4096];
	size_t len;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...) {
	va_list args;
	va_start(args, fmt);
	t->len += (size_t)vsnprintf(&t->at[t->len], sizeof(t->at) - t->len, fmt, args);
	va_end(args);
}

// Letters of both cases, and octets that are small numbers and digits for byte_test and byte_jump.
static const char alphabet[] = "aaabbcAB12\x01\x02";

static void add_content(struct text *t) {
	uint32_t len = 1 + draw(3);
	int32_t n = (int32_t)len;
	bool negated = once_in(4);
	add(t, "content:%s\"|", negated ? "!" : "");
	for (uint32_t i = 0; i < len; i++)
		add(t, "%02x ", (unsigned)alphabet[draw(sizeof(alphabet) - 1)]);
	add(t, "|\"; ");
	if (once_in(3))
		add(t, "nocase; ");
	switch (draw(6)) {
	case 0:
		if (once_in(2))
			add(t, "offset:%u; ", draw(8));
		if (once_in(2))
			add(t, "depth:%u; ", len + draw(8));
		break;
	case 1:
		add(t, "startswith; ");
		break;
	case 2:
		if (!negated && once_in(2)) {
			add(t, "fast_pattern:only; ");
			return;
		}
		break;
	default:
		if (draw(4) > 0)
			add(t, "distance:%d; ", (int)draw(8) - 4);
		if (once_in(2))
			add(t, "within:%d; ", n + (int)draw(6));
	}
	if (once_in(8))
		add(t, "endswith; ");
}

static void add_pcre(struct text *t) {
	static const char *const atoms[] = {
		"a",      "b",      "c",     "A",        "[ab]",   "[^a]",   ".",         "a?",
		"b*",     "a+",     "b*?",   "(ab|b)",   "(a|ab)", "^",      "$",         "\\b",
		"(?<=a)", "(?<!b)", "(?=b)", "(?!a)",    "(a)\\1", "c{1,2}", "(?:a|bc)+", "\\d",
		"\\x01",  "[^\\d]", "a++",   "(?>a|ab)", "\\Kb",   "(?i)b",
	};
	add(t, "pcre:%s\"/", once_in(4) ? "!" : "");
	for (uint32_t n = 1 + draw(3); n > 0; n--)
		add(t, "%s", atoms[draw(sizeof(atoms) / sizeof(atoms[0]))]);
	add(t, "/");
	static const char modifiers[] = "ismAEG";
	for (const char *m = modifiers; *m != '\0'; m++) {
		if (once_in(6))
			add(t, "%c", *m);
	}
	add(t, "%s\"; ", once_in(2) ? "R" : "");
}

static void add_isdataat(struct text *t) {
	add(t, "isdataat:%s%u%s; ", once_in(2) ? "!" : "", 1 + draw(12),
	    draw(4) > 0 ? ",relative" : "");
}

static const char *const bases[] = {"dec", "hex", "oct"};

// How octets are read: from where, and as what.
static void add_reading(struct text *t, bool string) {
	if (draw(4) > 0)
		add(t, ",relative");
	if (string)
		add(t, ",string,%s", bases[draw(3)]);
	else if (once_in(3))
		add(t, ",little");
}

static void add_byte_test(struct text *t) {
	static const char *const ops[] = {"<", "<=", "=", ">=", ">", "&", "^", "!=", "!>", "!&"};
	bool string = once_in(2);
	add(t, "byte_test:%u,%s,%u,%d", string ? draw(4) : 1 + draw(2), ops[draw(10)],
	    string ? draw(30) : draw(128), (int)draw(8) - 2);
	add_reading(t, string);
	if (once_in(4))
		add(t, ",bitmask 0x%x", 1 + draw(255));
	add(t, "; ");
}

static void add_byte_jump(struct text *t) {
	bool string = once_in(3);
	add(t, "byte_jump:%u,%d", string ? 1 + draw(2) : draw(3), (int)draw(8) - 2);
	add_reading(t, string);
	if (once_in(4))
		add(t, ",multiplier %u", 1 + draw(3));
	if (once_in(4))
		add(t, ",align");
	switch (draw(6)) {
	case 0:
		add(t, ",from_beginning");
		break;
	case 1:
		add(t, ",from_end");
		break;
	}
	if (once_in(2))
		add(t, ",post_offset %d", (int)draw(16) - 10);
	if (once_in(3))
		add(t, ",bitmask 0x%x", 1 + draw(15));
	add(t, "; ");
}

static void draw_rule(struct text *t) {
	t->len = 0;
	for (uint32_t n = 1 + draw(5); n > 0; n--) {
		switch (draw(12)) {
		case 0:
		case 1:
			add_pcre(t);
			break;
		case 2:
			add_isdataat(t);
			break;
		case 3:
			add_byte_test(t);
			break;
		case 4:
			add_byte_jump(t);
			break;
		default:
			add_content(t);
		}
	}
	if (once_in(20))
		add(t, "dsize:>%u; ", draw(10));
}

static uint32_t draw_payload(uint8_t *payload) {
	uint32_t len = draw(LEN_MAX + 1);
	for (uint32_t i = 0; i < len; i++)
		payload[i] = (uint8_t)alphabet[draw(sizeof(alphabet) - 1)];
	return len;
}

static bool passes(const struct verify_gate *g, const uint8_t *payload, uint32_t len) {
	if (g->kind != VERIFY_GATE_LITERAL)
		return true;
	uint32_t end = len < g->end_max ? len : g->end_max;
	for (uint32_t at = g->start_min; at + g->len <= end; at++) {
		if (g->nocase ? strncasecmp(
					(const char *)&payload[at], (const char *)g->octets, g->len
				) == 0
			      : memcmp(&payload[at], g->octets, g->len) == 0)
			return true;
	}
	return false;
}

struct tally {
	uint32_t rules, held, missed;
};

// Returns false when the rule is none.
static bool compare(struct verify_scratch *scratch, const char *options, struct tally *tally) {
	struct snort_rules rs = {};
	struct err err = {};
	struct verify_gate gate;
	uint8_t drawn[LEN_MAX];
	const struct snort_rule *rule = rule_one(&rs, options);
	struct rule_reference *r = rule != NULL ? rule_reference_new(rule) : NULL;
	if (r == NULL) {
		snort_rules_fini(&rs);
		return false;
	}
	struct verifier *v = verifier_new(rule, &err);
	cr_assert_not_null(v, "%s: %s", options, err.text);
	cr_assert_eq(verifier_gate(rule, &gate), 0);
	for (unsigned i = 0; i < PAYLOADS; i++) {
		uint32_t len = draw_payload(drawn);
		// Memory of its own, for a sanitizer to see what is read behind it.
		uint8_t *payload = malloc(len);
		memcpy(payload, drawn, len);
		enum rule_reference_verdict want = rule_reference_judge(r, payload, len);
		bool got = verifier_run(v, scratch, payload, len);
		cr_assert_neq(want, RULE_UNKNOWN, "%s", options);
		cr_assert_eq(
			got, want == RULE_HOLDS, "%s on \"%.*s\": %d", options, (int)len, payload,
			got
		);
		cr_assert(!got || passes(&gate, payload, len), "%s: the gate is shut", options);
		tally->held += got;
		tally->missed += !got;
		free(payload);
	}
	tally->rules++;
	verify_gate_fini(&gate);
	verifier_free(v);
	rule_reference_free(r);
	snort_rules_fini(&rs);
	return true;
}

Test(verify_random, agrees_with_trying_every_place, .timeout = 250) {
	struct verify_scratch *scratch = verify_scratch_new(LEN_MAX);
	struct tally tally = {};
	struct text text;
	seed = 20240401;
	for (unsigned n = 0; n < 30000; n++) {
		draw_rule(&text);
		compare(scratch, text.at, &tally);
	}
	cr_log_info("%u rules: %u held, %u missed", tally.rules, tally.held, tally.missed);
	cr_assert_gt(tally.rules, 25000u);
	cr_assert_gt(tally.held, 30000u);
	cr_assert_gt(tally.missed, 30000u);
	cr_assert_eq(scratch->limited, 0u);
	verify_scratch_free(scratch);
}
