// A list that is searched from its beginning: nobody has many variables.

#include "vars.h"

#include "list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LEN_MAX 64

static bool is_name(const char *name) {
	static const char
		allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	size_t n = strlen(name);
	return n > 0 && n <= NAME_LEN_MAX && strspn(name, allowed) == n;
}

// The place of a name in the list, which may differ in case; the end where it is not there.
static uint32_t find(const struct conf_vars *vars, const char *name) {
	uint32_t i = 0;
	while (i < vars->n && strcasecmp(vars->item[i].name, name) != 0)
		i++;
	return i;
}

static int add(struct conf_vars *vars, const char *name) {
	struct conf_var *bigger = reallocarray(
		vars->item, (size_t)vars->n + 1, sizeof(*vars->item)
	);
	if (bigger == NULL)
		return -ENOMEM;
	vars->item = bigger;
	bigger[vars->n] = (struct conf_var){.name = strdup(name)};
	if (bigger[vars->n].name == NULL)
		return -ENOMEM;
	vars->n++;
	return 0;
}

static void refuse(struct conf_build *b, const struct conf_entry *e, const char *what) {
	char *full = conf_entry_name(e->section, NULL, e->key);
	conf_report_add(b->report, e->at, full, e->value, "%s", what);
	free(full);
}

void conf_vars_take(struct conf_build *b, const struct conf_entry *e) {
	struct conf_vars *vars = &b->conf->vars;
	char *value = conf_text_dup(e->value), what[160];
	uint32_t i = find(vars, e->key);
	if (value == NULL) {
		refuse(b, e, "out of memory");
		return;
	}
	if (!is_name(e->key)) {
		snprintf(
			what, sizeof(what),
			"not the name of a variable (accepted: letters, digits and _, at most %d; "
			"without the $)",
			NAME_LEN_MAX
		);
		refuse(b, e, what);
	} else if (value[0] == '\0') {
		refuse(b, e,
		       "must not be empty (accepted: addresses or ports as in a rule, as "
		       "[10.0.0.0/8,!10.1.0.0/16])");
	} else if (i < vars->n && strcmp(vars->item[i].name, e->key) != 0) {
		// A file cannot have both, see conf_scan.
		snprintf(
			what, sizeof(what), "differs from %s in case only (accepted: %s)",
			vars->item[i].name, vars->item[i].name
		);
		refuse(b, e, what);
	} else if (i == CONF_MAX_VARS) {
		snprintf(
			what, sizeof(what), "one variable too many (accepted: at most %d)",
			CONF_MAX_VARS
		);
		refuse(b, e, what);
	} else if (i == vars->n && add(vars, e->key) < 0) {
		refuse(b, e, "out of memory");
	} else {
		free(vars->item[i].value);
		vars->item[i].value = value;
		return;
	}
	free(value);
}

void conf_vars_print(const struct conf_vars *vars, FILE *to) {
	fputs("# what $NAME stands for in *.rules, ahead of what the files say\n", to);
	for (uint32_t i = 0; i < vars->n; i++) {
		fprintf(to, "%s = ", vars->item[i].name);
		conf_text_print(vars->item[i].value, to);
		fputc('\n', to);
	}
}

void conf_vars_fini(struct conf_vars *vars) {
	for (uint32_t i = 0; i < vars->n; i++) {
		free(vars->item[i].name);
		free(vars->item[i].value);
	}
	free(vars->item);
	*vars = (struct conf_vars){};
}
