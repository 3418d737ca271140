// Dresses options up as a rule file of one line.

#include "rule_one.h"

#include "match/snort/snort_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct snort_rule *rule_one(struct snort_rules *rs, const char *options) {
	struct err err = {};
	char *text = NULL;
	if (asprintf(&text, "alert udp any any -> any any (%s sid:1;)\n", options) < 0)
		return NULL;
	int ret = snort_file_read_text("rule", text, strlen(text), NULL, rs, &err);
	free(text);
	return ret == 0 && rs->n_rules == 1 ? &rs->rules[0] : NULL;
}
