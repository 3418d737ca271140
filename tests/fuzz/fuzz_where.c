// Any octets as a condition: reading it never faults, refusing it says where, and what is read gives the same
// answer however it is wrapped. The first octets make the key.

#include "flow/where.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

// What `before`, the text and `after` say of the key; -1: refused.
static int
ask(const char *before, const char *text, const char *after, const struct flow_key *key,
    const struct key_cut *cut) {
	size_t room = strlen(before) + strlen(text) + strlen(after) + 1;
	char *whole = malloc(room);
	struct err err = {0};
	check(whole != NULL);
	strcpy(whole, before);
	strcat(whole, text);
	strcat(whole, after);
	struct where *w = where_new(whole, FIELD_SET_ALL, cut, &err);
	check((w == NULL) == (strncmp(err.text, "column ", 7) == 0));
	int answer = w != NULL ? where_holds(w, key, (struct rule_id){1, 2}) : -1;
	where_free(w);
	free(whole);
	return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct flow_key key = {0};
	struct key_cut cut = {0};
	size_t n = size < FLOW_KEY_HEAD ? size : FLOW_KEY_HEAD;
	memcpy(&key, data, n);
	memcpy(key.src6, data, n < 16 ? n : 16);
	if (key.in_port & 1)
		cut = (struct key_cut){.v4 = {8, 16}, .v6 = {64, 80}};
	char *text = malloc(size - n + 1);
	check(text != NULL);
	memcpy(text, data + n, size - n);
	text[size - n] = '\0';
	int answer = ask("", text, "", &key, &cut);
	if (answer < 0) {
		free(text);
		return 0;
	}
	int wrapped = ask("(", text, ")", &key, &cut);
	int negated = ask("not (", text, ")", &key, &cut);
	// The text alone may be just not too deep.
	check(wrapped == answer || wrapped == -1);
	check(negated == !answer || negated == -1);
	int joined = ask("proto >= 0 and (", text, ") or proto < 0", &key, &cut);
	check(joined == answer || joined == -1);
	free(text);
	return 0;
}
