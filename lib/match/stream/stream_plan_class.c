// Classes are those of ASCII in Perl: \w \d \s and the names between colons know no locale.

#include "stream_plan_class.h"

#include "stream_plan_regex.h"

#include <errno.h>
#include <string.h>

static int hex_value(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_alnum(char c) {
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct octet_set set_of(const char *octets) {
	struct octet_set s = {};
	for (; *octets != '\0'; octets++)
		octet_set_add(&s, (uint8_t)*octets);
	return s;
}

static struct octet_set alnum(void) {
	return octet_set_or(octet_set_fold(octet_set_range('a', 'z')), octet_set_range('0', '9'));
}

// \d and its like. False when the letter is none of them.
static bool class_of(char letter, struct octet_set *set) {
	switch (letter | 0x20) {
	case 'd':
		*set = octet_set_range('0', '9');
		break;
	case 'w':
		*set = octet_set_or(alnum(), set_of("_"));
		break;
	case 's':
		*set = set_of(" \t\n\v\f\r");
		break;
	case 'h':
		*set = set_of(" \t\xa0");
		break;
	case 'v':
		*set = set_of("\n\v\f\r\x85");
		break;
	default:
		return false;
	}
	if (!(letter & 0x20))
		*set = octet_set_not(*set);
	return true;
}

static int refuse_escape(struct snort_fault *fault, char letter) {
	return snort_refuse(
		fault, "pcre: escape", "pcre: \\%c is not supported over a stream",
		letter > ' ' && letter < 0x7f ? letter : '?'
	);
}

// *p behind the x.
static int read_hex(const char **p, const char *end, unsigned *octet, struct snort_fault *fault) {
	bool braces = *p < end && **p == '{';
	unsigned digits = 0;
	*octet = 0;
	*p += braces;
	for (; *p < end && hex_value(**p) >= 0 && (braces || digits < 2); ++*p, digits++) {
		*octet = *octet * 16 + (unsigned)hex_value(**p);
		if (*octet > 0xff)
			return snort_refuse(
				fault, "pcre: escape", "pcre: \\x{..} is over ff: no octet"
			);
	}
	if (braces && (digits == 0 || *p == end || **p != '}'))
		return snort_refuse(fault, REGEX_SYNTAX, "pcre: \\x{ without hex digits and }");
	*p += braces;
	return 0;
}

static unsigned read_octal(const char **p, const char *end, unsigned digits) {
	unsigned octet = 0;
	for (; digits > 0 && *p < end && **p >= '0' && **p <= '7'; ++*p, digits--)
		octet = octet * 8 + (unsigned)(**p - '0');
	return octet & 0xff;
}

int regex_read_escape(
	const char **p, const char *end, bool in_class, struct octet_set *set, bool *one,
	struct snort_fault *fault
) {
	static const char letters[] = "aefnrt", octets[] = "\a\x1b\f\n\r\t";
	char letter = *(*p + 1);
	const char *known = memchr(letters, letter, sizeof(letters) - 1);
	unsigned octet = (uint8_t)letter;
	*p += 2;
	*one = true;
	if (class_of(letter, set)) {
		*one = false;
		return 0;
	}
	if (letter == 'N' && !in_class && (*p == end || **p != '{')) {
		*one = false;
		*set = octet_set_not(set_of("\n"));
		return 0;
	}
	if (known != NULL) {
		octet = (uint8_t)octets[known - letters];
	} else if (letter == 'b' && in_class) {
		octet = '\b';
	} else if (letter == 'x') {
		int ret = read_hex(p, end, &octet, fault);
		if (ret < 0)
			return ret;
	} else if (letter >= '0' && letter <= '7') {
		--*p;
		octet = read_octal(p, end, 3);
	} else if (letter == 'c' && *p < end) {
		octet = (uint8_t) * *p;
		if (octet >= 'a' && octet <= 'z')
			octet -= 'a' - 'A';
		octet ^= 0x40;
		++*p;
	} else if (is_alnum(letter)) {
		return refuse_escape(fault, letter);
	}
	*set = octet_set_of((uint8_t)octet, false);
	return 0;
}

// `[:name:]`, *p at its opening bracket. False when there is none.
static bool read_name(const char **p, const char *end, struct octet_set *set) {
	static const char *const names[] = {
		"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph",
		"lower", "print", "punct", "space", "upper", "word",  "xdigit",
	};
	struct octet_set alpha = octet_set_fold(octet_set_range('a', 'z'));
	struct octet_set graph = octet_set_range(0x21, 0x7e);
	const struct octet_set sets[] = {
		alnum(),
		alpha,
		octet_set_range(0, 0x7f),
		set_of(" \t"),
		octet_set_or(octet_set_range(0, 0x1f), set_of("\x7f")),
		octet_set_range('0', '9'),
		graph,
		octet_set_range('a', 'z'),
		octet_set_range(0x20, 0x7e),
		octet_set_and(graph, octet_set_not(alnum())),
		set_of(" \t\n\v\f\r"),
		octet_set_range('A', 'Z'),
		octet_set_or(alnum(), set_of("_")),
		octet_set_or(octet_set_range('0', '9'), octet_set_fold(octet_set_range('a', 'f'))),
	};
	const char *name = *p + 2;
	bool negated = name < end && *name == '^';
	name += negated;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i]);
		if ((size_t)(end - name) < len + 2 || memcmp(name, names[i], len) != 0
		    || memcmp(name + len, ":]", 2) != 0)
			continue;
		*set = negated ? octet_set_not(sets[i]) : sets[i];
		*p = name + len + 2;
		return true;
	}
	return false;
}

