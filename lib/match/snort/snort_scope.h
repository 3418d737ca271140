// The variables that rules of a file can see, each with what it stands for. Values are read when they
// are first named, so that one that no rule names may hold anything.
#pragma once

#include "snort_names.h"
#include "snort_sum.h"
#include "snort_vars.h"

#include <stdbool.h>

struct snort_text;

enum snort_kind {
	SNORT_KIND_ADDRESS,
	SNORT_KIND_PORT,
};
#define SNORT_KINDS 2

// Made by snort_expr.c from the value.
struct snort_meaning {
	struct snort_sum sum;
	uint64_t epoch; // the scope's when it was made; 0: never
	bool busy; // is being made: who asks for it now has met itself
};

struct snort_variable {
	const char *given; // the caller's value, or NULL
	char *own; // the file's, or NULL
	const char *preset; // the built-in one, or NULL
	struct snort_meaning meaning[SNORT_KINDS];
};

struct snort_scope {
	struct snort_names names;
	struct snort_variable *variables; // by number of the name
	uint32_t room;
	uint32_t n_own;
	uint64_t epoch; // counts definitions, from 1
	uint64_t work; // ranges handled so far; bounded by SNORT_WORK_MAX
	struct snort_cached *cache; // snort_expr.c's
};

// Variables a file may define.
#define SNORT_OWN_MAX 4096u
// A few seconds' worth.
#define SNORT_WORK_MAX (1ull << 25)

// `vars` (NULL: none) must live as long as the scope. Returns 0 or -ENOMEM.
int snort_scope_init(struct snort_scope *s, const struct snort_vars *vars);
void snort_scope_fini(struct snort_scope *s);

// A line of the file defines a variable, or defines it anew. Returns 0, -E2BIG or -ENOMEM.
int snort_scope_define(struct snort_scope *s, struct snort_text name, struct snort_text value);

// NULL: no such variable.
struct snort_variable *snort_scope_find(struct snort_scope *s, struct snort_text name);

// The value that counts. Never NULL for what snort_scope_find gives.
const char *snort_variable_value(const struct snort_variable *v);
