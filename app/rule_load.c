// Loading rules for a run, at its start and again while it goes on.

#include "rule_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Where compiled databases are kept. NULL: nowhere.
static const char *cache_folder(const char *conf, char *buf, size_t len) {
	if (strcmp(conf, "off") == 0)
		return NULL;
	if (strcmp(conf, "auto") != 0)
		return conf;
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (xdg != NULL && xdg[0] == '/')
		snprintf(buf, len, "%s/sluice", xdg);
	else if (geteuid() == 0)
		snprintf(buf, len, "/var/cache/sluice");
	else if (home != NULL && home[0] == '/')
		snprintf(buf, len, "%s/.cache/sluice", home);
	else
		return NULL;
	return buf;
}

struct ruleset *rule_load_files(const struct conf_match *conf, struct err *err) {
	struct ruleset *rs = ruleset_new();
	int ret = rs == NULL ? err_set(err, -ENOMEM, "out of memory") : 0;
	for (uint32_t i = 0; ret == 0 && i < conf->rules.n; i++)
		ret = ruleset_add_file(rs, conf->rules.item[i], err);
	if (ret == 0)
		return rs;
	ruleset_free(rs);
	return NULL;
}

struct matcher *
rule_load_compile(const struct conf_match *conf, struct ruleset *rs, struct err *err) {
	char folder[4096];
	struct matcher_config mc = {.cache_dir = cache_folder(conf->cache, folder, sizeof(folder))};
	return matcher_new(rs, &mc, err);
}
