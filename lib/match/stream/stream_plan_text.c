// Writes octets, classes and repeats the way Hyperscan reads them.

#include "stream_plan_text.h"

#include "stream_plan_regex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plan_text_fini(struct plan_text *t) {
	free(t->at);
	*t = (struct plan_text){};
}

void plan_text_add(struct plan_text *t, const char *text) {
	uint32_t len = (uint32_t)strlen(text);
	if (t->too_long || t->no_memory)
		return;
	if (t->len + len > PLAN_TEXT_MAX) {
		t->too_long = true;
		return;
	}
	if (t->len + len + 1 > t->room) {
		uint32_t room = 2 * (t->len + len + 1);
		char *grown = realloc(t->at, room);
		if (grown == NULL) {
			t->no_memory = true;
			return;
		}
		t->at = grown;
		t->room = room;
	}
	memcpy(t->at + t->len, text, len + 1);
	t->len += len;
}

static void add_octet(struct plan_text *t, unsigned octet) {
	char hex[8];
	snprintf(hex, sizeof(hex), "\\x%02x", octet & 0xff);
	plan_text_add(t, hex);
}

// The end of the run of octets in the set (or out of it) that begins at `from`.
static unsigned run_end(const struct octet_set *s, unsigned from) {
	unsigned i = from;
	while (i < 256 && octet_set_has(s, (uint8_t)i) == octet_set_has(s, (uint8_t)from))
		i++;
	return i;
}

static unsigned count_runs(const struct octet_set *s) {
	unsigned runs = 0;
	for (unsigned i = 0; i < 256; i = run_end(s, i))
		runs += octet_set_has(s, (uint8_t)i);
	return runs;
}

static void add_class(struct plan_text *t, struct octet_set set) {
	struct octet_set inverse = octet_set_not(set);
	bool negated = count_runs(&inverse) < count_runs(&set);
	const struct octet_set *s = negated ? &inverse : &set;
	plan_text_add(t, negated ? "[^" : "[");
	for (unsigned i = 0, end; i < 256; i = end) {
		end = run_end(s, i);
		if (!octet_set_has(s, (uint8_t)i))
			continue;
		add_octet(t, i);
		if (end - i > 2)
			plan_text_add(t, "-");
		if (end - i > 1)
			add_octet(t, end - 1);
	}
	plan_text_add(t, "]");
}

static void add_repeat(struct plan_text *t, uint32_t lo, uint32_t hi) {
	char text[32];
	if (lo == 1 && hi == 1)
		return;
	if (hi == PLAN_OPEN && lo <= 1)
		snprintf(text, sizeof(text), lo == 0 ? "*" : "+");
	else if (hi == PLAN_OPEN)
		snprintf(text, sizeof(text), "{%u,}", lo);
	else if (lo == 0 && hi == 1)
		snprintf(text, sizeof(text), "?");
	else if (lo == hi)
		snprintf(text, sizeof(text), "{%u}", lo);
	else
		snprintf(text, sizeof(text), "{%u,%u}", lo, hi);
	plan_text_add(t, text);
}

void plan_text_add_set(struct plan_text *t, struct octet_set set, uint32_t lo, uint32_t hi) {
	unsigned first = 0;
	if (hi == 0)
		return;
	while (first < 255 && !octet_set_has(&set, (uint8_t)first))
		first++;
	if (octet_set_is_any(set))
		plan_text_add(t, ".");
	else if (octet_set_within(set, octet_set_of((uint8_t)first, false)))
		add_octet(t, first);
	else
		add_class(t, set);
	add_repeat(t, lo, hi);
}

static void add_assert(struct plan_text *t, enum regex_assert what) {
	static const char *const text[] = {
		[REGEX_START] = "^",       [REGEX_LINE_START] = "(?m:^)", [REGEX_END] = "\\z",
		[REGEX_END_NEWLINE] = "$", [REGEX_LINE_END] = "(?m:$)",   [REGEX_EDGE] = "\\b",
		[REGEX_NO_EDGE] = "\\B",
	};
	plan_text_add(t, text[what]);
}

void plan_text_add_regex(struct plan_text *t, const struct regex_node *node) {
	const struct regex_node *child = node->first_child;
	switch (node->kind) {
	case REGEX_EMPTY:
		break;
	case REGEX_SET:
		plan_text_add_set(t, node->set, 1, 1);
		break;
	case REGEX_ASSERT:
		add_assert(t, node->assertion);
		break;
	case REGEX_CAT:
		for (; child != NULL; child = child->next)
			plan_text_add_regex(t, child);
		break;
	case REGEX_ALT:
		plan_text_add(t, "(?:");
		for (; child != NULL; child = child->next) {
			plan_text_add_regex(t, child);
			if (child->next != NULL)
				plan_text_add(t, "|");
		}
		plan_text_add(t, ")");
		break;
	case REGEX_REPEAT:
		if (child->kind == REGEX_SET) {
			plan_text_add_set(t, child->set, node->lo, node->hi);
			break;
		}
		plan_text_add(t, "(?:");
		plan_text_add_regex(t, child);
		plan_text_add(t, ")");
		add_repeat(t, node->lo, node->hi);
		break;
	}
}
