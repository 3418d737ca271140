// Reads lines of hsbench pattern files, as Hyperscan's tools do, and says what is wrong with one that
// does not fit. What the regex itself means is Hyperscan's affair.

#include "hsbench.h"

#include "match/combination.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span {
	const char *at;
	const char *end;
};

static const struct {
	char letter;
	uint32_t flag;
} flag_letters[] = {
	{'i', PATTERN_CASELESS},
	{'s', PATTERN_DOTALL},
	{'m', PATTERN_MULTILINE},
	{'H', PATTERN_SINGLEMATCH},
	{'V', PATTERN_ALLOWEMPTY},
	{'8', PATTERN_UTF8},
	{'W', PATTERN_UCP},
	{'P', PATTERN_PREFILTER},
	{'L', PATTERN_SOM_LEFTMOST},
	{'C', PATTERN_COMBINATION},
	{'Q', PATTERN_QUIET},
	// Asks hscollider to check the order of matches; says nothing about what matches.
	{'O', 0},
};

static const struct {
	const char *name;
	uint32_t bit;
	uint64_t max;
} parameters[] = {
	{"min_offset", PATTERN_MIN_OFFSET, UINT64_MAX},
	{"max_offset", PATTERN_MAX_OFFSET, UINT64_MAX},
	{"min_length", PATTERN_MIN_LENGTH, UINT64_MAX},
	{"edit_distance", PATTERN_EDIT_DISTANCE, UINT32_MAX},
	{"hamming_distance", PATTERN_HAMMING_DISTANCE, UINT32_MAX},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static_assert(COUNT(flag_letters) < HSBENCH_FLAGS_MAX);

void hsbench_print_flags(uint32_t flags, char to[HSBENCH_FLAGS_MAX]) {
	for (size_t i = 0; i < COUNT(flag_letters); i++)
		if (flags & flag_letters[i].flag)
			*to++ = flag_letters[i].letter;
	*to = '\0';
}

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void trim(struct span *s) {
	while (s->at < s->end && is_blank(*s->at))
		s->at++;
	while (s->at < s->end && is_blank(s->end[-1]))
		s->end--;
}

// The start of `s` as it may be shown on a terminal. Returns `buf`.
static const char *show(struct span s, char buf[40]) {
	uint64_t len = (uint64_t)(s.end - s.at);
	uint64_t n = 0;
	for (; n < len && n < 32; n++)
		buf[n] = s.at[n] >= ' ' && s.at[n] <= '~' ? s.at[n] : '?';
	strcpy(buf + n, n < len ? "..." : "");
	return buf;
}

static int refuse(struct hsbench_line *l, const char *group) {
	l->group = group;
	return -EINVAL;
}

// Reads a decimal number at s->at. Returns 0, -EINVAL (none there) or -ERANGE (over max).
static int read_number(struct span *s, uint64_t max, uint64_t *value) {
	const char *start = s->at;
	bool over = false;
	*value = 0;
	for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++) {
		over = over || __builtin_mul_overflow(*value, 10, value)
			|| __builtin_add_overflow(*value, (uint64_t)(*s->at - '0'), value);
	}
	if (s->at == start)
		return -EINVAL;
	return over || *value > max ? -ERANGE : 0;
}

static int read_id(struct hsbench_line *l, struct span *s) {
	char buf[40];
	struct span all = *s;
	uint64_t id;
	int ret = read_number(s, UINT32_MAX, &id);
	if (ret == -EINVAL || s->at == s->end || *s->at != ':') {
		err_set(&l->reason, 0, "'%s' is not id:/regex/flags", show(all, buf));
		return refuse(l, "syntax");
	}
	if (ret == -ERANGE) {
		all.end = s->at;
		err_set(&l->reason, 0, "id %s is over %u", show(all, buf), UINT32_MAX);
		return refuse(l, "syntax");
	}
	s->at++;
	l->pattern.id = (uint32_t)id;
	l->has_id = true;
	return 0;
}

static int read_flags(struct hsbench_line *l, struct span *s) {
	for (; s->at < s->end && *s->at != '{'; s->at++) {
		unsigned i = 0;
		while (i < COUNT(flag_letters) && flag_letters[i].letter != *s->at)
			i++;
		if (i == COUNT(flag_letters)) {
			char name[8];
			unsigned char c = (unsigned char)*s->at;
			snprintf(name, sizeof(name), c > ' ' && c <= '~' ? "%c" : "\\x%02x", c);
			err_set(&l->reason, 0,
				"unknown flag '%s' (accepted: i s m H V 8 W P L C Q)", name);
			return refuse(l, "flags");
		}
		l->pattern.flags |= flag_letters[i].flag;
	}
	if ((l->pattern.flags & PATTERN_COMBINATION)
	    && (l->pattern.flags & ~(PATTERN_COMBINATION | PATTERN_QUIET | PATTERN_SINGLEMATCH))) {
		err_set(&l->reason, 0, "a combination (flag C) takes no flags but H and Q");
		return refuse(l, "flags");
	}
	return 0;
}

static void set_parameter(struct pattern *p, uint32_t bit, uint64_t value) {
	p->ext |= bit;
	switch (bit) {
	case PATTERN_MIN_OFFSET:
		p->min_offset = value;
		break;
	case PATTERN_MAX_OFFSET:
		p->max_offset = value;
		break;
	case PATTERN_MIN_LENGTH:
		p->min_length = value;
		break;
	case PATTERN_EDIT_DISTANCE:
		p->edit_distance = (uint32_t)value;
		break;
	case PATTERN_HAMMING_DISTANCE:
		p->hamming_distance = (uint32_t)value;
		break;
	}
}

