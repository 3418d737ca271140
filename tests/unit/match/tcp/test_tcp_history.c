// What is remembered of delivered octets, and for how long.

#include "match/tcp/tcp_history.h"

#include <criterion/criterion.h>

static struct tcp_compare
compare(const struct tcp_history *h, uint64_t last, uint64_t at, const char *data) {
	struct tcp_compare c = {0};
	tcp_history_compare(h, last, at, (const uint8_t *)data, (uint32_t)strlen(data), &c);
	cr_assert_eq(c.fresh + c.same + c.differ, strlen(data), "every octet is in one count");
	return c;
}

static void put(struct tcp_history *h, uint64_t *last, uint64_t at, const char *data) {
	tcp_history_put(h, last, at, (const uint8_t *)data, (uint32_t)strlen(data));
}

Test(tcp_history, tells_the_same_from_others_across_entries) {
	struct tcp_history h;
	cr_assert_eq(tcp_history_init(&h, 4096, mem_pages()), 0);
	uint64_t a = 0, b = 0;
	put(&h, &a, 0, "abc");
	put(&h, &b, 0, "xxxxxxxxx");
	put(&h, &a, 3, "def");
	put(&h, &a, 10, "klm"); // behind a gap
	struct tcp_compare c = compare(&h, a, 1, "bcdXfghijkl");
	cr_assert_eq(c.same, 6);
	cr_assert_eq(c.differ, 1);
	cr_assert_eq(c.fresh, 4);
	c = compare(&h, a, 0, "abcdef");
	cr_assert_eq(c.same, 6);
	c = compare(&h, b, 0, "abc");
	cr_assert_eq(c.differ, 3);
	tcp_history_fini(&h);
}

Test(tcp_history, forgets_the_oldest_and_never_mistakes_one_stream_for_another) {
	struct tcp_history h;
	cr_assert_eq(tcp_history_init(&h, 1000, mem_pages()), 0);
	uint64_t a = 0, b = 0;
	put(&h, &a, 0, "first");
	put(&h, &a, 5, "second");
	uint32_t kept = 0;
	for (uint64_t i = 0; i < 100; i++) {
		put(&h, &b, i * 7, "stream2");
		struct tcp_compare c = compare(&h, a, 0, "firstsecond");
		cr_assert_eq(c.differ, 0);
		cr_assert(c.same == 11 || c.same == 6 || c.same == 0);
		kept += c.same > 0;
		cr_assert_eq(compare(&h, b, i * 7, "stream2").same, 7);
	}
	cr_assert(kept > 10 && kept < 40, "%u", kept);
	put(&h, &a, 11, "third"); // the chain behind it is broken
	cr_assert_eq(compare(&h, a, 5, "secondthird").same, 5);
	tcp_history_fini(&h);
}

Test(tcp_history, knows_nothing_without_memory) {
	struct tcp_history h;
	cr_assert_eq(tcp_history_init(&h, 0, mem_pages()), 0);
	uint64_t a = 0;
	put(&h, &a, 0, "abc");
	cr_assert_eq(compare(&h, a, 0, "abc").fresh, 3);
	tcp_history_fini(&h);
	cr_assert_eq(tcp_history_init(&h, 32, mem_pages()), 0);
	put(&h, &a, 0, "longer than all that there is");
	cr_assert_eq(compare(&h, a, 0, "longer").fresh, 6);
	tcp_history_fini(&h);
}
