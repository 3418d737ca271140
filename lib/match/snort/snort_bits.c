// Reads flowbits and xbits. Names joined by | are alternatives of a condition.

#include "snort_bits.h"

#include <errno.h>
#include <string.h>

#define EXPIRE_DEFAULT_S 30

static const struct {
	const char *word;
	enum snort_bit_op op;
} operations[] = {
	{"set", SNORT_BIT_SET},     {"unset", SNORT_BIT_UNSET},       {"toggle", SNORT_BIT_TOGGLE},
	{"isset", SNORT_BIT_ISSET}, {"isnotset", SNORT_BIT_ISNOTSET},
};

static int read_operation(
	struct snort_draft *d, const char *keyword, struct snort_text word, enum snort_bit_op *op
) {
	for (unsigned i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (snort_text_is(word, operations[i].word)) {
			*op = operations[i].op;
			return 0;
		}
	}
	if (snort_text_is(word, "reset"))
		return snort_refuse(
			d->fault, "flowbits reset", "%s: reset is not supported", keyword
		);
	return snort_draft_refuse_value(
		d, keyword, word, "set, unset, toggle, isset, isnotset, noalert"
	);
}

static int read_names(
	struct snort_draft *d, const char *keyword, struct snort_text text, struct snort_bit *b
) {
	const char *names[SNORT_BIT_NAMES_MAX];
	struct snort_text rest = text, name;
	bool condition = b->op == SNORT_BIT_ISSET || b->op == SNORT_BIT_ISNOTSET;
	if (memchr(text.at, '&', snort_text_len(text)) != NULL)
		return snort_refuse(
			d->fault, "flowbits with &", "%s: names joined by & are not supported",
			keyword
		);
	while (snort_text_next(&rest, '|', &name)) {
		if (name.at == name.end)
			return snort_draft_refuse_value(d, keyword, text, "a name");
		if (b->n == SNORT_BIT_NAMES_MAX || (b->n == 1 && !condition))
			return snort_draft_refuse_value(
				d, keyword, text,
				condition ? "up to 64 names joined by |" : "one name"
			);
		names[b->n] = snort_arena_copy(&d->rule.arena, name);
		if (names[b->n] == NULL)
			return -ENOMEM;
		b->n++;
	}
	const char **kept = snort_arena_take(&d->rule.arena, b->n * sizeof(*kept));
	uint32_t *ids = snort_arena_take(&d->rule.arena, b->n * sizeof(*ids));
	if (kept == NULL || ids == NULL)
		return -ENOMEM;
	memcpy(kept, names, b->n * sizeof(*kept));
	b->names = kept;
	b->ids = ids;
	return 0;
}

static int keep(struct snort_draft *d, const struct snort_bit *b) {
	if (d->rule.n_bits == SNORT_BITS_MAX)
		return snort_refuse(
			d->fault, SNORT_LIMIT, "more than %u flowbits and xbits", SNORT_BITS_MAX
		);
	d->bits[d->rule.n_bits++] = *b;
	return 0;
}

// The operation and the names, which both options begin with. Returns 1 for `noalert`, which is all
// there is then.
static int read_start(
	struct snort_draft *d, const char *keyword, struct snort_text *rest, struct snort_bit *b
) {
	struct snort_text operation = {}, names, value = *rest;
	snort_text_next(rest, ',', &operation);
	if (snort_text_is(operation, "noalert") && rest->at == NULL) {
		d->rule.noalert = true;
		return 1;
	}
	int ret = read_operation(d, keyword, operation, &b->op);
	if (ret < 0)
		return ret;
	if (!snort_text_next(rest, ',', &names))
		return snort_draft_refuse_value(d, keyword, value, "operation,name");
	return read_names(d, keyword, names, b);
}

int snort_bits_flowbits(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_text rest = value;
	struct snort_bit b = {.track = SNORT_BIT_FLOW};
	int ret = read_start(d, keyword, &rest, &b);
	if (ret != 0)
		return ret < 0 ? ret : 0;
	if (rest.at != NULL)
		return snort_refuse(
			d->fault, "flowbits group", "%s: groups of flowbits are not supported",
			keyword
		);
	return keep(d, &b);
}

static int read_track(
	struct snort_draft *d, const char *keyword, struct snort_text value, struct snort_bit *b
) {
	if (snort_text_is(value, "ip_src"))
		b->track = SNORT_BIT_SRC;
	else if (snort_text_is(value, "ip_dst"))
		b->track = SNORT_BIT_DST;
	else if (snort_text_is(value, "ip_pair"))
		b->track = SNORT_BIT_PAIR;
	else
		return snort_draft_refuse_value(d, keyword, value, "track ip_src, ip_dst, ip_pair");
	return 0;
}

int snort_bits_xbits(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_text rest = value, argument, word;
	struct snort_bit b = {.track = SNORT_BIT_FLOW, .expire_s = EXPIRE_DEFAULT_S};
	uint64_t seconds;
	int ret = read_start(d, keyword, &rest, &b);
	if (ret != 0)
		return ret < 0 ? ret : 0;
	while (ret == 0 && snort_text_next(&rest, ',', &argument)) {
		if (!snort_text_next_word(&argument, &word))
			return snort_draft_refuse_value(d, keyword, value, "track ..., expire ...");
		if (snort_text_is(word, "track"))
			ret = read_track(d, keyword, argument, &b);
		else if (!snort_text_is(word, "expire") || snort_text_read_uint(argument, UINT32_MAX, &seconds) < 0 || seconds == 0)
			ret = snort_draft_refuse_value(d, keyword, word, "track, expire SECONDS");
		else
			b.expire_s = (uint32_t)seconds;
	}
	if (ret == 0 && b.track == SNORT_BIT_FLOW)
		ret = snort_draft_refuse_value(
			d, keyword, value, "with track ip_src, ip_dst or ip_pair"
		);
	return ret < 0 ? ret : keep(d, &b);
}
