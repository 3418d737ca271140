// The list of entries, and what may stand in any of them wherever it comes from.

#include "entry.h"

#include <stdlib.h>
#include <string.h>

struct conf_entry *conf_entries_add(struct conf_entries *entries) {
	if ((entries->n & (entries->n - 1)) == 0) {
		size_t room = entries->n == 0 ? 1 : (size_t)entries->n * 2;
		void *grown = realloc(entries->item, room * sizeof(*entries->item));
		if (grown == NULL)
			return NULL;
		entries->item = grown;
	}
	struct conf_entry *e = &entries->item[entries->n++];
	*e = (struct conf_entry){0};
	return e;
}

void conf_entries_fini(struct conf_entries *entries) {
	for (uint32_t i = 0; i < entries->n; i++) {
		struct conf_entry *e = &entries->item[i];
		free(e->section);
		free(e->instance);
		free(e->key);
		free(e->value);
	}
	free(entries->item);
	*entries = (struct conf_entries){0};
}

char *conf_entry_name(const char *section, const char *instance, const char *key) {
	char *name = NULL;
	int ret = asprintf(
		&name, "%s%s%s%s%s", section, instance != NULL ? "." : "",
		instance != NULL ? instance : "", key != NULL ? "." : "", key != NULL ? key : ""
	);
	return ret < 0 ? NULL : name;
}

// Octets of the UTF-8 character at `p` by RFC 3629 section 4, 0 when it is none.
static size_t character(const uint8_t *p, size_t n) {
	static const struct {
		uint8_t first, last, low, high, len; // bounds of the first and of the second octet
	} form[] = {
		{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		if (p[0] < form[i].first || p[0] > form[i].last)
			continue;
		size_t len = form[i].len;
		if (len > n || (len > 1 && (p[1] < form[i].low || p[1] > form[i].high)))
			return 0;
		for (size_t j = 2; j < len; j++) {
			if ((p[j] & 0xc0) != 0x80)
				return 0;
		}
		return len;
	}
	return 0;
}

const char *conf_octets_wrong(const char *text, size_t n) {
	const uint8_t *p = (const uint8_t *)text;
	for (size_t i = 0; i < n;) {
		if (p[i] == '\0')
			return "a NUL octet";
		if ((p[i] < ' ' && p[i] != '\t') || p[i] == 0x7f)
			return "a control character";
		size_t len = character(p + i, n - i);
		if (len == 0)
			return "octets that are not UTF-8";
		i += len;
	}
	return NULL;
}
