// Random rules over a small alphabet, for tests of what they become: each as the text of its
// options and, for its expressions, as trees that need no parser.
#pragma once

#include "dice.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MADE_ALPHABET "abB\n"
#define MADE_LETTERS 4u
#define MADE_NODES 64u
#define MADE_TESTS 4u
#define MADE_OPEN 99u // no bound of a repeat

enum made_kind {
	MADE_SET,
	MADE_START, // ^
	MADE_END, // $
	MADE_EDGE, // \b
	MADE_CAT,
	MADE_ALT,
	MADE_REPEAT,
};

struct made_node {
	enum made_kind kind;
	uint32_t set; // of letters, by their place in the alphabet
	uint32_t lo, hi;
	bool greedy;
	struct made_node *kids[3];
	uint32_t n;
};

struct made_regex {
	struct made_node nodes[MADE_NODES];
	uint32_t n;
	struct made_node *root;
	bool caseless, dotall, multiline;
};

struct made_rule {
	char options[4096];
	size_t len;
	struct made_regex regexes[MADE_TESTS]; // in the order of the rule's pcres
	uint32_t n_regexes;
};

struct made_dice {
	uint64_t state;
};

static inline uint32_t draw(struct made_dice *d, uint32_t n) {
	return dice_draw(&d->state, n);
}

__attribute__((format(printf, 2, 3))) static inline void
made_add(struct made_rule *r, const char *fmt, ...) {
	va_list args;
	va_start(args, fmt);
	r->len += (size_t)vsnprintf(&r->options[r->len], sizeof(r->options) - r->len, fmt, args);
	va_end(args);
}

static inline struct made_node *made_node(struct made_regex *x, enum made_kind kind) {
	struct made_node *n = &x->nodes[x->n < MADE_NODES ? x->n++ : MADE_NODES - 1];
	*n = (struct made_node){.kind = kind, .greedy = true};
	return n;
}

static inline struct made_node *made_set(struct made_dice *d, struct made_regex *x) {
	// a, b, B, newline, [aB], [^a], [^\n], any with s and what is no newline without
	static const uint32_t sets[] = {1, 2, 4, 8, 5, 14, 7, 15};
	struct made_node *n = made_node(x, MADE_SET);
	n->set = sets[draw(d, draw(d, 2) ? 3 : 8)];
	return n;
}

static inline struct made_node *
made_tree(struct made_dice *d, struct made_regex *x, uint32_t depth) {
	struct made_node *n;
	uint32_t kind = depth == 0 || x->n > 20 ? 0 : draw(d, 8);
	switch (kind) {
	case 1:
	case 2:
	case 3:
		n = made_node(x, MADE_CAT);
		n->n = 2 + draw(d, 2);
		for (uint32_t i = 0; i < n->n; i++)
			n->kids[i] = made_tree(d, x, depth - 1);
		if (n->n == 3 && draw(d, 8) == 0)
			n->kids[1] = made_node(x, MADE_EDGE);
		return n;
	case 4:
		n = made_node(x, MADE_ALT);
		n->n = 2;
		n->kids[0] = made_tree(d, x, depth - 1);
		n->kids[1] = made_tree(d, x, depth - 1);
		return n;
	case 5:
	case 6:
		n = made_node(x, MADE_REPEAT);
		n->n = 1;
		n->kids[0] = made_tree(d, x, draw(d, 3) == 0 ? depth - 1 : 0);
		n->lo = draw(d, 3);
		n->hi = draw(d, 2) ? MADE_OPEN : n->lo + draw(d, 3) + (n->lo == 0);
		n->greedy = draw(d, 4) != 0;
		return n;
	default:
		return made_set(d, x);
	}
}

static inline void made_print_set(struct made_rule *r, uint32_t set) {
	static const char *const text[] = {
		[1] = "a",    [2] = "b",     [4] = "B",      [8] = "\\n",
		[5] = "[aB]", [14] = "[^a]", [7] = "[^\\n]", [15] = ".",
	};
	made_add(r, "%s", text[set]);
}

