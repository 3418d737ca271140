// lib/match/stream/stream_pool_states.c: what was met stays, however the table grows.

#include "match/stream/stream_pool_states.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct stream_state *put(struct stream_states **t, uint32_t index) {
	if (stream_states_full(*t))
		*t = stream_states_grow(*t);
	cr_assert_not_null(*t);
	return stream_states_add(*t, index);
}

Test(stream_pool_states, is_empty_at_first) {
	cr_assert_null(stream_states_find(NULL, 0));
	cr_assert(stream_states_full(NULL));
	cr_assert_eq(stream_states_octets(NULL), 0);
	stream_states_clear(NULL);
}

Test(stream_pool_states, keeps_each_as_it_grows) {
	struct stream_states *t = NULL;
	for (uint32_t i = 0; i < 3000; i++)
		put(&t, i * 1009)->met = i + 1;
	cr_assert_eq(t->n, 3000);
	for (uint32_t i = 0; i < 3000 * 1009; i++) {
		struct stream_state *s = stream_states_find(t, i);
		cr_assert_eq(s != NULL, i % 1009 == 0);
		cr_assert(s == NULL || s->met == i / 1009 + 1);
	}
	cr_assert_leq(stream_states_octets(t), 8 + 8 * 8192);
	free(t);
}

Test(stream_pool_states, takes_an_unmet_state_anew_when_cleared) {
	struct stream_states *t = NULL;
	put(&t, 7)->met = 1;
	stream_states_clear(t);
	cr_assert_null(stream_states_find(t, 7));
	cr_assert_eq(put(&t, 7)->met, 0);
	free(t);
}

Test(stream_pool_states, copies_into_a_table_of_any_size) {
	struct stream_states *small = NULL, *large = NULL, *to = NULL;
	for (uint32_t i = 0; i < 3; i++)
		put(&small, i)->met = 5 + i;
	for (uint32_t i = 0; i < 100; i++)
		put(&large, i)->met = 50 + i;
	cr_assert(stream_states_copy(&to, NULL));
	cr_assert_null(to);
	cr_assert(stream_states_copy(&to, small));
	cr_assert_eq(stream_states_find(to, 2)->met, 7);
	stream_states_clear(to);
	cr_assert(stream_states_copy(&to, large));
	cr_assert_eq(to->n, 100);
	cr_assert_eq(stream_states_find(to, 99)->met, 149);
	stream_states_clear(to);
	cr_assert(stream_states_copy(&to, small));
	cr_assert_eq(to->n, 3);
	cr_assert_null(stream_states_find(to, 99));
	free(small);
	free(large);
	free(to);
}
