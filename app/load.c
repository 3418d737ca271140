// Loading a configuration for a command.

#include "load.h"

#include "flow/where.h"
#include "packet/filter.h"

#include <errno.h>
#include <stdio.h>

static int check_filter(const char *expression, struct err *err) {
	struct filter *f = filter_new(expression, err);
	filter_free(f);
	return f != NULL ? 0 : -EINVAL;
}

static int
check_where(const char *expression, uint32_t fields, const struct key_cut *cut, struct err *err) {
	struct where *w = where_new(expression, fields, cut, err);
	where_free(w);
	return w != NULL ? 0 : -EINVAL;
}

struct conf *load_configuration(const char *path, const char *const *sets, uint32_t n_sets) {
	static const struct conf_checks checks = {.filter = check_filter, .where = check_where};
	struct conf_errors errors = {0};
	struct conf *conf = conf_load_checked(path, sets, n_sets, &checks, &errors);
	for (uint32_t i = 0; i < errors.n; i++)
		fprintf(stderr, "%s\n", errors.line[i]);
	conf_errors_fini(&errors);
	return conf;
}
