// Watches: a key alerts when it begins to meet the condition, also by its absence, within bounded memory.

#include "export/watch.h"

#include "base/field.h"
#include "packet/flow_key_hash.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SIZE 10
#define MEMORY (1 << 20)

static struct watch watch;
static char told[4096]; // "window:key=value/threshold "

static void init(struct condition when, int64_t size_us, int64_t step_us, uint64_t memory) {
	told[0] = '\0';
	watch_init(
		&watch,
		&(struct watch_config
		){.name = "a",
		  .stream = "s",
		  .when = when,
		  .size_us = size_us,
		  .step_us = step_us,
		  .memory = memory}
	);
}

static void above(uint64_t number) {
	init((struct condition){.compare = COMPARE_ABOVE, .number = number}, SIZE, SIZE, MEMORY);
}

static void below(uint64_t number) {
	init((struct condition){.compare = COMPARE_BELOW, .number = number}, SIZE, SIZE, MEMORY);
}

static void twice_the_mean(uint32_t windows) {
	init((struct condition){.compare = COMPARE_ABOVE, .factor = 2000, .windows = windows}, SIZE,
	     SIZE, MEMORY);
}

static void fini(void) {
	watch_fini(&watch);
}

static void note(void *ctx, const struct watch_alert *a) {
	size_t n = strlen(told);
	snprintf(
		told + n, sizeof(told) - n, "%ld:%u=%lu/%lu%s ", a->start_us / SIZE,
		a->key->dst_port, a->value, a->threshold.whole, a->partial ? "?" : ""
	);
}

// A window in which key N has values[N] packets, none at 0; or its part of those from `first` on.
static void
part_of(int64_t number, const uint64_t *values, uint32_t first, uint32_t n, bool partial,
	bool more) {
	struct flow_sum sums[64];
	struct window_out out = {
		.start_us = number * SIZE,
		.end_us = number * SIZE + watch.conf.size_us,
		.sum = sums,
		.again = first > 0,
		.more = more};
	for (uint32_t i = first; i < n; i++)
		if (values[i] > 0)
			sums[out.n++] = (struct flow_sum
			){.key = {.dst_port = (uint16_t)i, .hash = i}, .packets = values[i]};
	watch_judge(&watch, &out, partial, note, NULL);
}

static void window_of(int64_t number, const uint64_t *values, uint32_t n, bool partial) {
	part_of(number, values, 0, n, partial, false);
}

// In two parts, the first of which has so many keys.
static void halves_of(int64_t number, const uint64_t *values, uint32_t first, uint32_t n) {
	part_of(number, values, 0, first, false, true);
	part_of(number, values, first, n, false, false);
}

#define WINDOW(number, ...)                                                       \
	window_of(                                                                \
		number, (const uint64_t[]){__VA_ARGS__},                          \
		sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), false \
	)

Test(watch, a_key_above_a_number_alerts_once_until_it_was_below, .fini = fini) {
	above(5);
	WINDOW(1, 5, 6);
	WINDOW(2, 6, 7);
	WINDOW(3, 5, 9);
	WINDOW(4, 7, 1);
	WINDOW(5, 7, 8);
	cr_expect_str_eq(told, "1:1=6/5 2:0=6/5 4:0=7/5 5:1=8/5 ");
	cr_expect_eq(watch.stats.fired, 4);
	cr_expect_eq(watch.stats.suppressed, 3);
}

Test(watch, a_window_without_the_key_is_one_below, .fini = fini) {
	above(5);
	WINDOW(1, 6, 6);
	WINDOW(2, 6);
	WINDOW(3, 6, 6);
	// And so is one that nothing was in.
	WINDOW(5, 6, 6);
	cr_expect_str_eq(told, "1:0=6/5 1:1=6/5 3:1=6/5 5:0=6/5 5:1=6/5 ");
}

Test(watch, a_window_in_parts_is_one_whether_it_is_the_first_or_keys_were_forgotten, .fini = fini) {
	above(5);
	halves_of(3, (uint64_t[]){6, 7, 8}, 2, 3);
	WINDOW(4, 6);
	WINDOW(5, 1);
	cr_expect_eq(watch.keys.n, 0);
	halves_of(9, (uint64_t[]){7, 1, 9}, 1, 3);
	WINDOW(10, 7);
	cr_expect_str_eq(told, "3:0=6/5 3:1=7/5 3:2=8/5 9:0=7/5 9:2=9/5 ");
	cr_expect_eq(watch.stats.suppressed, 2);
}

Test(watch, a_mean_over_windows_in_parts_is_of_these_alone, .fini = fini) {
	init((struct condition){.compare = COMPARE_BELOW, .factor = 1000, .windows = 2}, SIZE, SIZE,
	     MEMORY);
	halves_of(3, (uint64_t[]){6, 4}, 1, 2);
	halves_of(4, (uint64_t[]){8, 2}, 1, 2);
	halves_of(5, (uint64_t[]){6, 3}, 1, 2); // means 7 and 3
	cr_expect_str_eq(told, "5:0=6/7 ");
}

