// What a thread matches with: a rule is an event once a packet.

#include "make_engine.h"
#include "match/match_work.h"
#include "packet/flow_key.h"

#include <criterion/criterion.h>

static const char rules[] = "alert tcp any any -> any any (content:\"a\"; sid:1;)\n";

Test(match_work, notes_a_rule_once_a_packet) {
	static const struct flow_key key;
	struct match_engine *e = make_engine("10:/a/\n", rules, true);
	struct match_work *w = match_work_new(e);
	cr_assert_not_null(w);
	cr_expect_eq(w->first_rule, 1u);
	match_work_begin(w);
	match_work_add(w, 1, &key);
	match_work_add(w, 0, &key);
	match_work_add(w, 1, NULL);
	cr_assert_eq(w->n_events, 2u);
	cr_expect_eq(w->event[0].rule, 1u);
	cr_expect_eq(w->event[0].key, &key);
	cr_expect_eq(w->event[1].rule, 0u);
	match_work_begin(w);
	cr_expect_eq(w->n_events, 0u);
	match_work_add(w, 1, &key);
	cr_expect_eq(w->n_events, 1u);
	match_work_free(w);
	match_engine_free(e);
}

Test(match_work, goes_on_when_the_number_of_packets_wraps) {
	static const struct flow_key key;
	struct match_engine *e = make_engine("10:/a/\n", NULL, false);
	struct match_work *w = match_work_new(e);
	match_work_begin(w); // the first packet has number 1, as the one behind the wrap
	match_work_add(w, 0, &key);
	w->packet = UINT32_MAX;
	match_work_begin(w);
	match_work_add(w, 0, &key);
	cr_expect_eq(w->n_events, 1u);
	match_work_free(w);
	match_engine_free(e);
}

Test(match_work, has_what_the_engine_has_parts_for) {
	struct match_engine *e = make_engine("", "", true);
	struct match_work *w = match_work_new(e);
	cr_assert_not_null(w);
	cr_expect_null(w->patterns);
	cr_expect_null(w->detect);
	cr_expect_null(w->streams);
	match_work_free(w);
	match_engine_free(e);
	match_work_free(NULL);
}