// One `name=number`.
static int read_parameter(struct hsbench_line *l, struct span s) {
	char buf[40];
	trim(&s);
	struct span name = {s.at, memchr(s.at, '=', (size_t)(s.end - s.at))};
	if (name.end == NULL) {
		err_set(&l->reason, 0, "extended parameter '%s' is not name=number", show(s, buf));
		return refuse(l, "extension");
	}
	size_t len = (size_t)(name.end - name.at);
	unsigned i = 0;
	while (i < COUNT(parameters)
	       && (strlen(parameters[i].name) != len
		   || memcmp(parameters[i].name, name.at, len) != 0))
		i++;
	if (i == COUNT(parameters)) {
		err_set(&l->reason, 0,
			"unknown extended parameter '%s' (accepted: min_offset max_offset min_length"
			" edit_distance hamming_distance)",
			show(name, buf));
		return refuse(l, "extension");
	}
	if (l->pattern.ext & parameters[i].bit) {
		err_set(&l->reason, 0, "%s is given twice", parameters[i].name);
		return refuse(l, "extension");
	}
	uint64_t value;
	struct span number = {name.end + 1, s.end};
	int ret = read_number(&number, parameters[i].max, &value);
	if (ret == -ERANGE) {
		err_set(&l->reason, 0, "%s is over %lu", parameters[i].name, parameters[i].max);
		return refuse(l, "extension");
	}
	if (ret < 0 || number.at < number.end) {
		number.at = name.end + 1;
		err_set(&l->reason, 0, "%s: '%s' is not a number", parameters[i].name,
			show(number, buf));
		return refuse(l, "extension");
	}
	set_parameter(&l->pattern, parameters[i].bit, value);
	return 0;
}

// `{name=number,...}` or nothing, to the end of the line.
static int read_parameters(struct hsbench_line *l, struct span s) {
	if (s.at == s.end)
		return 0;
	if (s.end[-1] != '}') {
		err_set(&l->reason, 0, "extended parameters do not end with '}'");
		return refuse(l, "extension");
	}
	s.at++;
	s.end--;
	for (;;) {
		size_t left = (size_t)(s.end - s.at);
		const char *comma = left > 0 ? memchr(s.at, ',', left) : NULL;
		struct span one = {s.at, comma != NULL ? comma : s.end};
		int ret = read_parameter(l, one);
		if (ret < 0)
			return ret;
		if (comma == NULL)
			break;
		s.at = comma + 1;
	}
	uint32_t ext = l->pattern.ext;
	if ((l->pattern.flags & PATTERN_COMBINATION)
	    && (ext & ~(PATTERN_MIN_OFFSET | PATTERN_MAX_OFFSET)) != 0) {
		err_set(&l->reason, 0,
			"a combination (flag C) takes only min_offset and max_offset");
		return refuse(l, "extension");
	}
	return 0;
}

// `/regex/`, up to the last slash of the line: flags and parameters hold none.
static int find_regex(struct hsbench_line *l, struct span *s, struct span *regex) {
	if (s->at == s->end || *s->at != '/') {
		err_set(&l->reason, 0, "no '/' behind the id (accepted: id:/regex/flags)");
		return refuse(l, "syntax");
	}
	regex->at = s->at + 1;
	regex->end = memrchr(s->at, '/', (size_t)(s->end - s->at));
	if (regex->end < regex->at) {
		err_set(&l->reason, 0, "no '/' at the regex's end (accepted: id:/regex/flags)");
		return refuse(l, "syntax");
	}
	if (memchr(regex->at, '\0', (size_t)(regex->end - regex->at)) != NULL) {
		err_set(&l->reason, 0, "a NUL octet in the regex (write \\x00)");
		return refuse(l, "syntax");
	}
	s->at = regex->end + 1;
	return 0;
}

int hsbench_read_line(struct hsbench_line *l, const char *text, uint64_t len) {
	struct span s = {text, text + len};
	struct span regex;
	l->has_id = false;
	l->pattern = (struct pattern){};
	trim(&s);
	if (s.at == s.end || *s.at == '#')
		return 0;
	int ret = read_id(l, &s);
	if (ret == 0)
		ret = find_regex(l, &s, &regex);
	if (ret == 0)
		ret = read_flags(l, &s);
	if (ret == 0)
		ret = read_parameters(l, s);
	if (ret < 0)
		return ret;
	bool combination = (l->pattern.flags & PATTERN_COMBINATION) != 0;
	uint64_t size = (uint64_t)(regex.end - regex.at);
	if (!combination && size > HSBENCH_REGEX_MAX) {
		err_set(&l->reason, 0, "regex of %lu octets (accepted: up to %u)", size,
			HSBENCH_REGEX_MAX);
		return refuse(l, "too_large");
	}
	l->pattern.regex = strndup(regex.at, size);
	if (l->pattern.regex == NULL)
		return -ENOMEM;
	if (combination && combination_check(l->pattern.regex, &l->reason) < 0) {
		free(l->pattern.regex);
		l->pattern.regex = NULL;
		return refuse(l, "syntax");
	}
	return 1;
}
