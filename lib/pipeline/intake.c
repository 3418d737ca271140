// The intake: one pass a purpose over the burst.

#include "intake.h"

#include <errno.h>
#include <string.h>

// First fragments remembered at once, about 64 octets each.
#define FRAGMENTS 65536

int intake_init(struct intake *in, const struct intake_config *conf) {
	memset(in, 0, sizeof(*in));
	in->time = conf->time;
	in->fragments = fragment_table_new(FRAGMENTS, &conf->seed);
	int ret = in->fragments == NULL ? -ENOMEM : 0;
	if (ret == 0)
		ret = parser_init(&in->parser, conf->tunnels, in->fragments);
	if (ret == 0)
		ret = stage_filter_init(&in->filter, conf->filter);
	if (ret < 0)
		intake_fini(in);
	return ret;
}

void intake_fini(struct intake *in) {
	stage_filter_fini(&in->filter);
	parser_fini(&in->parser);
	fragment_table_free(in->fragments);
	in->fragments = NULL;
}

void intake_run(struct intake *in, struct source *src, struct burst *b) {
	event_clock_stamp(&src->newest_us, &in->time, b);
	parse_burst(&in->parser, src, b);
	stage_filter_run(&in->filter, src, b);
}

void intake_save_begin(struct intake *in, struct state_writer *w) {
	fragment_table_save_begin(in->fragments, w);
}

bool intake_save_step(struct intake *in) {
	return fragment_table_save_step(in->fragments);
}

void intake_save_end(struct intake *in) {
	fragment_table_save_end(in->fragments);
}

int intake_load(struct intake *in, const struct state_record *r, struct err *err) {
	// Whoever else takes one of them will not be asked for it.
	return fragment_table_load(in->fragments, r, NULL, err);
}
