// Nothing is cached, nothing refused without a word.

#include "make_engine.h"

#include "match/snort/snort_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool good, const char *what) {
	if (good)
		return;
	fprintf(stderr, "make_engine: %s\n", what);
	exit(1);
}

struct match_engine *make_engine(const char *patterns, const char *rules, bool streams) {
	struct err err = {.text = "out of memory"};
	struct rule_files files;
	const struct match_engine_config conf = {.streams = streams};
	must(rule_files_init(&files) == 0, err.text);
	if (patterns != NULL)
		must(ruleset_add_text(files.patterns, "t.hs", patterns, strlen(patterns), &err)
			     == 0,
		     err.text);
	if (rules != NULL)
		must(snort_file_read_text("t.rules", rules, strlen(rules), NULL, &files.rules, &err)
			     == 0,
		     err.text);
	struct match_engine *e = match_engine_new(&files, &conf, &err);
	must(e != NULL, err.text);
	return e;
}
