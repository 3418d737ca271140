// Keeps a caller's, a file's and the built-in variables under their names.

#include "snort_scope.h"

#include "snort_expr.h"
#include "snort_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct snort_variable *add(struct snort_scope *s, struct snort_text name) {
	uint32_t number = snort_names_add(&s->names, name);
	if (number == SNORT_NAME_NONE)
		return NULL;
	if (number >= s->room) {
		uint32_t room = s->room == 0 ? 64 : s->room * 2;
		struct snort_variable *bigger = reallocarray(
			s->variables, room, sizeof(*s->variables)
		);
		if (bigger == NULL)
			return NULL;
		memset(bigger + s->room, 0, (room - s->room) * sizeof(*bigger));
		s->variables = bigger;
		s->room = room;
	}
	return &s->variables[number];
}

static int add_constant(struct snort_scope *s, const struct snort_var *var, bool given) {
	struct snort_text name = {var->name, var->name + strlen(var->name)};
	if (name.at == name.end)
		return 0;
	struct snort_variable *v = add(s, name);
	if (v == NULL)
		return -ENOMEM;
	if (given)
		v->given = var->value;
	else
		v->preset = var->value;
	return 0;
}

int snort_scope_init(struct snort_scope *s, const struct snort_vars *vars) {
	uint32_t n_default;
	const struct snort_var *preset = snort_vars_default(&n_default);
	int ret = 0;
	*s = (struct snort_scope){.epoch = 1};
	for (uint32_t i = 0; ret == 0 && i < n_default; i++)
		ret = add_constant(s, &preset[i], false);
	for (uint32_t i = 0; ret == 0 && vars != NULL && i < vars->n; i++)
		ret = add_constant(s, &vars->vars[i], true);
	s->cache = ret == 0 ? snort_expr_cache_new() : NULL;
	if (s->cache == NULL) {
		snort_scope_fini(s);
		return -ENOMEM;
	}
	return 0;
}

void snort_scope_fini(struct snort_scope *s) {
	for (uint32_t i = 0; i < s->names.n && i < s->room; i++) {
		struct snort_variable *v = &s->variables[i];
		free(v->own);
		for (unsigned kind = 0; kind < SNORT_KINDS; kind++)
			snort_sum_fini(&v->meaning[kind].sum);
	}
	free(s->variables);
	free(s->cache);
	snort_names_fini(&s->names);
	*s = (struct snort_scope){};
}

int snort_scope_define(struct snort_scope *s, struct snort_text name, struct snort_text value) {
	struct snort_variable *v = snort_scope_find(s, name);
	if (v == NULL || v->own == NULL) {
		if (s->n_own == SNORT_OWN_MAX)
			return -E2BIG;
		v = add(s, name);
		if (v == NULL)
			return -ENOMEM;
		s->n_own++;
	}
	char *copy = strndup(value.at, snort_text_len(value));
	if (copy == NULL) {
		s->n_own -= v->own == NULL;
		return -ENOMEM;
	}
	free(v->own);
	v->own = copy;
	s->epoch++;
	return 0;
}

struct snort_variable *snort_scope_find(struct snort_scope *s, struct snort_text name) {
	uint32_t number = snort_names_find(&s->names, name);
	if (number == SNORT_NAME_NONE || number >= s->room)
		return NULL;
	struct snort_variable *v = &s->variables[number];
	return snort_variable_value(v) != NULL ? v : NULL;
}

const char *snort_variable_value(const struct snort_variable *v) {
	if (v->given != NULL)
		return v->given;
	return v->own != NULL ? v->own : v->preset;
}
