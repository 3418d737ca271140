// Words end where an octet comes that no value has, and at two dots, which stand between two values.

#include "where_scan.h"

#include <string.h>
#include <strings.h>

static bool in_word(const char *p) {
	static const char others[] = "_.:/";
	return (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')
		|| (*p != '\0' && strchr(others, *p) != NULL && strncmp(p, "..", 2) != 0);
}

static const struct {
	char text[3];
	enum where_sign sign;
} signs[] = {
	// The longer ones first.
	{"..", WHERE_DOTS},    {"==", WHERE_EQUAL},      {"!=", WHERE_UNEQUAL},
	{"<>", WHERE_UNEQUAL}, {"<=", WHERE_LESS_EQUAL}, {">=", WHERE_MORE_EQUAL},
	{"=", WHERE_EQUAL},    {"<", WHERE_LESS},        {">", WHERE_MORE},
	{"(", WHERE_OPEN},     {")", WHERE_CLOSE},       {",", WHERE_COMMA},
};

static void find_sign(struct where_scan *s) {
	for (uint32_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		s->n = (uint32_t)strlen(signs[i].text);
		s->sign = signs[i].sign;
		if (strncmp(s->at, signs[i].text, s->n) == 0)
			return;
	}
	s->sign = WHERE_OTHER;
	s->n = 1;
}

void where_scan_next(struct where_scan *s) {
	s->at += s->n;
	s->at += strspn(s->at, " \t");
	s->n = 0;
	while (in_word(s->at + s->n))
		s->n++;
	s->sign = s->n > 0 ? WHERE_WORD : WHERE_END;
	if (s->n == 0 && *s->at != '\0')
		find_sign(s);
}

void where_scan_init(struct where_scan *s, const char *text) {
	*s = (struct where_scan){.text = text, .at = text};
	where_scan_next(s);
}

bool where_scan_is(const struct where_scan *s, const char *word) {
	return s->sign == WHERE_WORD && strlen(word) == s->n && strncasecmp(s->at, word, s->n) == 0;
}
