// Reads the header, then each option, then settles what only the whole rule tells. The first fault
// ends it.

#include "snort_parse.h"

#include "snort_content.h"
#include "snort_header.h"
#include "snort_keyword.h"

#include <errno.h>
#include <string.h>

void snort_rule_fini(struct snort_rule *rule) {
	snort_arena_fini(&rule->arena);
	*rule = (struct snort_rule){};
}

// A rule about headers alone has nothing to find in a stream.
static bool wants_packet(const struct snort_rule *r, const struct snort_draft *d) {
	const uint32_t placed = SNORT_OFFSET | SNORT_DEPTH | SNORT_ENDSWITH;
	if (r->n_tests == 0 && !(r->flow & SNORT_ONLY_STREAM))
		return true;
	if (!(r->protos & SNORT_TCP) || (r->flow & SNORT_NO_STREAM) || r->dsize.given
	    || r->bsize.given || r->flags.mode != SNORT_FLAGS_NONE)
		return true;
	for (uint32_t i = 0; i < r->n_tests; i++) {
		if (d->tests[i].kind == SNORT_TEST_CONTENT && (d->tests[i].content.flags & placed))
			return true;
	}
	return false;
}

static int check(struct snort_draft *d) {
	const struct snort_rule *r = &d->rule;
	if (r->sid == 0)
		return snort_refuse(d->fault, "no sid", "there is no sid");
	if (r->flags.mode != SNORT_FLAGS_NONE && !(r->protos & SNORT_TCP))
		return snort_refuse(d->fault, SNORT_BAD_OPTION, "flags: the rule is not about TCP");
	if ((r->itype.given || r->icode.given) && !(r->protos & (SNORT_ICMP | SNORT_ICMPV6)))
		return snort_refuse(
			d->fault, SNORT_BAD_OPTION, "itype or icode: the rule is not about ICMP"
		);
	return snort_content_check(d);
}

// Copies a draft's array to the rule. NULL for an empty one, *failed when out of memory.
static void *
keep(struct snort_arena *a, const void *array, uint32_t n, size_t elem_size, bool *failed) {
	if (n == 0)
		return NULL;
	void *copy = snort_arena_take(a, n * elem_size);
	if (copy == NULL)
		*failed = true;
	else
		memcpy(copy, array, n * elem_size);
	return copy;
}

static int finish(struct snort_draft *d) {
	struct snort_rule *r = &d->rule;
	bool failed = false;
	r->per_packet = wants_packet(r, d);
	r->tests = keep(&r->arena, d->tests, r->n_tests, sizeof(*r->tests), &failed);
	r->bits = keep(&r->arena, d->bits, r->n_bits, sizeof(*r->bits), &failed);
	r->references = keep(
		&r->arena, d->references, r->n_references, sizeof(*r->references), &failed
	);
	r->stream_sizes = keep(
		&r->arena, d->stream_sizes, r->n_stream_sizes, sizeof(*r->stream_sizes), &failed
	);
	return failed ? -ENOMEM : 0;
}

int snort_parse_rule(
	struct snort_parser *p, struct snort_text text, struct snort_rule *rule,
	struct snort_fault *fault
) {
	struct snort_draft *d = &p->draft;
	d->rule = (struct snort_rule){.gid = 1};
	d->fault = fault;
	d->seen = 0;
	int ret = snort_lex_rule(&p->lexed, text, fault);
	if (ret == 0)
		ret = snort_header_read(d, p->scope, p->pool, p->lexed.fields);
	for (uint32_t i = 0; ret == 0 && i < p->lexed.n_options; i++)
		ret = snort_keyword_read(d, &p->lexed.options[i]);
	if (ret == 0)
		ret = check(d);
	if (ret == 0 && !p->app_any_port)
		ret = snort_header_place_app(d, p->scope, p->pool);
	if (ret == 0)
		ret = finish(d);
	if (ret < 0) {
		snort_rule_fini(&d->rule);
		return ret;
	}
	*rule = d->rule;
	d->rule = (struct snort_rule){};
	return 0;
}
