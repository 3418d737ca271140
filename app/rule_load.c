// Loading rules for a run, at its start and again while it goes on.

#include "rule_load.h"

#include "compile_wait.h"

#include "base/log.h"
#include "match/db_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

const char *rule_load_cache(const struct conf *conf, char *buf, size_t len, struct err *err) {
	const char *folder = cache_folder(conf->match.cache, buf, len);
	err->text[0] = '\0';
	return folder != NULL && db_cache_open(folder, err) == 0 ? folder : NULL;
}

int rule_load_files(
	const struct conf *conf, struct rule_files *files, void failed(const char *text),
	struct err *err
) {
	struct snort_var *list = calloc((size_t)conf->vars.n + 1, sizeof(*list));
	const struct snort_vars vars = {
		.vars = list,
		.n = conf->vars.n,
		.app_any_port = conf->match.app_any_port,
	};
	if (rule_files_init(files) < 0 || list == NULL) {
		free(list);
		return err_set(err, -ENOMEM, "out of memory");
	}
	for (uint32_t i = 0; i < vars.n; i++)
		list[i] = (struct snort_var){conf->vars.item[i].name, conf->vars.item[i].value};
	int ret = 0;
	for (uint32_t i = 0; i < conf->match.rules.n && (ret == 0 || failed != NULL); i++) {
		int one = rule_files_add(files, conf->match.rules.item[i], &vars, err);
		ret = one < 0 ? one : ret;
		if (one < 0 && failed != NULL)
			failed(err->text);
	}
	free(list);
	if (rule_files_settle(files) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return ret;
}

int rule_load_check(const struct conf *conf, const struct rule_files *files, struct err *err) {
	uint32_t n = rule_files_refused(files);
	if (conf->match.on_unsupported != CONF_UNSUPPORTED_ERROR || n == 0)
		return 0;
	return err_set(
		err, -EINVAL,
		"match.on_unsupported: error: %u %s refused (accepted: none; or on_unsupported ="
		" skip, which leaves them out)",
		n, n == 1 ? "rule is" : "rules are"
	);
}

struct match_engine *rule_load_compile(
	const struct conf *conf, struct rule_files *files, struct compile_wait *wait,
	struct err *err
) {
	char folder[4096];
	struct err unusable;
	struct match_engine_config c = {
		.streams = conf->match.mode == CONF_MATCH_STREAM,
		.progress = wait != NULL ? compile_wait_progress : NULL,
		.ctx = wait,
	};
	// What is refused as it is read is known before minutes are spent.
	if (rule_load_check(conf, files, err) < 0)
		return NULL;
	if (rule_files_accepted(files) > 0)
		c.cache_dir = rule_load_cache(conf, folder, sizeof(folder), &unusable);
	// That costs time at the next start, and nothing else.
	if (rule_files_accepted(files) > 0 && unusable.text[0] != '\0')
		log_warn("match.cache: compiled rules are not kept: %s", unusable.text);
	return match_engine_new(files, &c, err);
}

bool rule_load_is_plain(const struct conf *conf) {
	bool plain = conf->match.mode == CONF_MATCH_BLOCK;
	for (uint32_t i = 0; i < conf->match.rules.n; i++)
		plain = plain && !rule_files_snort(conf->match.rules.item[i]);
	return plain;
}