static inline void made_print(struct made_rule *r, const struct made_node *n) {
	switch (n->kind) {
	case MADE_SET:
		made_print_set(r, n->set);
		break;
	case MADE_START:
		made_add(r, "^");
		break;
	case MADE_END:
		made_add(r, "$");
		break;
	case MADE_EDGE:
		made_add(r, "\\b");
		break;
	case MADE_CAT:
		for (uint32_t i = 0; i < n->n; i++)
			made_print(r, n->kids[i]);
		break;
	case MADE_ALT:
		made_add(r, "(");
		made_print(r, n->kids[0]);
		made_add(r, "|");
		made_print(r, n->kids[1]);
		made_add(r, ")");
		break;
	case MADE_REPEAT:
		made_add(r, "(?:");
		made_print(r, n->kids[0]);
		if (n->hi == MADE_OPEN)
			made_add(r, "){%u,}%s", n->lo, n->greedy ? "" : "?");
		else
			made_add(r, "){%u,%u}%s", n->lo, n->hi, n->greedy ? "" : "?");
		break;
	}
}

static inline void made_pcre(struct made_dice *d, struct made_rule *r, struct made_regex *x) {
	x->n = 0;
	struct made_node *top = made_node(x, MADE_CAT);
	bool relative = draw(d, 2) == 0;
	x->caseless = draw(d, 4) == 0;
	x->dotall = draw(d, 2) == 0;
	x->multiline = draw(d, 5) == 0;
	if (draw(d, relative ? 2 : 4) == 0)
		top->kids[top->n++] = made_node(x, MADE_START);
	top->kids[top->n++] = made_tree(d, x, 3);
	if (draw(d, 6) == 0)
		top->kids[top->n++] = made_node(x, draw(d, 2) ? MADE_END : MADE_EDGE);
	x->root = top;
	made_add(r, "pcre:%s\"/", draw(d, 8) == 0 ? "!" : "");
	made_print(r, top);
	made_add(
		r, "/%s%s%s%s%s\"; ", x->caseless ? "i" : "", x->dotall ? "s" : "",
		x->multiline ? "m" : "", relative ? "R" : "", draw(d, 12) == 0 ? "A" : ""
	);
}

static inline void made_content(struct made_dice *d, struct made_rule *r, bool first) {
	bool negated = draw(d, 4) == 0, relative = draw(d, first ? 8 : 2) == 0;
	uint32_t len = 1 + draw(d, negated && relative ? 2 : 3);
	made_add(r, "content:%s\"|", negated ? "!" : "");
	for (uint32_t i = 0; i < len; i++)
		made_add(
			r, "%02x", (unsigned)MADE_ALPHABET[draw(d, draw(d, 3) ? 2 : MADE_LETTERS)]
		);
	made_add(r, "|\"; ");
	if (draw(d, 4) == 0)
		made_add(r, "nocase; ");
	if (draw(d, 12) == 0)
		made_add(r, "endswith; ");
	if (!relative && draw(d, 12) == 0)
		made_add(r, "fast_pattern:only; ");
	if (!relative)
		return;
	bool distance = draw(d, 3) != 0;
	if (distance)
		made_add(r, "distance:%d; ", (int)draw(d, 8) - 3);
	if (!distance || draw(d, 2) == 0)
		made_add(r, "within:%u; ", len + draw(d, negated ? 3 : 5));
}

// A rule's options. Not all that is made is accepted, nor has a plan.
static inline void made_rule(struct made_dice *d, struct made_rule *r) {
	uint32_t n = 1 + draw(d, MADE_TESTS);
	r->len = 0;
	r->n_regexes = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t kind = draw(d, 8);
		if (kind < 5)
			made_content(d, r, i == 0);
		else if (kind < 7)
			made_pcre(d, r, &r->regexes[r->n_regexes++]);
		else
			made_add(
				r, "isdataat:%s%u%s; ", draw(d, 3) ? "" : "!", draw(d, 7),
				draw(d, 3) ? ",relative" : ""
			);
	}
}
