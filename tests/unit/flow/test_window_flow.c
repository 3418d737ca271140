// Flows: where they are cut, and for which reason.

#include "window_rig.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define CONNECTION                                                                      \
	(FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP) | FIELD_BIT(FIELD_SRC_PORT) \
	 | FIELD_BIT(FIELD_DEST_PORT) | FIELD_BIT(FIELD_PROTO))

struct packet_at {
	int64_t us;
	uint8_t flags;
};

struct flow_at {
	int64_t first_us, last_us;
	enum flow_end reason;
};

struct flow_case {
	int64_t active_us, idle_us;
	struct packet_at packets[6];
	struct flow_at flows[4];
};

static void expect_cut(
	const struct flow_case *c, uint32_t fields, struct key_cut cut, int64_t pane_us,
	size_t number
) {
	struct window_rig rig;
	rig_open(
		&rig,
		(struct window_config){
			.kind = WINDOW_FLOW,
			.size_us = c->active_us,
			.step_us = c->idle_us,
			.pane_us = pane_us,
			.fields = fields,
			.cut = cut,
		}
	);
	for (uint32_t i = 0; i < 6 && c->packets[i].flags != 0; i++)
		rig_packet(&rig, 1, c->packets[i].us, c->packets[i].flags);
	uint32_t n = 0;
	while (n < 4 && c->flows[n].reason != FLOW_END_NONE)
		n++;
	const struct flow_sum *sum = rig_ended(&rig, INT64_MAX, n);
	for (uint32_t i = 0; i < n; i++) {
		cr_expect_eq(sum[i].first_us, c->flows[i].first_us, "case %zu, %u", number, i);
		cr_expect_eq(sum[i].last_us, c->flows[i].last_us, "case %zu, %u", number, i);
		cr_expect_eq(sum[i].reason, c->flows[i].reason, "case %zu, %u", number, i);
	}
	rig_close(&rig);
}

static void expect(const struct flow_case *c, uint32_t fields, int64_t pane_us, size_t number) {
	expect_cut(c, fields, (struct key_cut){0}, pane_us, number);
}

Test(window_flow, cuts_by_table) {
	static const struct flow_case table[] = {
		// Silence of IDLE goes on, a microsecond more does not.
		{60 * SECOND,
		 15 * SECOND,
		 {{5, ACK}, {15 * SECOND + 5, ACK}, {30 * SECOND + 6, ACK}},
		 {{5, 15 * SECOND + 5, FLOW_END_IDLE},
		  {30 * SECOND + 6, 30 * SECOND + 6, FLOW_END_IDLE}}},
		// ACTIVE is over at 11.3 s: cut at the whole second behind.
		{10 * SECOND,
		 5 * SECOND,
		 {{1300 * MS, ACK},
		  {6 * SECOND, ACK},
		  {11 * SECOND, ACK},
		  {12 * SECOND - 1, ACK},
		  {12 * SECOND, ACK}},
		 {{1300 * MS, 12 * SECOND - 1, FLOW_END_ACTIVE},
		  {12 * SECOND, 12 * SECOND, FLOW_END_IDLE}}},
		// It began on a whole second: just there.
		{2 * SECOND,
		 5 * SECOND,
		 {{SECOND, ACK}, {3 * SECOND - 1, ACK}, {3 * SECOND, ACK}},
		 {{SECOND, 3 * SECOND - 1, FLOW_END_ACTIVE},
		  {3 * SECOND, 3 * SECOND, FLOW_END_ACTIVE}}},
		// What is due first is the reason, whatever comes later, or nothing.
		{10 * SECOND,
		 5 * SECOND,
		 {{0, ACK}, {5 * SECOND, ACK}},
		 {{0, 5 * SECOND, FLOW_END_ACTIVE}}},
		{10 * SECOND,
		 5 * SECOND,
		 {{0, ACK}, {5 * SECOND - 1, ACK}},
		 {{0, 5 * SECOND - 1, FLOW_END_IDLE}}},
		// A FIN ends it with its second; a SYN of the same second cannot be told from what was.
		{60 * SECOND,
		 15 * SECOND,
		 {{500 * MS, SYN}, {700 * MS, FIN | ACK}, {900 * MS, SYN}, {SECOND, ACK}},
		 {{500 * MS, 900 * MS, FLOW_END_END}, {SECOND, SECOND, FLOW_END_IDLE}}},
		{60 * SECOND,
		 15 * SECOND,
		 {{500 * MS, ACK}, {1700 * MS, RST}, {2 * SECOND, SYN}},
		 {{500 * MS, 1700 * MS, FLOW_END_END}, {2 * SECOND, 2 * SECOND, FLOW_END_IDLE}}},
		// Silence parts it from its end even within a second.
		{60 * SECOND,
		 250 * MS,
		 {{100 * MS, FIN}, {350 * MS, ACK}, {601 * MS, ACK}},
		 {{100 * MS, 350 * MS, FLOW_END_END}, {601 * MS, 601 * MS, FLOW_END_IDLE}}},
		// A SYN alone cuts nothing: it may have been sent again.
		{60 * SECOND,
		 15 * SECOND,
		 {{0, SYN}, {1 * SECOND, SYN}, {3 * SECOND, SYN}},
		 {{0, 3 * SECOND, FLOW_END_IDLE}}},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t wide = table[i].idle_us < SECOND ? table[i].idle_us : SECOND;
		expect(&table[i], CONNECTION, wide, i);
		// How wide panes are is nobody's business.
		expect(&table[i], CONNECTION, 10 * MS, i);
	}
}

Test(window_flow, a_fin_ends_nothing_where_a_key_has_many_connections) {
	static const struct flow_case one = {
		60 * SECOND,
		15 * SECOND,
		{{0, FIN | ACK}, {5 * SECOND, RST}},
		{{0, 5 * SECOND, FLOW_END_IDLE}},
	};
	expect(&one, FIELD_BIT(FIELD_SRC_PORT), SECOND, 0);
	expect_cut(&one, CONNECTION, (struct key_cut){.v4 = {[FIELD_DEST_IP] = 8}}, SECOND, 1);
}

Test(window_flow, each_leaves_when_it_is_due) {
	static const struct {
		uint8_t flags;
		int64_t due_us;
	} table[] = {{ACK, 6 * SECOND}, {FIN, 2 * SECOND}};
	for (size_t i = 0; i < 2; i++) {
		struct window_rig rig;
		rig_open(
			&rig,
			(struct window_config){
				.kind = WINDOW_FLOW,
				.size_us = 60 * SECOND,
				.step_us = 4 * SECOND,
				.pane_us = SECOND,
				.fields = CONNECTION,
			}
		);
		rig_packet(&rig, 1, 1, ACK);
		rig_ended(&rig, SECOND, 0);
		rig_packet(&rig, 1, SECOND + 1, table[i].flags);
		rig_ended(&rig, table[i].due_us - SECOND, 0);
		rig_ended(&rig, table[i].due_us, 1);
		rig_close(&rig);
	}
}
