// Runs PCRE2 within limits: steps from each place, which PCRE2 counts anew for every place that it
// tries, and places in all, which are counted here.

#include "verify_pcre.h"

#include <errno.h>
#include <string.h>

static const struct {
	uint32_t ours, pcre2;
} options[] = {
	{SNORT_PCRE_CASELESS, PCRE2_CASELESS},   {SNORT_PCRE_DOTALL, PCRE2_DOTALL},
	{SNORT_PCRE_MULTILINE, PCRE2_MULTILINE}, {SNORT_PCRE_EXTENDED, PCRE2_EXTENDED},
	{SNORT_PCRE_ANCHORED, PCRE2_ANCHORED},   {SNORT_PCRE_DOLLAR_ENDONLY, PCRE2_DOLLAR_ENDONLY},
	{SNORT_PCRE_UNGREEDY, PCRE2_UNGREEDY},
};

// Octets are octets: an expression cannot turn them into UTF-8.
#define ALWAYS (PCRE2_NEVER_UTF | PCRE2_NEVER_UCP)

// May the expression know where its subject begins, or steer where PCRE2 tries next? Yes, when in
// doubt. A circumflex directly behind a bracket negates a class, unless the bracket is escaped.
static bool knows_start(const char *regex) {
	for (const char *p = regex; *p != '\0'; p++) {
		if (*p == '^' && (p == regex || p[-1] != '[' || (p > regex + 1 && p[-2] == '\\')))
			return true;
		if ((*p == '\\' && p[1] == 'A') || (*p == '(' && p[1] == '*'))
			return true;
	}
	return false;
}

// \G matches where a try begins, which is not a place of the rule's.
static bool names_try(const char *regex) {
	for (const char *p = regex; *p != '\0'; p++) {
		if (*p == '\\' && *++p == 'G')
			return true;
		if (*p == '\0')
			break;
	}
	return false;
}

// PCRE2 10.42 takes the octet that a lookahead begins with for one that comes ahead of what the
// expression must hold besides, and so finds no (?=b)(ab|b) in "b" unless it forgoes such shortcuts.
static bool looks_ahead(const char *regex) {
	return strstr(regex, "(?=") != NULL || strstr(regex, "(*") != NULL;
}

static int compile(struct verify_pcre *p, const struct snort_pcre *from, struct err *err) {
	char why[256];
	int code;
	PCRE2_SIZE at;
	uint32_t flags = ALWAYS | (looks_ahead(from->regex) ? PCRE2_NO_START_OPTIMIZE : 0);
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (context == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	// Whatever PCRE2 was built with.
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		flags |= from->flags & options[i].ours ? options[i].pcre2 : 0;
	p->code = pcre2_compile((PCRE2_SPTR)from->regex, from->len, flags, &code, &at, context);
	pcre2_compile_context_free(context);
	if (p->code != NULL)
		return 0;
	if (code == PCRE2_ERROR_NOMEMORY)
		return err_set(err, -ENOMEM, "out of memory");
	pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
	return err_set(err, -EINVAL, "pcre: %s (at octet %zu of the expression)", why, at);
}

int verify_pcre_init(struct verify_pcre *p, const struct snort_pcre *from, struct err *err) {
	uint32_t all, behind;
	*p = (struct verify_pcre){.negated = (from->flags & SNORT_PCRE_NEGATED) != 0};
	if (names_try(from->regex))
		return err_set(err, -EINVAL, "pcre: \\G is not supported");
	int ret = compile(p, from, err);
	if (ret < 0)
		return ret;
	pcre2_pattern_info(p->code, PCRE2_INFO_ALLOPTIONS, &all);
	pcre2_pattern_info(p->code, PCRE2_INFO_MAXLOOKBEHIND, &behind);
	p->anchored = (all & PCRE2_ANCHORED) != 0;
	// PCRE2 would take any place that it is asked to search from for the start.
	p->once = (from->flags & SNORT_PCRE_ANCHORED) != 0;
	p->alone = behind == 0 && !p->once && !knows_start(from->regex);
	// Where there is no JIT, or not for this expression, PCRE2 interprets.
	pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
	return 0;
}

void verify_pcre_fini(struct verify_pcre *p) {
	pcre2_code_free(p->code);
	p->code = NULL;
}

struct match {
	uint32_t start, end;
};

static void spend(uint32_t *left, uint32_t n) {
	*left -= *left < n ? *left : n;
}

static int limited(struct verify_scratch *s) {
	s->limited += !s->pcre_limited;
	s->pcre_limited = true;
	return -1;
}

// The first match that begins at `from` or behind, in the subject that begins at `base`. 1: found, 0:
// none, -1: a limit was met.
static int match_next(
	const struct verify_pcre *p, const struct verify_input *in, uint32_t base, uint32_t from,
	struct match *m
) {
	struct verify_scratch *s = in->scratch;
	if (s->pcre_places == 0 || s->pcre_reach == 0) {
		return limited(s);
	}
	spend(&s->pcre_reach, in->len - from + 1);
	int ret = pcre2_match(
		p->code, &in->payload[base], in->len - base, from - base, 0, s->match, s->limits
	);
	if (ret >= 0) {
		// Not the first octet of what is captured, which \K moves.
		m->start = base + (uint32_t)pcre2_get_startchar(s->match);
		m->end = base + (uint32_t)pcre2_get_ovector_pointer(s->match)[1];
		spend(&s->pcre_places, m->start - from + 1);
		return 1;
	}
	if (ret == PCRE2_ERROR_NOMATCH) {
		spend(&s->pcre_places, p->anchored ? 1 : in->len - from + 1);
		return 0;
	}
	spend(&s->pcre_places, (in->len + VERIFY_PCRE_PLACES_MIN / VERIFY_PCRE_PASSES) / 2);
	return limited(s);
}

// True when it matches in the subject that begins at `base`.
static bool
find_in(const struct verify_pcre *p, const struct verify_input *in, uint32_t base,
	struct verify_places *to) {
	struct match m;
	bool found = false;
	for (uint32_t from = base; from <= in->len; from = m.start + 1) {
		if (match_next(p, in, base, from, &m) <= 0)
			break;
		found = true;
		if (to != NULL)
			verify_places_add(to, m.end);
		if (to == NULL || p->once)
			break;
	}
	return found;
}

bool verify_pcre_find(
	const struct verify_pcre *p, const struct verify_input *in,
	const struct verify_places *from, struct verify_places *to
) {
	bool found = false;
	if (to != NULL)
		verify_places_clear(to, in->len);
	if (from == NULL)
		return find_in(p, in, 0, to);
	uint32_t base = verify_places_next(from, 0);
	for (; base != VERIFY_NOWHERE; base = verify_places_next(from, base + 1)) {
		found |= find_in(p, in, base, to);
		if ((found && to == NULL) || p->alone)
			break;
	}
	return found;
}

bool verify_pcre_absent(const struct verify_pcre *p, const struct verify_input *in) {
	struct match m;
	return match_next(p, in, 0, 0, &m) == 0;
}

bool verify_pcre_spare(
	const struct verify_pcre *p, const struct verify_input *in, struct verify_places *places,
	bool all
) {
	struct match m;
	bool left = false;
	uint32_t base = verify_places_next(places, 0);
	for (; base != VERIFY_NOWHERE; base = verify_places_next(places, base + 1)) {
		if (match_next(p, in, base, base, &m) != 0) {
			verify_places_remove(places, base);
			continue;
		}
		left = true;
		if (!all)
			break;
	}
	return left;
}
