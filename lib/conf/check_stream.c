// What a stream may be: keys that suit its window, and what is asked of either, with the rules, the input and
// the alerts that there are.

#include "check.h"

#include "base/field.h"
#include "window.h"

#include <stdio.h>
#include <string.h>

// What counts match events must have some.
static void check_rule_key(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t key = conf_slot_key(slot, "key");
	if (slot->bad[key] || !(stream->key & FIELD_BIT(FIELD_RULE)))
		return;
	if (conf_check_in_kernel(b))
		conf_check_refuse(
			b, slot, key,
			"rule: with input.xdp_mode = kernel nothing can be matched (accepted: rule with "
			"observe or redirect, and with files in match.rules)"
		);
	else if (conf_check_no_rules(b))
		conf_check_refuse(
			b, slot, key,
			"rule: there are no rules that could match (accepted: rule with files in "
			"match.rules)"
		);
}

// FIN and RST end flows, and events have none, nor a place among packets.
static void check_rule_window(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t window = conf_slot_key(slot, "window");
	if (slot->bad[window] || slot->bad[conf_slot_key(slot, "key")]
	    || !(stream->key & FIELD_BIT(FIELD_RULE)))
		return;
	if (stream->window.kind == CONF_WINDOW_FLOW)
		conf_check_refuse(
			b, slot, window,
			"flow: with rule in its key a stream counts matches, which are no flows (accepted: "
			"tumbling, sliding or session with rule)"
		);
	else if (stream->window.kind == CONF_WINDOW_COUNT)
		conf_check_refuse(
			b, slot, window,
			"count: with rule in its key a stream counts matches, not packets (accepted: "
			"tumbling, sliding or session with rule)"
		);
}

#define FIELDS_5_TUPLE                                                                  \
	(FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_SRC_PORT) \
	 | FIELD_BIT(FIELD_DEST_PORT) | FIELD_BIT(FIELD_PROTO))

// Packets of a 5-tuple meet in one worker, where their order is known.
static void check_count_key(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t window = conf_slot_key(slot, "window"), key = conf_slot_key(slot, "key");
	if (conf_check_in_kernel(b))
		conf_check_refuse(
			b, slot, window,
			"count: with input.xdp_mode = kernel no packet is seen, only sums (accepted: count "
			"with observe or redirect)"
		);
	else if (!slot->bad[key] && (stream->key & FIELDS_5_TUPLE) != FIELDS_5_TUPLE)
		conf_check_refuse(
			b, slot, window,
			"count: packets of one key must come in order (accepted: count with src_ip, "
			"dest_ip, src_port, dest_port and proto in the key)"
		);
	else if (!slot->bad[key] && key_cut_any(&stream->cut))
		conf_check_refuse(
			b, slot, window,
			"count: packets of one key must come in order, and those of networks do not "
			"(accepted: count with whole addresses in the key)"
		);
}

// And their windows are the worker's, not the exporter's.
static void check_count(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	if (slot->bad[conf_slot_key(slot, "window")] || stream->window.kind != CONF_WINDOW_COUNT)
		return;
	check_count_key(b, slot);
	if (stream->biflow)
		conf_check_refuse(
			b, slot, conf_slot_key(slot, "biflow"),
			"a window of count has packets of one direction (accepted: no with count)"
		);
	if (stream->distinct != 0)
		conf_check_refuse(
			b, slot, conf_slot_key(slot, "distinct"),
			"windows of count know no values (accepted: nothing with count)"
		);
	if (stream->memory != 0)
		conf_check_refuse(
			b, slot, conf_slot_key(slot, "memory"),
			"windows of count are in memory of the workers (accepted: 0 with count; "
			"flow.rows says how many may be open)"
		);
	if (stream->overflow != CONF_OVERFLOW_AUTO)
		conf_check_refuse(
			b, slot, conf_slot_key(slot, "overflow"),
			"of windows of count the longest silent leaves (accepted: auto with count)"
		);
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
		conf_check_refuse(
			b, slot, biflow,
			"with rule in its key a stream counts matches, which have one direction "
			"(accepted: no with rule)"
		);
	else if ((stream->key & hosts) != hosts || ((stream->key & ports) != 0 && (stream->key & ports) != ports))
		conf_check_refuse(
			b, slot, biflow,
			"the key has no two directions (accepted: yes with src_ip and dest_ip in the "
			"key, and with both src_port and dest_port or neither)"
		);
	else if (stream->cut.v4[FIELD_SRC_IP] != stream->cut.v4[FIELD_DEST_IP]
		 || stream->cut.v6[FIELD_SRC_IP] != stream->cut.v6[FIELD_DEST_IP])
		conf_check_refuse(
			b, slot, biflow,
			"networks of different sizes do not change places (accepted: yes with the same "
			"prefixes for src_ip and dest_ip)"
		);
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
		conf_check_refuse(
			b, slot, distinct,
			"rule is no packet's (accepted: a packet's field; rule in the key)"
		);
	else if (!differs(stream, (enum field)__builtin_ctz(stream->distinct)))
		conf_check_refuse(
			b, slot, distinct,
			"it is in the key, so that there is one (accepted: a field that is not, or of "
			"an address more than the key has)"
		);
	if (!slot->bad[conf_slot_key(slot, "biflow")] && stream->biflow)
		conf_check_refuse(
			b, slot, distinct,
			"with biflow the two directions have values of their own (accepted: nothing "
			"with biflow)"
		);
}

