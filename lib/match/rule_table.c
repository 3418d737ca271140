// Texts are put one behind the other in one piece of memory, which is measured first.

#include "rule_table.h"

#include "hsbench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Writes /regex/flags, shortened, with its NUL; returns the octets. `to` NULL: only counts them.
static size_t print_pattern(const struct pattern *p, char *to, size_t room) {
	char flags[HSBENCH_FLAGS_MAX];
	size_t len = strlen(p->regex), shown = len;
	hsbench_print_flags(p->flags, flags);
	if (len > RULE_TABLE_TEXT_MAX) {
		shown = RULE_TABLE_TEXT_MAX;
		// Not within a UTF-8 sequence.
		while (shown > 0 && (p->regex[shown] & 0xc0) == 0x80)
			shown--;
	}
	int n = snprintf(
		to, room, "/%.*s%s/%s", (int)shown, p->regex, shown < len ? "..." : "", flags
	);
	return (size_t)n + 1;
}

int rule_table_init(struct rule_table *t, const struct ruleset *rs) {
	size_t room = 0, used = 0;
	for (uint32_t i = 0; i < rs->n_patterns; i++)
		room += print_pattern(&rs->patterns[i], NULL, 0);
	t->n = rs->n_patterns;
	t->info = calloc((size_t)t->n + 1, sizeof(*t->info));
	t->text = malloc(room + 1);
	if (t->info == NULL || t->text == NULL) {
		rule_table_fini(t);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		t->info[i] = (struct rule_info){
			.gid = 1,
			.sid = rs->patterns[i].id,
			.severity = RULE_SEVERITY_DEFAULT,
			.signature = t->text + used,
			.category = "",
		};
		used += print_pattern(&rs->patterns[i], t->text + used, room - used);
	}
	return 0;
}

void rule_table_fini(struct rule_table *t) {
	free(t->info);
	free(t->text);
	*t = (struct rule_table){0};
}
