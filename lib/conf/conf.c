// Loading: syntax of the file and of --set first, then what it means and whether it fits together.

#include "conf.h"

#include "build.h"
#include "file.h"
#include "list.h"
#include "path.h"
#include "value.h"
#include "vars.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The file by its folder, so that it can be named from anywhere.
static char *absolute_file(const char *path, const char *folder) {
	const char *slash = strrchr(path, '/');
	return conf_path_absolute(folder, slash != NULL ? slash + 1 : path);
}

static struct conf *
build(struct conf_report *report, const struct conf_entries *entries, const char *folder,
      const struct conf_checks *checks) {
	struct conf *conf = calloc(1, sizeof(*conf));
	char *here = realpath(".", NULL);
	struct conf_build b = {
		.conf = conf,
		.report = report,
		.checks = checks,
		.file_folder = folder,
		.set_folder = here,
	};
	if (conf != NULL)
		conf->path = absolute_file(report->file, folder);
	if (conf == NULL || conf->path == NULL || here == NULL) {
		conf_report_add(
			report, (struct conf_where){0}, NULL, NULL, "no folder: %s", strerror(errno)
		);
	} else {
		conf_build_run(&b, entries);
		// Also with errors: what can be seen by then is told as well.
		if (b.slot != NULL)
			conf_check(&b);
	}
	conf_build_fini(&b);
	free(here);
	return conf;
}

struct conf *
conf_load(const char *path, const char *const *sets, uint32_t n_sets, struct conf_errors *errors) {
	return conf_load_checked(path, sets, n_sets, NULL, errors);
}

struct conf *conf_load_checked(
	const char *path, const char *const *sets, uint32_t n_sets,
	const struct conf_checks *checks, struct conf_errors *errors
) {
	struct conf_report report = {.file = path};
	struct conf_entries entries = {0};
	struct conf *conf = NULL;
	char *folder = NULL;
	conf_file_read(&report, &entries);
	for (uint32_t i = 0; i < n_sets; i++)
		conf_set_read(sets[i], i + 1, &report, &entries);
	if (!conf_report_any(&report)) {
		folder = conf_path_folder(path);
		if (folder == NULL)
			conf_report_add(
				&report, (struct conf_where){0}, NULL, NULL, "no folder: %s",
				strerror(errno)
			);
		else
			conf = build(&report, &entries, folder, checks);
	}
	if (conf_report_any(&report)) {
		conf_free(conf);
		conf = NULL;
	}
	conf_report_finish(&report, errors);
	conf_entries_fini(&entries);
	free(folder);
	return conf;
}

void conf_free(struct conf *conf) {
	if (conf == NULL)
		return;
	for (const struct conf_section *s = conf_schema(); s->name != NULL; s++) {
		uint32_t n = s->named ? *(uint32_t *)((char *)conf + s->count) : 1;
		for (uint32_t i = 0; i < n; i++) {
			void *base = conf_schema_base(s, conf, i);
			for (const struct conf_key *k = s->keys; k->name != NULL; k++)
				conf_value_fini(k, base);
			if (s->named)
				free(*(char **)base);
		}
	}
	conf_vars_fini(&conf->vars);
	free(conf->path);
	free(conf);
}
