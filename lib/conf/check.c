// What only shows when several values are seen together: CPUs for the workers, a pane width that
// suits every window, outputs that would get in each other's way.

#include "build.h"

#include "base/divisor.h"
#include "base/field.h"
#include "base/units.h"
#include "window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PANE_MIN_US 10000

// Reports about a key where its value stands.
static void
refuse(const struct conf_build *b, const struct conf_slot *slot, uint32_t key, const char *what) {
	char *name = conf_entry_name(slot->name, NULL, slot->section->keys[key].name);
	conf_report_add(
		b->report, conf_slot_where(slot, key), name, conf_slot_text(slot, key), "%s", what
	);
	free(name);
}

static bool is_section(const struct conf_slot *slot, const char *name) {
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
		"%u CPUs for %u workers (accepted: at least one CPU for each worker)",
		input->n_cpus, input->workers
	);
	refuse(b, slot, cpus, what);
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
	refuse(b, slot, filter, what);
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
	refuse(b, slot, conf_slot_key(slot, "window"), what);
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
		if (!is_section(slot, "stream") || slot->bad[conf_slot_key(slot, "window")])
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

// The same file, by its name or, when both are there, by what the names stand for.
static bool same_file(const char *a, const char *b) {
	struct stat x, y;
	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev
		&& x.st_ino == y.st_ino;
}

static bool writes_file(const struct conf_slot *slot) {
	const struct conf_sink *sink = slot->base;
	return is_section(slot, "sink") && sink->type != CONF_SINK_NULL
		&& !slot->bad[conf_slot_key(slot, "type")]
		&& !slot->bad[conf_slot_key(slot, "path")];
}

static void check_path(const struct conf_build *b, uint32_t i) {
	const struct conf_slot *slot = &b->slot[i];
	const struct conf_sink *sink = slot->base;
	uint32_t path = conf_slot_key(slot, "path");
	if (sink->path[0] == '\0') {
		refuse(b, slot, path, "is missing (accepted: a file, or - for stdout)");
		return;
	}
	for (uint32_t j = 0; j < i; j++) {
		const struct conf_sink *other = b->slot[j].base;
		if (!writes_file(&b->slot[j]) || !same_file(sink->path, other->path))
			continue;
		char what[128];
		snprintf(
			what, sizeof(what),
			"%s writes there already (accepted: a file of its own for each sink)",
			b->slot[j].name
		);
		refuse(b, slot, path, what);
		return;
	}
}

// The one slot of a section without a name.
static const struct conf_slot *find_section(const struct conf_build *b, const char *name) {
	uint32_t i = 0;
	while (!is_section(&b->slot[i], name))
		i++;
	return &b->slot[i];
}

// Whether match.rules is empty, as far as it could be read.
static bool no_rules(const struct conf_build *b) {
	const struct conf_slot *match = find_section(b, "match");
	return !match->bad[conf_slot_key(match, "rules")] && b->conf->match.rules.n == 0;
}

static bool in_kernel(const struct conf_build *b) {
	const struct conf_slot *slot = find_section(b, "input");
	return !slot->bad[conf_slot_key(slot, "backend")]
		&& !slot->bad[conf_slot_key(slot, "xdp_mode")]
		&& b->conf->input.backend == CONF_BACKEND_XDP
		&& b->conf->input.xdp_mode == CONF_XDP_KERNEL;
}

// What counts match events must have some.
static void check_rule_key(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t key = conf_slot_key(slot, "key");
	if (slot->bad[key] || !(stream->key & FIELD_BIT(FIELD_RULE)))
		return;
	if (in_kernel(b))
		refuse(b, slot, key,
		       "rule: with input.xdp_mode = kernel nothing can be matched (accepted: rule with "
		       "observe or redirect, and with files in match.rules)");
	else if (no_rules(b))
		refuse(b, slot, key,
		       "rule: there are no rules that could match (accepted: rule with files in "
		       "match.rules)");
}

// FIN and RST end flows, and events have none.
static void check_rule_window(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t window = conf_slot_key(slot, "window");
	if (slot->bad[window] || slot->bad[conf_slot_key(slot, "key")]
	    || !(stream->key & FIELD_BIT(FIELD_RULE)) || stream->window.kind != CONF_WINDOW_FLOW)
		return;
	refuse(b, slot, window,
	       "flow: with rule in its key a stream counts matches, which are no flows (accepted: "
	       "tumbling, sliding or session with rule)");
}

// A key turns around where it has both ends, or nothing of the ports.
static void check_biflow(const struct conf_build *b, const struct conf_slot *slot) {
	const uint32_t hosts = FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP);
	const uint32_t ports = FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT);
	const struct conf_stream *stream = slot->base;
	uint32_t biflow = conf_slot_key(slot, "biflow");
	if (slot->bad[biflow] || slot->bad[conf_slot_key(slot, "key")] || !stream->biflow)
		return;
	if (stream->key & FIELD_BIT(FIELD_RULE))
		refuse(b, slot, biflow,
		       "with rule in its key a stream counts matches, which have one direction "
		       "(accepted: no with rule)");
	else if ((stream->key & hosts) != hosts || ((stream->key & ports) != 0 && (stream->key & ports) != ports))
		refuse(b, slot, biflow,
		       "the key has no two directions (accepted: yes with src_ip and dest_ip in the "
		       "key, and with both src_port and dest_port or neither)");
	else if (stream->cut.v4[FIELD_SRC_IP] != stream->cut.v4[FIELD_DEST_IP]
		 || stream->cut.v6[FIELD_SRC_IP] != stream->cut.v6[FIELD_DEST_IP])
		refuse(b, slot, biflow,
		       "networks of different sizes do not change places (accepted: yes with the same "
		       "prefixes for src_ip and dest_ip)");
}

