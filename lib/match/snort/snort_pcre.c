// Reads `"/expression/flags"`. Flags that look at a parsed protocol's fields are refused by name.

#include "snort_pcre.h"

#include <errno.h>
#include <string.h>

static const struct {
	char letter;
	uint32_t flag; // 0: says nothing about what matches
	const char *group; // of a refusal
} letters[] = {
	{'i', SNORT_PCRE_CASELESS, NULL},
	{'s', SNORT_PCRE_DOTALL, NULL},
	{'m', SNORT_PCRE_MULTILINE, NULL},
	{'x', SNORT_PCRE_EXTENDED, NULL},
	{'A', SNORT_PCRE_ANCHORED, NULL},
	{'E', SNORT_PCRE_DOLLAR_ENDONLY, NULL},
	{'G', SNORT_PCRE_UNGREEDY, NULL},
	{'R', SNORT_PCRE_RELATIVE, NULL},
	{'O', 0, NULL}, // lifts a limit on backtracking
	{'B', 0, NULL}, // raw bytes: there are no others
	{'U', 0, "pcre modifier U"}, // http.uri
	{'I', 0, "pcre modifier I"}, // http.uri.raw
	{'P', 0, "pcre modifier P"}, // http.request_body
	{'Q', 0, "pcre modifier Q"}, // http.response_body
	{'H', 0, "pcre modifier H"}, // http.header
	{'D', 0, "pcre modifier D"}, // http.header.raw
	{'M', 0, "pcre modifier M"}, // http.method
	{'C', 0, "pcre modifier C"}, // http.cookie
	{'K', 0, "pcre modifier K"}, // raw cookie
	{'S', 0, "pcre modifier S"}, // http.stat_code
	{'Y', 0, "pcre modifier Y"}, // http.stat_msg
	{'V', 0, "pcre modifier V"}, // http.user_agent
	{'W', 0, "pcre modifier W"}, // http.host
	{'Z', 0, "pcre modifier Z"}, // http.host.raw
};

static int read_flag(struct snort_draft *d, char letter, uint32_t *flags) {
	for (unsigned i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].letter != letter)
			continue;
		if (letters[i].group != NULL)
			return snort_refuse(
				d->fault, letters[i].group,
				"pcre modifier %c looks at a field of HTTP, which is not supported"
				" (accepted: i s m x A E G R O B)",
				letter
			);
		*flags |= letters[i].flag;
		return 0;
	}
	char buf[SNORT_SHOWN];
	return snort_refuse(
		d->fault, SNORT_BAD_OPTION,
		"pcre: unknown modifier '%s' (accepted: i s m x A E G R O B)",
		snort_text_show((struct snort_text){&letter, &letter + 1}, buf)
	);
}

// Takes `/`, or `m` and whatever follows it, off the text's start; the delimiter, or 0.
static char take_delimiter(struct snort_text *t) {
	char delimiter = t->at < t->end ? *t->at : 0;
	if (delimiter == 'm' && snort_text_len(*t) > 1) {
		t->at++;
		delimiter = *t->at;
	} else if (delimiter != '/') {
		return 0;
	}
	t->at++;
	return delimiter;
}

int snort_pcre_pcre(struct snort_draft *d, const char *keyword, struct snort_text value) {
	static const char accepted[] = "\"/expression/flags\"";
	struct snort_text t = value;
	struct snort_pcre p = {};
	bool negated;
	const char *quote = memrchr(t.at, '"', snort_text_len(t));
	if (quote != NULL && quote + 1 < t.end)
		return snort_refuse(
			d->fault, "pcre capture", "pcre: capturing into a variable is not supported"
		);
	int ret = snort_draft_unquote(d, keyword, &t, &negated);
	if (ret < 0)
		return ret;
	if (t.at < t.end && *t.at == '!') { // as old rules have it
		negated = true;
		t.at++;
	}
	t = snort_text_trim(t);
	char delimiter = take_delimiter(&t);
	const char *last = delimiter != 0 ? memrchr(t.at, delimiter, snort_text_len(t)) : NULL;
	if (last == NULL || last == t.at)
		return snort_draft_refuse_value(d, keyword, value, accepted);
	if (last - t.at > SNORT_PCRE_MAX)
		return snort_refuse(
			d->fault, SNORT_LIMIT, "a pcre of %zu octets (accepted: up to %d)",
			(size_t)(last - t.at), SNORT_PCRE_MAX
		);
	p.flags = negated ? SNORT_PCRE_NEGATED : 0;
	for (const char *flag = last + 1; ret == 0 && flag < t.end; flag++)
		ret = read_flag(d, *flag, &p.flags);
	if (ret < 0)
		return ret;
	p.regex = snort_arena_copy(&d->rule.arena, (struct snort_text){t.at, last});
	if (p.regex == NULL)
		return -ENOMEM;
	p.len = (uint32_t)(last - t.at);
	struct snort_test *test = snort_draft_add_test(d, SNORT_TEST_PCRE);
	if (test == NULL)
		return -EINVAL;
	test->pcre = p;
	return 0;
}