Test(watch, only_keys_that_are_above_are_known, .fini = fini) {
	above(5);
	WINDOW(1, 5, 5, 6, 1);
	cr_expect_eq(watch.keys.n, 1);
	WINDOW(2, 5, 5, 5, 1);
	cr_expect_eq(watch.keys.n, 0);
}

Test(watch, a_key_that_falls_below_a_number_alerts_and_one_that_begins_below_does_not,
     .fini = fini) {
	below(5);
	WINDOW(1, 4, 5, 8);
	WINDOW(2, 4, 4, 8);
	WINDOW(3, 1, 1, 5);
	WINDOW(4, 5, 1, 1);
	cr_expect_str_eq(told, "2:1=4/5 4:2=1/5 ");
}

Test(watch, a_key_that_vanishes_falls_below, .fini = fini) {
	below(5);
	WINDOW(1, 9, 9);
	WINDOW(2, 9);
	cr_expect_str_eq(told, "2:1=0/5 ");
	// Nothing is in the next, and nothing more comes of it in those behind.
	watch_pass(&watch, 4 * SIZE - 1, note, NULL);
	cr_expect_str_eq(told, "2:1=0/5 ");
	watch_pass(&watch, 4 * SIZE, note, NULL);
	cr_expect_str_eq(told, "2:1=0/5 3:0=0/5 ");
	watch_pass(&watch, 1000 * SIZE, note, NULL);
	cr_expect_str_eq(told, "2:1=0/5 3:0=0/5 ");
}

Test(watch, a_mean_is_of_the_windows_before_and_judged_once_they_are_all_known, .fini = fini) {
	twice_the_mean(3);
	WINDOW(-1, 1);
	WINDOW(0, 100);
	WINDOW(1, 1);
	WINDOW(2, 68); // mean 34: not above twice of it
	WINDOW(3, 113); // mean 56.3
	WINDOW(4, 1000);
	cr_expect_str_eq(told, "3:0=113/112 ");
	cr_expect_eq(watch.stats.suppressed, 1);
}

Test(watch, windows_without_the_key_count_as_0, .fini = fini) {
	twice_the_mean(3);
	WINDOW(1, 9);
	WINDOW(3, 9);
	WINDOW(4, 12); // of 9, 0, 9
	WINDOW(6, 15); // of 9, 12, 0
	cr_expect_str_eq(told, "6:0=15/14 ");
}

Test(watch, a_key_that_is_silent_for_as_long_as_the_mean_reaches_begins_anew, .fini = fini) {
	twice_the_mean(2);
	WINDOW(1, 9);
	WINDOW(2, 9, 9);
	WINDOW(4, 50); // of 9 and 0
	cr_expect_str_eq(told, "4:0=50/9 ");
	cr_expect_eq(watch.keys.n, 1);
	WINDOW(8, 100);
	WINDOW(9, 1000);
	cr_expect_str_eq(told, "4:0=50/9 ");
	WINDOW(10, 2000);
	cr_expect_str_eq(told, "4:0=50/9 10:0=2000/1100 ");
}

Test(watch, a_gap_of_years_costs_nothing, .fini = fini) {
	twice_the_mean(1000);
	WINDOW(-4000000000000, 9);
	WINDOW(4000000000000, 9);
	cr_expect_eq(watch.keys.n, 1);
	cr_expect_eq(watch.known[0].since, 4000000000000);
}

Test(watch, windows_that_slide_follow_their_step, .fini = fini) {
	init((struct condition){.compare = COMPARE_BELOW, .number = 5}, 3 * SIZE, SIZE, MEMORY);
	WINDOW(1, 9);
	WINDOW(2, 9);
	// The one at 3 ends at 6.
	watch_pass(&watch, 6 * SIZE - 1, note, NULL);
	cr_expect_str_eq(told, "");
	watch_pass(&watch, 6 * SIZE, note, NULL);
	cr_expect_str_eq(told, "3:0=0/5 ");
}

Test(watch, a_part_of_a_window_may_be_much_but_never_little, .fini = fini) {
	above(5);
	window_of(1, (const uint64_t[]){6}, 1, true);
	cr_expect_str_eq(told, "1:0=6/5? ");
	fini();
	below(5);
	WINDOW(1, 9);
	window_of(2, (const uint64_t[]){1}, 1, true);
	WINDOW(3, 1);
	cr_expect_str_eq(told, "");
	fini();
	twice_the_mean(1);
	WINDOW(1, 1);
	window_of(2, (const uint64_t[]){1}, 1, true);
	WINDOW(3, 9);
	cr_expect_str_eq(told, "", "it is known from there on");
	WINDOW(4, 19);
	cr_expect_str_eq(told, "4:0=19/18 ");
}

Test(watch, a_window_that_comes_again_is_not_judged_again, .fini = fini) {
	above(5);
	WINDOW(2, 6);
	WINDOW(2, 0, 6);
	WINDOW(1, 6);
	cr_expect_str_eq(told, "2:0=6/5 ");
}