// Whether keys with the same value may have several of these.
static bool differs(const struct conf_stream *s, enum field f) {
	if (!(s->key & FIELD_BIT(f)))
		return true;
	return f <= FIELD_DEST_IP
		&& (s->distinct_cut.v4[f] < s->cut.v4[f] || s->distinct_cut.v6[f] < s->cut.v6[f]);
}

static void check_distinct(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t distinct = conf_slot_key(slot, "distinct");
	if (slot->bad[distinct] || slot->bad[conf_slot_key(slot, "key")] || stream->distinct == 0)
		return;
	if (stream->distinct == FIELD_BIT(FIELD_RULE))
		refuse(b, slot, distinct,
		       "rule is no packet's (accepted: a packet's field; rule in the key)");
	else if (!differs(stream, (enum field)__builtin_ctz(stream->distinct)))
		refuse(b, slot, distinct,
		       "it is in the key, so that there is one (accepted: a field that is not, or of "
		       "an address more than the key has)");
	if (!slot->bad[conf_slot_key(slot, "biflow")] && stream->biflow)
		refuse(b, slot, distinct,
		       "with biflow the two directions have values of their own (accepted: nothing "
		       "with biflow)");
}

static void check_where(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t where = conf_slot_key(slot, "where");
	struct err err = {0};
	if (slot->bad[where] || slot->bad[conf_slot_key(slot, "key")] || stream->where[0] == '\0'
	    || b->checks == NULL || b->checks->where == NULL
	    || b->checks->where(stream->where, stream->key, &stream->cut, &err) == 0)
		return;
	refuse(b, slot, where, err.text);
}

// The largest of a window are ranked, by what there is.
static void check_top(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t top = conf_slot_key(slot, "top"), order_by = conf_slot_key(slot, "order_by");
	if (slot->bad[top] || stream->top == 0)
		return;
	if (!slot->bad[conf_slot_key(slot, "window")] && stream->window.kind != CONF_WINDOW_TUMBLING
	    && stream->window.kind != CONF_WINDOW_SLIDING)
		refuse(b, slot, top,
		       "a session or flow is a window of its own, with no other keys to be compared "
		       "with (accepted: 0, or a window that is tumbling or sliding)");
	if (slot->bad[order_by] || stream->order_by != CONF_ORDER_MATCHES)
		return;
	if (in_kernel(b) || no_rules(b))
		refuse(b, slot, order_by,
		       "nothing is matched (accepted: bytes, packets; matches with files in "
		       "match.rules, and not with input.xdp_mode = kernel)");
}

// A record of both directions has its key by who began, which may be the other one in the next window.
static void check_watched(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_alert *alert = slot->base;
	uint32_t stream = conf_slot_key(slot, "stream");
	if (!slot->bad[stream] && b->conf->stream[alert->stream].biflow)
		refuse(b, slot, stream,
		       "its key changes places with the direction (accepted: a stream with biflow = "
		       "no)");
}

// A mean is of the windows before, which follow a step.
static void check_when(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_alert *alert = slot->base;
	uint32_t when = conf_slot_key(slot, "when");
	if (slot->bad[when] || slot->bad[conf_slot_key(slot, "stream")] || alert->when.windows == 0)
		return;
	const struct conf_stream *stream = &b->conf->stream[alert->stream];
	if (stream->window.kind == CONF_WINDOW_TUMBLING
	    || stream->window.kind == CONF_WINDOW_SLIDING)
		return;
	char what[256];
	snprintf(
		what, sizeof(what),
		"mean: windows of stream.%s are of the kind %s, each begins with its key (accepted: a "
		"number, or a mean where windows are tumbling or sliding)",
		stream->name, conf_window_form(stream->window.kind)->name
	);
	refuse(b, slot, when, what);
}

// Alerts come from rules and belong to no stream.
static void check_eve(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_sink *sink = slot->base;
	uint32_t type = conf_slot_key(slot, "type"), streams = conf_slot_key(slot, "streams");
	if (slot->bad[type] || sink->type != CONF_SINK_EVE)
		return;
	const char *named = conf_slot_text(slot, streams);
	if (!slot->bad[streams] && named != NULL && strspn(named, " \t\"'") < strlen(named))
		refuse(b, slot, streams, "alerts belong to no stream (accepted: nothing)");
	if (no_rules(b))
		refuse(b, slot, type,
		       "there are no rules that could alert (accepted: with files in match.rules)");
}

int conf_check(const struct conf_build *b) {
	for (uint32_t i = 0; i < b->n; i++) {
		if (is_section(&b->slot[i], "input")) {
			check_cpus(b, &b->slot[i]);
			check_filter(b, &b->slot[i]);
		}
		if (is_section(&b->slot[i], "stream")) {
			check_rule_key(b, &b->slot[i]);
			check_rule_window(b, &b->slot[i]);
			check_biflow(b, &b->slot[i]);
			check_top(b, &b->slot[i]);
			check_where(b, &b->slot[i]);
			check_distinct(b, &b->slot[i]);
		}
		if (is_section(&b->slot[i], "alert")) {
			check_watched(b, &b->slot[i]);
			check_when(b, &b->slot[i]);
		}
		if (is_section(&b->slot[i], "sink"))
			check_eve(b, &b->slot[i]);
		if (writes_file(&b->slot[i]))
			check_path(b, i);
	}
	check_panes(b);
	return conf_report_any(b->report) ? -EINVAL : 0;
}
