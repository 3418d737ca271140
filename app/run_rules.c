// Reads and compiles what the configuration names, and says what an operator wants to know of it: how
// many rules are in force, what they cost in memory, and whether the cache spared the time.

#include "run_rules.h"

#include "app/compile_wait.h"
#include "app/rule_load.h"
#include "app/rule_report.h"
#include "app/run.h"
#include "base/log.h"
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

static double now_s(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void log_rules(const struct run *run, double took_s) {
	const struct match_engine *e = run->engine;
	char folder[4096];
	struct err unusable;
	const char *cache = run->n_rules > 0
		? rule_load_cache(run->conf, folder, sizeof(folder), &unusable)
		: NULL;
	bool cached = match_engine_from_cache(e);
	const char *kept = run->n_rules == 0 ? ""
		: cache == NULL              ? ", kept nowhere"
		: cached                     ? " from "
					     : ", kept in ";
	log_info(
		"%u rule%s in force, %u refused; %s in %.1f s%s%s", run->n_rules,
		units_plural(run->n_rules), rule_files_refused(match_engine_files(e)),
		cached ? "read as compiled before" : "compiled", took_s, kept,
		cache != NULL ? cache : ""
	);
}

static void log_databases(const struct run *run) {
	const struct match_engine *e = run->engine;
	struct detect_stats packets = {};
	struct stream_set_stats streams = {};
	uint64_t octets = 0;
	uint32_t groups = 0;
	char size[32], budget[32], per_stream[96] = "";
	if (match_engine_patterns(e) != NULL) {
		octets += matcher_bytes(match_engine_patterns(e));
		groups++;
	}
	if (match_engine_detect(e) != NULL)
		detect_stats(match_engine_detect(e), &packets);
	if (match_engine_streams(e) != NULL) {
		stream_set_stats(match_engine_streams(e), &streams);
		snprintf(
			per_stream, sizeof(per_stream),
			"; a stream takes up to %u octets of match.stream_memory = %s",
			streams.stream_octets_max,
			units_format_size(run->conf->match.stream_memory, budget, sizeof(budget))
		);
	}
	octets += packets.database_octets + packets.table_octets + streams.database_octets;
	groups += packets.groups + streams.groups;
	if (groups > 0)
		log_info(
			"%u group%s of rules, %s octets in memory%s", groups, units_plural(groups),
			units_format_count((double)octets, size, sizeof(size)), per_stream
		);
}

static struct match_engine *compile(struct run *run, struct rule_files *files, struct err *err) {
	struct compile_wait wait;
	compile_wait_begin(&wait, rule_files_accepted(files), "rules", true);
	struct match_engine *e = rule_load_compile(run->conf, files, &wait, err);
	compile_wait_end(&wait);
	return e;
}

// Whatever is wrong with a rule file is the configuration's fault, and lack of memory is not.
static int load(struct run *run, struct err *err) {
	struct rule_files files;
	int ret = rule_load_files(run->conf, &files, NULL, err);
	if (ret == 0) {
		run->engine = compile(run, &files, err);
		const struct rule_files *read = run->engine != NULL
			? match_engine_files(run->engine)
			: &files;
		rule_report_log(read);
		ret = rule_load_check(run->conf, read, err);
		if (ret == 0 && run->engine == NULL)
			ret = -ENOMEM;
	} else if (ret != -ENOMEM) {
		ret = -EINVAL;
	}
	if (ret < 0) {
		match_engine_free(run->engine);
		run->engine = NULL;
	}
	rule_files_fini(&files);
	return ret;
}

// Rules that are none at the start may come with a reload: the workers have a match stage all the same.
int run_rules_open(struct run *run, struct err *err) {
	const struct conf *conf = run->conf;
	if (conf->match.rules.n == 0)
		return 0;
	double start_s = now_s();
	int ret = load(run, err);
	if (ret < 0)
		return ret;
	run->n_rules = match_engine_rules(run->engine);
	run->rules_version = 1;
	log_rules(run, now_s() - start_s);
	log_databases(run);
	const struct detect *detect = match_engine_detect(run->engine);
	if (conf->input.workers > 1 && detect != NULL && detect_wants_hosts(detect))
		log_warn("some rules test xbits by ip_src or ip_dst, which each worker keeps for "
			 "itself: what they find depends on input.workers");
	return 0;
}