Test(watch, records_that_are_windows_are_judged_one_by_one, .fini = fini) {
	init((struct condition){.compare = COMPARE_ABOVE, .number = 5}, 0, 0, MEMORY);
	struct flow_sum sums[] = {
		{.packets = 6, .first_us = 70, .last_us = 99},
		{.packets = 5, .first_us = 10},
		{.packets = 7, .first_us = 100, .partial = true},
		{.packets = 8, .first_us = 100, .key.flags = KEY_REST},
	};
	struct window_out out = {.tail_us = 1, .sum = sums, .n = 4};
	watch_judge(&watch, &out, false, note, NULL);
	cr_expect_str_eq(told, "7:0=6/5 10:0=7/5? ");
}

Test(watch, rest_rows_are_no_keys, .fini = fini) {
	above(5);
	struct flow_sum rest = {.packets = 9, .key.flags = KEY_REST};
	struct window_out out = {.end_us = SIZE, .sum = &rest, .n = 1};
	watch_judge(&watch, &out, false, note, NULL);
	cr_expect_str_eq(told, "");
}

Test(watch, what_finds_no_room_is_counted_and_told_again_rather_than_not, .fini = fini) {
	init((struct condition){.compare = COMPARE_ABOVE, .number = 5}, SIZE, SIZE, 4 * 200);
	WINDOW(1, 6, 6, 6, 6, 6);
	cr_expect_str_eq(told, "1:0=6/5 1:1=6/5 1:2=6/5 1:3=6/5 1:4=6/5 ");
	cr_expect_eq(watch.stats.no_room, 1);
	told[0] = '\0';
	WINDOW(2, 6, 6, 6, 6, 6);
	cr_expect_str_eq(told, "2:4=6/5 ");
	fini();
	init((struct condition){.compare = COMPARE_ABOVE, .factor = 1000, .windows = 1}, SIZE, SIZE,
	     4 * 200);
	WINDOW(1, 1, 1, 1, 1, 1);
	WINDOW(2, 2, 2, 2, 2, 2);
	cr_expect_str_eq(told, "2:0=2/1 2:1=2/1 2:2=2/1 2:3=2/1 ");
	cr_expect_eq(watch.stats.no_room, 2);
}

// A conversation of ports `from` and `to`, as the record of a window has it.
static void
talk(int64_t number, uint16_t from, uint16_t to, uint64_t packets, uint64_t rev_packets) {
	struct flow_sum sum = {
		.key = {.src_port = from, .dst_port = to}, .packets = packets, .matches = 1};
	struct flow_back back = {.packets = rev_packets, .bytes = 100 * rev_packets};
	struct window_out out = {
		.start_us = number * SIZE,
		.end_us = (number + 1) * SIZE,
		.sum = &sum,
		.back = &back,
		.n = 1};
	flow_key_finish(&sum.key, &watch.turns.mask, &watch.turns.seed);
	watch_judge(&watch, &out, false, note, NULL);
}

static void talks(struct condition when) {
	struct watch_config c = {
		.name = "a",
		.stream = "s",
		.fields = FIELD_BIT(FIELD_SRC_PORT) | FIELD_BIT(FIELD_DEST_PORT),
		.when = when,
		.size_us = SIZE,
		.step_us = SIZE,
		.memory = MEMORY,
		.biflow = true};
	hash_seed_fixed(&c.seed, 1);
	told[0] = '\0';
	watch_init(&watch, &c);
}

Test(watch, a_conversation_is_one_key_whichever_end_began_a_window, .fini = fini) {
	talks((struct condition
	){.measure = MEASURE_REV_PACKETS, .compare = COMPARE_ABOVE, .number = 5});
	talk(1, 7, 80, 1, 6);
	talk(2, 80, 7, 9, 1); // still more than 5 from port 80
	talk(3, 80, 7, 2, 9); // no more
	talk(4, 80, 7, 2, 9); // and of another direction, which nothing was known of
	cr_expect_str_eq(told, "1:80=6/5 4:7=9/5 ");
	cr_expect_eq(watch.stats.suppressed, 1);
	cr_expect_eq(watch.keys.n, 1);
}

Test(watch, a_mean_is_of_one_direction, .fini = fini) {
	talks((struct condition
	){.measure = MEASURE_PACKETS, .compare = COMPARE_ABOVE, .factor = 1000, .windows = 2});
	talk(1, 7, 80, 10, 1000);
	talk(2, 80, 7, 1000, 20);
	talk(3, 80, 7, 1000, 15); // what the mean is
	talk(4, 80, 7, 0, 18);
	talk(5, 7, 80, 19, 1);
	cr_expect_str_eq(told, "4:80=18/17 ");
	cr_expect_eq(watch.stats.suppressed, 1);
}

Test(watch, sessions_of_both_directions_are_judged_as_they_are, .fini = fini) {
	talks((struct condition
	){.measure = MEASURE_REV_BYTES, .compare = COMPARE_AT_LEAST, .number = 600});
	watch.conf.step_us = 0;
	talk(1, 7, 80, 1, 6);
	talk(2, 80, 7, 9, 1);
	talk(3, 80, 7, 1, 7);
	cr_expect_str_eq(told, "1:80=600/600 3:7=700/600 ");
}
