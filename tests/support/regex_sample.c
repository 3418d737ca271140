// Walks the tree and draws: a branch of each choice, a number of repeats, an octet of each set, letters
// and digits before all others.

#include "regex_sample.h"

#include "dice.h"

#include <string.h>

struct drawer {
	const struct regex_tree *t;
	struct regex_sample *s;
	uint64_t seed; // 0: nothing is drawn
	struct {
		uint32_t from, to;
	} groups[REGEX_GROUPS_MAX];
	uint32_t steps;
	bool bad;
};

static uint32_t draw(struct drawer *d, uint32_t n) {
	if (d->seed == 0 || n < 2)
		return 0;
	return dice_draw(&d->seed, n);
}

static void emit(struct drawer *d, uint8_t c) {
	if (d->s->len == REGEX_SAMPLE_MAX)
		d->bad = true;
	else
		d->s->octets[d->s->len++] = c;
}

static bool has(const uint64_t set[4], unsigned c) {
	return set[c / 64] >> c % 64 & 1;
}

static void emit_member(struct drawer *d, const uint64_t set[4]) {
	static const char liked[] = "aemxks0357TLPw";
	uint32_t n = sizeof(liked) - 1, at = draw(d, n);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)liked[(at + i) % n];
		if (has(set, c)) {
			emit(d, c);
			return;
		}
	}
	at = draw(d, 256);
	for (uint32_t i = 0; i < 256; i++) {
		// From the printable ones on.
		uint32_t c = (at + i + ' ') % 256;
		if (has(set, c)) {
			emit(d, (uint8_t)c);
			return;
		}
	}
	d->bad = true;
}

static void walk(struct drawer *d, uint32_t n);

static void walk_choice(struct drawer *d, const struct regex_node *n) {
	uint32_t count = 0, child = n->child;
	for (uint32_t c = child; c != 0; c = d->t->nodes[c].next)
		count++;
	for (uint32_t left = draw(d, count); left > 0; left--)
		child = d->t->nodes[child].next;
	walk(d, child);
}

static void walk_repeat(struct drawer *d, const struct regex_node *n) {
	uint32_t room = n->max - n->min, times = n->min;
	times += draw(d, room < 4 ? room + 1 : 5);
	for (uint32_t i = 0; i < times && !d->bad; i++)
		walk(d, n->child);
}

static void walk_group(struct drawer *d, const struct regex_node *n) {
	uint32_t from = d->s->len;
	walk(d, n->child);
	d->groups[n->group].from = from;
	d->groups[n->group].to = d->s->len;
}

static void walk(struct drawer *d, uint32_t at) {
	const struct regex_node *n = &d->t->nodes[at];
	if (at == 0 || d->bad)
		return;
	if (d->steps++ > 100000)
		d->bad = true;
	switch (n->kind) {
	case REGEX_EMPTY:
		break;
	case REGEX_START:
		d->s->at_start |= d->s->len == 0;
		break;
	case REGEX_END:
		d->s->at_end = true;
		break;
	case REGEX_LINE_END:
		emit(d, '\n');
		break;
	case REGEX_SET:
		emit_member(d, n->set);
		break;
	case REGEX_SEQUENCE:
		for (uint32_t c = n->child; c != 0; c = d->t->nodes[c].next)
			walk(d, c);
		break;
	case REGEX_CHOICE:
		walk_choice(d, n);
		break;
	case REGEX_GROUP:
		walk_group(d, n);
		break;
	case REGEX_REPEAT:
		walk_repeat(d, n);
		break;
	case REGEX_AGAIN:
		for (uint32_t i = d->groups[n->group].from; i < d->groups[n->group].to; i++)
			emit(d, d->s->octets[i]);
		break;
	}
}

bool regex_sample_make(const struct regex_tree *t, uint64_t seed, struct regex_sample *s) {
	struct drawer d = {.t = t, .s = s, .seed = seed * 0x9e3779b97f4a7c15};
	s->len = 0;
	s->at_start = s->at_end = false;
	walk(&d, t->root);
	return !d.bad;
}
