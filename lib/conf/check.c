// What only shows when several values are seen together: CPUs for the workers, a pane width that
// suits every window, outputs that would get in each other's way.

#include "check.h"

#include "base/divisor.h"
#include "base/field.h"
#include "base/units.h"
#include "window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PANE_MIN_US 10000

void conf_check_refuse(
	const struct conf_build *b, const struct conf_slot *slot, uint32_t key, const char *what
) {
	char *name = conf_entry_name(slot->name, NULL, slot->section->keys[key].name);
	conf_report_add(
		b->report, conf_slot_where(slot, key), name, conf_slot_text(slot, key), "%s", what
	);
	free(name);
}

bool conf_check_is(const struct conf_slot *slot, const char *name) {
	return strcmp(slot->section->name, name) == 0;
}

static void check_cpus(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_input *input = slot->base;
	uint32_t cpus = conf_slot_key(slot, "cpus"), workers = conf_slot_key(slot, "workers");
	if (slot->bad[cpus] || slot->bad[workers] || input->n_cpus == 0
	    || input->n_cpus >= input->workers)
		return;
	char what[128];
	snprintf(
		what, sizeof(what),
		"%u CPU%s for %u workers (accepted: at least one CPU for each worker)",
		input->n_cpus, units_plural(input->n_cpus), input->workers
	);
	conf_check_refuse(b, slot, cpus, what);
}

// It can be read once.
static void check_stdin(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_input *input = slot->base;
	uint32_t device = conf_slot_key(slot, "device"), n = 0;
	for (uint32_t i = 0; !slot->bad[device] && i < input->device.n; i++)
		n += strcmp(input->device.item[i], "-") == 0;
	if (n > 1)
		conf_check_refuse(
			b, slot, device, "- is named twice (accepted: standard input once)"
		);
}

static void check_filter(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_input *input = slot->base;
	uint32_t filter = conf_slot_key(slot, "filter");
	struct err err = {0};
	if (slot->bad[filter] || input->filter[0] == '\0' || b->checks == NULL
	    || b->checks->filter == NULL || b->checks->filter(input->filter, &err) == 0)
		return;
	char what[sizeof(err.text) + 64];
	snprintf(what, sizeof(what), "%s (accepted: a tcpdump expression)", err.text);
	conf_check_refuse(b, slot, filter, what);
}

static void refuse_panes(
	const struct conf_build *b, const struct conf_slot *slot, struct conf_panes panes,
	int64_t widest_us, const char *windows
) {
	char pane[32], least[32], most[32], *what = NULL;
	bool wide = panes.step_us > panes.most_us;
	units_format_duration(widest_us, pane, sizeof(pane));
	units_format_duration(PANE_MIN_US, least, sizeof(least));
	units_format_duration(panes.most_us, most, sizeof(most));
	int ret = asprintf(
		&what,
		"%s ask for panes of %s together (accepted: sizes with a common divisor of at least %s%s%s)",
		windows, pane, least, wide ? " and at most " : "", wide ? most : ""
	);
	if (ret < 0)
		return;
	conf_check_refuse(b, slot, conf_slot_key(slot, "window"), what);
	free(what);
}

static void
name_window(const struct conf_slot *slot, const struct conf_window *window, bool first, FILE *to) {
	char size[32];
	fprintf(to, "%s%s (", first ? "" : " and ", slot->name);
	if (window->kind == CONF_WINDOW_TUMBLING)
		fputs(units_format_duration(window->size_us, size, sizeof(size)), to);
	else
		conf_window_print(window, to);
	fputs(")", to);
}

// Panes are as wide as the greatest common divisor of all steps, or a part of that where some window wants
// them narrower. The windows that narrow them, one after the other, are those that ask for what comes out.
static void check_panes(const struct conf_build *b) {
	struct conf_panes panes = {.most_us = CONF_PANE_MAX_US};
	char *windows = NULL;
	size_t len = 0;
	bool first = true;
	FILE *out = open_memstream(&windows, &len);
	for (uint32_t i = 0; i < b->n && out != NULL; i++) {
		const struct conf_slot *slot = &b->slot[i];
		if (!conf_check_is(slot, "stream") || slot->bad[conf_slot_key(slot, "window")])
			continue;
		const struct conf_stream *stream = slot->base;
		struct conf_panes own = conf_window_panes(&stream->window);
		int64_t step_us = divisor_common(own.step_us, panes.step_us);
		int64_t most_us = own.most_us < panes.most_us ? own.most_us : panes.most_us;
		if (step_us == panes.step_us && most_us == panes.most_us)
			continue;
		panes = (struct conf_panes){step_us, most_us};
		name_window(slot, &stream->window, first, out);
		first = false;
		int64_t widest_us = step_us > 0 ? divisor_at_most(step_us, most_us) : most_us;
		if (widest_us >= PANE_MIN_US)
			continue;
		fflush(out);
		refuse_panes(b, slot, panes, widest_us, windows);
		break;
	}
	if (out != NULL)
		fclose(out);
	free(windows);
}

