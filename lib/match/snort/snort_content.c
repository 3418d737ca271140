// Reads contents: octets between quotes, |hex| within, and the options behind that place them.

#include "snort_content.h"

#include <errno.h>
#include <string.h>

static int hex_digit(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int refuse(struct snort_draft *d, const char *what) {
	return snort_refuse(d->fault, SNORT_BAD_OPTION, "content: %s", what);
}

// `|41 42|`, with *p behind the first bar; leaves it behind the second.
static int
read_hex(struct snort_draft *d, const char **p, const char *end, uint8_t *out, uint32_t *len) {
	int high = -1;
	for (; *p < end && **p != '|'; ++*p) {
		int digit = hex_digit(**p);
		if (digit >= 0 && high < 0) {
			high = digit;
		} else if (digit >= 0) {
			out[(*len)++] = (uint8_t)(high << 4 | digit);
			high = -1;
		} else if (**p != ' ') {
			return refuse(d, "between bars stand pairs of hex digits, as in |41 42|");
		}
	}
	if (*p == end)
		return refuse(d, "a bar '|' is not closed (a bar itself is |7C|)");
	if (high >= 0)
		return refuse(d, "an odd number of hex digits between bars");
	++*p;
	return 0;
}

// `out` has room for as many octets as the text has.
static int read_octets(struct snort_draft *d, struct snort_text t, uint8_t *out, uint32_t *len) {
	for (const char *p = t.at; p < t.end;) {
		if (*p == '|') {
			p++;
			int ret = read_hex(d, &p, t.end, out, len);
			if (ret < 0)
				return ret;
			continue;
		}
		if (*p == '"')
			return refuse(d, "a quote within needs a backslash");
		if (*p == '\\') {
			p++;
			if (p == t.end || strchr("\\\";:", *p) == NULL)
				return refuse(d, "a backslash stands only before \\ \" ; and :");
		}
		out[(*len)++] = (uint8_t)*p++;
	}
	return 0;
}

int snort_content_content(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_text t = value;
	bool negated;
	uint32_t len = 0;
	int ret = snort_draft_unquote(d, keyword, &t, &negated);
	if (ret < 0)
		return ret;
	struct snort_test *test = snort_draft_add_test(d, SNORT_TEST_CONTENT);
	if (test == NULL)
		return -EINVAL;
	uint8_t *octets = snort_arena_take(&d->rule.arena, snort_text_len(t));
	if (octets == NULL)
		return -ENOMEM;
	ret = read_octets(d, t, octets, &len);
	if (ret < 0)
		return ret;
	if (len == 0)
		return refuse(d, "it is empty");
	if (len > SNORT_CONTENT_MAX)
		return snort_refuse(
			d->fault, SNORT_LIMIT, "a content of %u octets (accepted: up to %u)", len,
			SNORT_CONTENT_MAX
		);
	test->content.octets = octets;
	test->content.len = len;
	test->content.fast_len = len;
	test->content.flags = negated ? SNORT_NEGATED : 0;
	return 0;
}

// The latest content with the flag set on it, or NULL with the fault told.
static struct snort_content *
modify(struct snort_draft *d, const char *keyword, enum snort_content_flag flag) {
	uint32_t i = d->rule.n_tests;
	while (i > 0 && d->tests[i - 1].kind != SNORT_TEST_CONTENT)
		i--;
	if (i == 0) {
		snort_refuse(
			d->fault, SNORT_BAD_OPTION, "%s: no content stands before it", keyword
		);
		return NULL;
	}
	struct snort_content *c = &d->tests[i - 1].content;
	if (c->flags & flag) {
		snort_refuse(
			d->fault, "repeated keyword", "%s is given twice for one content", keyword
		);
		return NULL;
	}
	c->flags |= flag;
	return c;
}

int snort_content_nocase(struct snort_draft *d, const char *keyword, struct snort_text value) {
	(void)value;
	return modify(d, keyword, SNORT_NOCASE) == NULL ? -EINVAL : 0;
}

int snort_content_rawbytes(struct snort_draft *d, const char *keyword, struct snort_text value) {
	(void)value;
	// No flag of its own: there are no other bytes than raw ones.
	return modify(d, keyword, (enum snort_content_flag)0) == NULL ? -EINVAL : 0;
}

int snort_content_startswith(struct snort_draft *d, const char *keyword, struct snort_text value) {
	(void)value;
	return modify(d, keyword, SNORT_STARTSWITH) == NULL ? -EINVAL : 0;
}

int snort_content_endswith(struct snort_draft *d, const char *keyword, struct snort_text value) {
	(void)value;
	return modify(d, keyword, SNORT_ENDSWITH) == NULL ? -EINVAL : 0;
}

int snort_content_fast_pattern(
	struct snort_draft *d, const char *keyword, struct snort_text value
) {
	static const char accepted[] = "nothing, only, or offset,length within the content";
	struct snort_content *c = modify(d, keyword, SNORT_FAST_PATTERN);
	struct snort_text rest = value, first = {}, second = {};
	uint64_t at, len;
	if (c == NULL)
		return -EINVAL;
	if (value.at == NULL)
		return 0;
	if (snort_text_is(value, "only")) {
		c->flags |= SNORT_FAST_PATTERN_ONLY;
		return 0;
	}
	snort_text_next(&rest, ',', &first);
	if (!snort_text_next(&rest, ',', &second) || rest.at != NULL
	    || snort_text_read_uint(first, c->len, &at) < 0
	    || snort_text_read_uint(second, c->len, &len) < 0 || len == 0 || at + len > c->len)
		return snort_draft_refuse_value(d, keyword, value, accepted);
	c->fast_at = (uint32_t)at;
	c->fast_len = (uint32_t)len;
	return 0;
}

bool snort_content_is_variable(struct snort_text value) {
	return value.at < value.end
		&& ((*value.at >= 'a' && *value.at <= 'z') || (*value.at >= 'A' && *value.at <= 'Z')
		    || *value.at == '_');
}

int snort_content_refuse_variable(
	struct snort_draft *d, const char *keyword, struct snort_text value
) {
	char buf[SNORT_SHOWN];
	return snort_refuse(
		d->fault, "byte_extract variable",
		"%s: '%s': variables of byte_extract and byte_math are not supported", keyword,
		snort_text_show(value, buf)
	);
}

static int read_place(
	struct snort_draft *d, const char *keyword, struct snort_text value, int64_t min,
	int64_t *place
) {
	if (snort_content_is_variable(value))
		return snort_content_refuse_variable(d, keyword, value);
	if (snort_text_read_int(value, min, SNORT_PLACE_MAX, place) < 0)
		return snort_draft_refuse_value(
			d, keyword, value,
			min < 0            ? "-1048576 to 1048576"
				: min == 0 ? "0 to 1048576"
					   : "1 to 1048576"
		);
	return 0;
}

int snort_content_offset(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_content *c = modify(d, keyword, SNORT_OFFSET);
	int64_t place = 0;
	int ret = c == NULL ? -EINVAL : read_place(d, keyword, value, 0, &place);
	if (ret == 0)
		c->offset = (uint32_t)place;
	return ret;
}

int snort_content_depth(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_content *c = modify(d, keyword, SNORT_DEPTH);
	int64_t place = 0;
	int ret = c == NULL ? -EINVAL : read_place(d, keyword, value, 1, &place);
	if (ret == 0)
		c->depth = (uint32_t)place;
	return ret;
}

int snort_content_distance(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_content *c = modify(d, keyword, SNORT_DISTANCE);
	int64_t place = 0;
	int ret = c == NULL ? -EINVAL : read_place(d, keyword, value, -SNORT_PLACE_MAX, &place);
	if (ret == 0)
		c->distance = (int32_t)place;
	return ret;
}

int snort_content_within(struct snort_draft *d, const char *keyword, struct snort_text value) {
	struct snort_content *c = modify(d, keyword, SNORT_WITHIN);
	int64_t place = 0;
	int ret = c == NULL ? -EINVAL : read_place(d, keyword, value, 1, &place);
	if (ret == 0)
		c->within = (uint32_t)place;
	return ret;
}

static int check_one(struct snort_draft *d, struct snort_content *c) {
	const uint32_t absolute = SNORT_OFFSET | SNORT_DEPTH;
	const uint32_t relative = SNORT_DISTANCE | SNORT_WITHIN;
	if ((c->flags & SNORT_STARTSWITH) && (c->flags & (absolute | relative)))
		return refuse(d, "startswith beside offset, depth, distance or within");
	if ((c->flags & absolute) && (c->flags & relative))
		return refuse(d, "offset or depth beside distance or within");
	if ((c->flags & SNORT_FAST_PATTERN_ONLY)
	    && (c->flags & (absolute | relative | SNORT_NEGATED | SNORT_STARTSWITH | SNORT_ENDSWITH)
	    ))
		return refuse(d, "fast_pattern:only on a content that is negated or has a place");
	if ((c->flags & SNORT_DEPTH) && c->depth < c->len)
		return refuse(d, "depth is less than its length: it can match nowhere");
	if ((c->flags & SNORT_WITHIN) && c->within < c->len)
		return refuse(d, "within is less than its length: it can match nowhere");
	if (c->flags & SNORT_STARTSWITH) {
		c->flags |= SNORT_OFFSET | SNORT_DEPTH;
		c->depth = c->len;
	}
	return 0;
}

int snort_content_check(struct snort_draft *d) {
	for (uint32_t i = 0; i < d->rule.n_tests; i++) {
		int ret = d->tests[i].kind == SNORT_TEST_CONTENT
			? check_one(d, &d->tests[i].content)
			: 0;
		if (ret < 0)
			return ret;
	}
	return 0;
}
