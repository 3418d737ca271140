// A window's records: one for two directions, each once, in as many parts as it takes.

#include "base/field.h"
#include "flow/readout.h"

#include <criterion/criterion.h>

#define FIELDS (FIELD_BIT(FIELD_SRC_IP) | FIELD_BIT(FIELD_DEST_IP))

static struct biflow biflow;
static struct budget budget;
static struct sums sums;
static struct readout readout;

static void open_with(struct ranking_config ranking) {
	struct hash_seed seed;
	hash_seed_fixed(&seed, 3);
	budget = (struct budget){.max = 1 << 20};
	biflow_init(&biflow, true, FIELDS, &seed);
	sums_init(&sums, &budget);
	cr_assert_eq(readout_init(&readout, &biflow, &ranking), 0);
}

static void open_all(void) {
	open_with((struct ranking_config){0});
}

static void close_all(void) {
	readout_fini(&readout);
	sums_fini(&sums);
}

static void add(uint8_t src, uint8_t dst, uint8_t net, uint64_t packets) {
	struct flow_key key = {
		.flags = KEY_V4, .src4 = {10, net, 0, src}, .dst4 = {10, net, 0, dst}};
	flow_key_finish(&key, &biflow.mask, &biflow.seed);
	struct flow_sum *sum = sums_find_insert(&sums, &key);
	cr_assert_not_null(sum);
	sum->packets = packets;
}

Test(readout, both_directions_are_one_record, .init = open_all, .fini = close_all) {
	add(2, 1, 0, 10); // the first, and the higher end's
	add(1, 2, 0, 20);
	add(3, 1, 0, 30); // alone
	add(4, 4, 0, 40); // its own other direction
	readout_begin(&readout, &sums);
	cr_assert_eq(readout_next(&readout), 3);
	cr_expect_not(readout_open(&readout));
	uint64_t packets = 0, back = 0;
	for (uint32_t i = 0; i < 3; i++) {
		packets += readout.sum[i].packets;
		back += readout.back[i].packets;
	}
	cr_expect_eq(packets, 90, "%lu", packets);
	cr_expect_eq(back, 10);
}

Test(readout, any_number_comes_in_parts_and_none_twice, .init = open_all, .fini = close_all) {
	static const uint32_t sizes[] = {0, 1, 127, 128, 129, 255, 256, 257, 700};
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		sums_clear(&sums);
		for (uint32_t i = 0; i < sizes[k]; i++) {
			add(1, 2, (uint8_t)(i % 100), 1);
			add((uint8_t)(1 + i / 100), (uint8_t)(100 + i / 100), (uint8_t)(i % 100),
			    1);
		}
		for (uint32_t i = 0; i < sizes[k]; i += 3)
			add((uint8_t)(100 + i / 100), (uint8_t)(1 + i / 100), (uint8_t)(i % 100),
			    1);
		uint64_t packets = 0, records = 0, there = sums.n, paired = (sizes[k] + 2) / 3;
		readout_begin(&readout, &sums);
		while (readout_open(&readout)) {
			uint32_t n = readout_next(&readout);
			records += n;
			for (uint32_t i = 0; i < n; i++)
				packets += readout.sum[i].packets + readout.back[i].packets;
		}
		cr_expect_eq(packets, there, "%u: %lu packets", sizes[k], packets);
		cr_expect_eq(records, there - paired, "%u: %lu records", sizes[k], records);
	}
}

static void open_top(void) {
	open_with((struct ranking_config){
		.top = 300,
		.by = RANKING_PACKETS,
		.order = {FIELD_SRC_IP, FIELD_DEST_IP},
		.n_order = 2,
	});
}

Test(readout, the_largest_come_first_and_what_is_left_last, .init = open_top, .fini = close_all) {
	// One way 1 .. 200, both ways 2 .. 400, of which the first is the source.
	for (uint32_t i = 1; i <= 200; i++) {
		add(3, 4, (uint8_t)i, i);
		add(1, 2, (uint8_t)i, i + i % 3);
		add(2, 1, (uint8_t)i, i - i % 3);
	}
	uint64_t before = UINT64_MAX, packets = 0, back = 0;
	uint32_t records = 0;
	for (uint32_t turn = 0; turn < 2; turn++) {
		before = UINT64_MAX;
		packets = back = records = 0;
		readout_begin(&readout, &sums);
		while (readout_open(&readout)) {
			uint32_t n = readout_next(&readout);
			for (uint32_t i = 0; i < n; i++, records++) {
				const struct flow_sum *s = &readout.sum[i];
				uint64_t size = s->packets + readout.back[i].packets;
				packets += s->packets;
				back += readout.back[i].packets;
				cr_expect_eq(s->top, records == 300);
				cr_expect(records == 300 || size <= before);
				before = size;
			}
		}
		cr_expect_eq(records, 301);
		cr_expect_eq(packets + back, 3 * 200 * 201 / 2);
		cr_expect_eq(back, 200 * 201 / 2 - 201, "%lu", back);
	}
}

// Of the sum added last.
static void told(uint64_t matches, int64_t time_us) {
	struct flow_sum *sum = &sums.sum[sums.n - 1];
	sum->matches = matches;
	sum->first_us = sum->last_us = time_us;
}

Test(readout, what_is_left_may_have_matches_alone, .init = open_top, .fini = close_all) {
	for (uint32_t back = 0; back < 2; back++) {
		sums_clear(&sums);
		for (uint32_t i = 0; i < 150; i++) {
			add(3, 4, (uint8_t)i, 3);
			add(5, 6, (uint8_t)i, 3);
		}
		// Nothing but matches, whose packets are elsewhere, and perhaps an answer.
		for (uint32_t i = 0; i < 3; i++) {
			add(7, 8, (uint8_t)i, 0);
			told(1, 10 - i);
		}
		if (back > 0) {
			add(8, 7, 1, 2);
			told(0, 20);
		}
		uint32_t records = 0, left = 0;
		readout_begin(&readout, &sums);
		while (readout_open(&readout)) {
			uint32_t n = readout_next(&readout);
			for (uint32_t i = 0; i < n; i++, records++) {
				const struct flow_sum *s = &readout.sum[i];
				if (!s->top)
					continue;
				left++;
				cr_expect_eq(s->packets, 0);
				cr_expect_eq(s->matches, 3);
				cr_expect_eq(readout.back[i].packets, 2 * back);
				cr_expect_eq(s->first_us, 8);
				cr_expect_eq(s->last_us, back > 0 ? 20 : 10);
			}
		}
		cr_expect_eq(records, 301);
		cr_expect_eq(left, 1);
	}
}