// One member of a class, *p at it.
static int read_member(
	const char **p, const char *end, struct octet_set *set, bool *one, struct snort_fault *fault
) {
	*one = false;
	if (**p == '[' && end - *p > 1 && strchr(":.=", *(*p + 1)) != NULL && *(*p + 1) != '\0'
	    && memchr(*p, ']', (size_t)(end - *p)) != NULL) {
		if (*(*p + 1) == ':' && read_name(p, end, set))
			return 0;
		return snort_refuse(
			fault, REGEX_SYNTAX, "pcre: [:, [. or [= within a class names no class"
		);
	}
	if (**p == '\\') {
		if (end - *p < 2)
			return snort_refuse(fault, REGEX_SYNTAX, "pcre: a class is not closed");
		return regex_read_escape(p, end, true, set, one, fault);
	}
	*one = true;
	*set = octet_set_of((uint8_t) * *p, false);
	++*p;
	return 0;
}

static unsigned only_octet(const struct octet_set *s) {
	unsigned i = 0;
	while (i < 255 && !octet_set_has(s, (uint8_t)i))
		i++;
	return i;
}

// `-z` behind a member of a class, if that is what comes; `one`: the member is a single octet.
static int read_range(
	const char **p, const char *end, struct octet_set *set, bool one, struct snort_fault *fault
) {
	const char *next = *p + 1;
	struct octet_set last;
	bool last_one;
	if (end - *p < 2 || **p != '-' || *next == ']')
		return 0;
	int ret = read_member(&next, end, &last, &last_one, fault);
	if (ret < 0)
		return ret;
	if (!one || !last_one)
		return snort_refuse(
			fault, REGEX_SYNTAX, "pcre: a range in a class from or to another class"
		);
	if (only_octet(&last) < only_octet(set))
		return snort_refuse(fault, REGEX_SYNTAX, "pcre: a range in a class runs backwards");
	*set = octet_set_range((uint8_t)only_octet(set), (uint8_t)only_octet(&last));
	*p = next;
	return 0;
}

// Whether a class, *p behind its bracket, is a name such as [:alpha:] without the class around it.
static bool is_bare_name(const char *p, const char *end) {
	char sign = p < end ? *p : '\0';
	if (sign != ':' && sign != '.' && sign != '=')
		return false;
	for (p++; end - p > 1 && *p != ']' && !(*p == '[' && p[1] == sign); p++) {
		if (*p == sign && p[1] == ']')
			return true;
		if (*p == '\\' && (p[1] == ']' || p[1] == '\\'))
			p++;
	}
	return false;
}

int regex_read_class(
	const char **p, const char *end, bool caseless, struct octet_set *set,
	struct snort_fault *fault
) {
	struct octet_set all = {}, lo;
	bool negated = *p < end && **p == '^', lo_one;
	if (is_bare_name(*p, end))
		return snort_refuse(fault, REGEX_SYNTAX, "pcre: [:name:] stands only within []");
	*p += negated;
	for (bool first = true;; first = false) {
		if (*p == end)
			return snort_refuse(fault, REGEX_SYNTAX, "pcre: a class is not closed");
		if (**p == ']' && !first)
			break;
		int ret = read_member(p, end, &lo, &lo_one, fault);
		if (ret < 0)
			return ret;
		ret = read_range(p, end, &lo, lo_one, fault);
		if (ret < 0)
			return ret;
		all = octet_set_or(all, lo);
	}
	++*p;
	if (caseless)
		all = octet_set_fold(all);
	*set = negated ? octet_set_not(all) : all;
	if (octet_set_is_empty(*set))
		return snort_refuse(fault, REGEX_SYNTAX, "pcre: a class that nothing is in");
	return 0;
}
