// Escaping (RFC 8259, section 7) of text that may hold anything, UTF-8 or not (RFC 3629).

#include "json_put.h"

// Octets of the UTF-8 sequence at `s`, which may be cut short by `left`; 0: it is none.
static size_t utf8_length(const uint8_t *s, size_t left) {
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n == 0 || s[0] > 0xf4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	// Longer than need be, surrogates, beyond U+10FFFF.
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)
	    || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static char *put_hex(char *p, uint8_t octet) {
	static const char digits[] = "0123456789abcdef";
	*p++ = digits[octet >> 4];
	*p++ = digits[octet & 15];
	return p;
}

static char *put_control(char *p, uint8_t c) {
	static const char letters[] = "\bb\tt\nn\ff\rr";
	for (const char *l = letters; *l != '\0'; l += 2) {
		if (*l == (char)c) {
			*p++ = '\\';
			*p++ = l[1];
			return p;
		}
	}
	return put_hex(json_put(p, "\\u00"), c);
}

char *json_put_text(char *p, const char *text, size_t max) {
	const uint8_t *s = (const uint8_t *)text;
	size_t len = strlen(text), at = 0;
	while (at < len) {
		size_t n = utf8_length(s + at, len - at), step = n > 0 ? n : 1;
		if (at + step > max)
			return json_put(p, "...");
		if (n == 0) {
			p = put_hex(json_put(p, "\\\\x"), s[at]);
		} else if (s[at] < 0x20) {
			p = put_control(p, s[at]);
		} else {
			if (s[at] == '"' || s[at] == '\\')
				*p++ = '\\';
			memcpy(p, s + at, n);
			p += n;
		}
		at += step;
	}
	return p;
}
