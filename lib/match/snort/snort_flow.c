// Reads which side of which kind of flow a rule looks at.

#include "snort_flow.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *word;
	uint32_t bit;
	uint32_t excludes;
	const char *group; // of a refusal
} words[] = {
	{"to_server", SNORT_TO_SERVER, SNORT_TO_CLIENT, NULL},
	{"from_client", SNORT_TO_SERVER, SNORT_TO_CLIENT, NULL},
	{"to_client", SNORT_TO_CLIENT, SNORT_TO_SERVER, NULL},
	{"from_server", SNORT_TO_CLIENT, SNORT_TO_SERVER, NULL},
	{"established", SNORT_ESTABLISHED, SNORT_NOT_ESTABLISHED | SNORT_STATELESS, NULL},
	{"not_established", SNORT_NOT_ESTABLISHED, SNORT_ESTABLISHED | SNORT_STATELESS, NULL},
	{"stateless", SNORT_STATELESS, SNORT_ESTABLISHED | SNORT_NOT_ESTABLISHED, NULL},
	{"only_stream", SNORT_ONLY_STREAM, SNORT_NO_STREAM, NULL},
	{"no_stream", SNORT_NO_STREAM, SNORT_ONLY_STREAM, NULL},
	{"only_frag", 0, 0, "flow option only_frag"},
	{"no_frag", 0, 0, "flow option no_frag"},
};

int snort_flow_flow(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_text rest = value, word;
	while (snort_text_next(&rest, ',', &word)) {
		unsigned i = 0, n = sizeof(words) / sizeof(words[0]);
		while (i < n && !snort_text_is(word, words[i].word))
			i++;
		if (i == n)
			return snort_draft_refuse_value(
				d, keyword, word,
				"to_server, from_client, to_client, from_server, established,"
				" not_established, stateless, only_stream, no_stream"
			);
		if (words[i].group != NULL)
			return snort_refuse(
				d->fault, words[i].group, "flow option %s is not supported",
				words[i].word
			);
		if (d->rule.flow & words[i].excludes)
			return snort_refuse(
				d->fault, SNORT_BAD_OPTION,
				"%s: %s contradicts what the rule says before", keyword,
				words[i].word
			);
		d->rule.flow |= words[i].bit;
	}
	return 0;
}

int snort_flow_stream_size(struct snort_draft *d, const char *keyword, struct snort_text value) {
	static const struct {
		const char *word;
		enum snort_size_of of;
	} sides[] = {
		{"server", SNORT_SIZE_SERVER},
		{"client", SNORT_SIZE_CLIENT},
		{"both", SNORT_SIZE_BOTH},
		{"either", SNORT_SIZE_EITHER},
	};
	static const char accepted[] = "server, client, both or either, then an operator,number";
	struct snort_text rest = value, side = {}, operator, number;
	struct snort_stream_size size = {};
	char joined[32];
	unsigned i = 0, n = sizeof(sides) / sizeof(sides[0]);
	snort_text_next(&rest, ',', &side);
	while (i < n && !snort_text_is(side, sides[i].word))
		i++;
	if (i == n || !snort_text_next(&rest, ',', &operator)
	    || !snort_text_next(&rest, ',', &number) || rest.at != NULL)
		return snort_draft_refuse_value(d, keyword, value, accepted);
	size_t len = 0;
	for (const char *p = operator.at; p < operator.end; p++)
		len += memchr("<>=!", *p, 4) != NULL;
	if (len == 0 || len > 2 || len != snort_text_len(operator))
		return snort_draft_refuse_value(d, keyword, operator, "> < = != >= <=");
	// Without the comma it is a condition as other options have it.
	len = 0;
	for (const char *p = operator.at; p < operator.end; p++)
		joined[len++] = *p;
	for (const char *p = number.at; p < number.end && len < sizeof(joined); p++)
		joined[len++] = *p;
	struct snort_text condition = {joined, joined + len};
	if (snort_draft_read_number(d, keyword, condition, UINT32_MAX, &size.number) < 0)
		return -EINVAL;
	if (d->rule.n_stream_sizes == SNORT_STREAM_SIZES_MAX)
		return snort_refuse(
			d->fault, SNORT_LIMIT, "more than %u stream_size", SNORT_STREAM_SIZES_MAX
		);
	size.of = sides[i].of;
	d->stream_sizes[d->rule.n_stream_sizes++] = size;
	return 0;
}