static bool writes_file(const struct conf_slot *slot) {
	const struct conf_sink *sink = slot->base;
	return conf_check_is(slot, "sink") && sink->type != CONF_SINK_NULL
		&& !slot->bad[conf_slot_key(slot, "type")]
		&& !slot->bad[conf_slot_key(slot, "path")];
}

// The one slot of a section without a name.
const struct conf_slot *conf_check_find(const struct conf_build *b, const char *name) {
	uint32_t i = 0;
	while (!conf_check_is(&b->slot[i], name))
		i++;
	return &b->slot[i];
}

static void check_path(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_sink *sink = slot->base;
	uint32_t path = conf_slot_key(slot, "path");
	if (sink->path[0] == '\0') {
		conf_check_refuse(b, slot, path, "is missing (accepted: a file, or - for stdout)");
		return;
	}
	if (strcmp(sink->path, "-") == 0 && conf_check_keeps_state(b))
		conf_check_refuse(
			b, slot, path,
			"with state.path standard output could not be cut back to a checkpoint "
			"(accepted: a file)"
		);
	char use[CONF_USE_MAX];
	char what[sizeof(use) + 64];
	if (!conf_use(b->conf, sink->path, (uint32_t)(sink - b->conf->sink), use))
		return;
	snprintf(what, sizeof(what), "%s (accepted: a file of its own for each sink)", use);
	conf_check_refuse(b, slot, path, what);
}

// Whether match.rules is empty, as far as it could be read.
bool conf_check_no_rules(const struct conf_build *b) {
	const struct conf_slot *match = conf_check_find(b, "match");
	return !match->bad[conf_slot_key(match, "rules")] && b->conf->match.rules.n == 0;
}

// What streams have for themselves comes off what all have; the last one that is too much is told.
static void check_memory(const struct conf_build *b) {
	const struct conf_slot *flow = conf_check_find(b, "flow");
	uint64_t left = b->conf->flow.memory;
	if (flow->bad[conf_slot_key(flow, "memory")])
		return;
	// Corrections have an eighth, and alerts on change.
	uint64_t eighth = left / 8;
	if (b->conf->input.late == CONF_LATE_EMIT)
		left -= eighth;
	if (b->conf->n_alerts > 0)
		left -= eighth;
	for (uint32_t i = 0; i < b->n; i++) {
		const struct conf_slot *slot = &b->slot[i];
		const struct conf_stream *stream = slot->base;
		char all[32], rest[32], what[192];
		if (!conf_check_is(slot, "stream") || slot->bad[conf_slot_key(slot, "memory")])
			continue;
		if (stream->memory <= left) {
			left -= stream->memory;
			continue;
		}
		units_format_size(b->conf->flow.memory, all, sizeof(all));
		units_format_size(left, rest, sizeof(rest));
		snprintf(
			what, sizeof(what),
			"of flow.memory = %s no more than %s are left for it (accepted: 0, or so much "
			"that all streams have room in flow.memory)",
			all, rest
		);
		conf_check_refuse(b, slot, conf_slot_key(slot, "memory"), what);
		return;
	}
}

// Alerts come from rules and belong to no stream.
static void check_eve(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_sink *sink = slot->base;
	uint32_t type = conf_slot_key(slot, "type"), streams = conf_slot_key(slot, "streams");
	if (slot->bad[type] || sink->type != CONF_SINK_EVE)
		return;
	const char *named = conf_slot_text(slot, streams);
	if (!slot->bad[streams] && named != NULL && strspn(named, " \t\"'") < strlen(named))
		conf_check_refuse(
			b, slot, streams, "alerts belong to no stream (accepted: nothing)"
		);
	if (conf_check_no_rules(b))
		conf_check_refuse(
			b, slot, type,
			"there are no rules that could alert (accepted: with files in match.rules)"
		);
}

int conf_check(const struct conf_build *b) {
	for (uint32_t i = 0; i < b->n; i++) {
		if (conf_check_is(&b->slot[i], "input")) {
			check_cpus(b, &b->slot[i]);
			check_stdin(b, &b->slot[i]);
			conf_check_kernel(b, &b->slot[i]);
			check_filter(b, &b->slot[i]);
		}
		if (conf_check_is(&b->slot[i], "stream"))
			conf_check_stream(b, &b->slot[i]);
		if (conf_check_is(&b->slot[i], "alert"))
			conf_check_alert(b, &b->slot[i]);
		if (conf_check_is(&b->slot[i], "sink"))
			check_eve(b, &b->slot[i]);
		if (writes_file(&b->slot[i]))
			check_path(b, &b->slot[i]);
		conf_check_kept(b, &b->slot[i]);
	}
	check_panes(b);
	check_memory(b);
	return conf_report_any(b->report) ? -EINVAL : 0;
}