static void check_where(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t where = conf_slot_key(slot, "where");
	struct err err = {0};
	if (slot->bad[where] || slot->bad[conf_slot_key(slot, "key")] || stream->where[0] == '\0'
	    || b->checks == NULL || b->checks->where == NULL
	    || b->checks->where(stream->where, stream->key, &stream->cut, &err) == 0)
		return;
	conf_check_refuse(b, slot, where, err.text);
}

static bool nothing_matches(const struct conf_build *b) {
	return conf_check_in_kernel(b) || conf_check_no_rules(b);
}

// The largest of a window are ranked, by what there is.
static void check_top(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t top = conf_slot_key(slot, "top"), order_by = conf_slot_key(slot, "order_by");
	if (slot->bad[top] || stream->top == 0)
		return;
	if (!slot->bad[conf_slot_key(slot, "window")] && stream->window.kind != CONF_WINDOW_TUMBLING
	    && stream->window.kind != CONF_WINDOW_SLIDING)
		conf_check_refuse(
			b, slot, top,
			"a session, flow or count is a window of its own, with no other keys to be "
			"compared with (accepted: 0, or a window that is tumbling or sliding)"
		);
	if (slot->bad[order_by] || stream->order_by != CONF_ORDER_MATCHES)
		return;
	if (nothing_matches(b))
		conf_check_refuse(
			b, slot, order_by,
			"nothing is matched (accepted: bytes, packets; matches with files in "
			"match.rules, and not with input.xdp_mode = kernel)"
		);
}

// Only records of both directions have counters of the other one, and where nothing is matched nothing is
// to be compared.
static void check_measure(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_alert *alert = slot->base;
	const struct conf_stream *stream = &b->conf->stream[alert->stream];
	uint32_t when = conf_slot_key(slot, "when");
	if (!slot->bad[when] && alert->when.measure == MEASURE_MATCHES && nothing_matches(b))
		conf_check_refuse(
			b, slot, when,
			"matches: nothing is matched (accepted: other counters; matches with files in "
			"match.rules, and not with input.xdp_mode = kernel)"
		);
	if (slot->bad[when] || slot->bad[conf_slot_key(slot, "stream")] || stream->biflow
	    || !measure_is_back(alert->when.measure))
		return;
	char what[256];
	snprintf(
		what, sizeof(what),
		"%s: records of stream.%s are of one direction (accepted: packets, bytes, frame_bytes or "
		"matches; others with biflow = yes)",
		measure_name(alert->when.measure), stream->name
	);
	conf_check_refuse(b, slot, when, what);
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
	conf_check_refuse(b, slot, when, what);
}

// What is a union of panes has no oldest one that could end: all rows of a window are as old as it.
static void check_overflow(const struct conf_build *b, const struct conf_slot *slot) {
	const struct conf_stream *stream = slot->base;
	uint32_t overflow = conf_slot_key(slot, "overflow"), kind = stream->window.kind;
	if (slot->bad[overflow] || slot->bad[conf_slot_key(slot, "window")]
	    || stream->overflow != CONF_OVERFLOW_EVICT || kind == CONF_WINDOW_SESSION
	    || kind == CONF_WINDOW_FLOW || kind == CONF_WINDOW_COUNT)
		return;
	char what[128];
	snprintf(
		what, sizeof(what),
		"evict: a key of a %s window does not end by itself (accepted: auto or rest)",
		conf_window_form(kind)->name
	);
	conf_check_refuse(b, slot, overflow, what);
}

void conf_check_stream(const struct conf_build *b, const struct conf_slot *slot) {
	check_rule_key(b, slot);
	check_rule_window(b, slot);
	check_biflow(b, slot);
	check_top(b, slot);
	check_where(b, slot);
	check_distinct(b, slot);
	check_count(b, slot);
	check_overflow(b, slot);
}

void conf_check_alert(const struct conf_build *b, const struct conf_slot *slot) {
	check_measure(b, slot);
	check_when(b, slot);
}
