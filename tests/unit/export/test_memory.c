// Shares of memory: never more than there is, and what a stream asked for is its own.

#include "export/memory.h"

#include <criterion/criterion.h>

#define MEGA (1ull << 20)

static struct memory_shares m;

static uint64_t sum(uint32_t n) {
	uint64_t octets = m.windows + m.late;
	for (uint32_t i = 0; i < n; i++)
		octets += m.stream[i].windows + m.stream[i].open;
	return octets;
}

Test(memory, windows_alone_share_all_of_it) {
	const struct exporter_stream s[2] = {{.kind = WINDOW_TUMBLING}, {.kind = WINDOW_SLIDING}};
	memory_share(&m, s, 2, 64 * MEGA, false, false);
	cr_assert_eq(m.windows, 64 * MEGA);
	cr_assert_eq(sum(2), 64 * MEGA);
	memory_share(&m, s, 2, 64 * MEGA, true, false);
	cr_assert_eq(m.late, 8 * MEGA);
	cr_assert_eq(sum(2), 64 * MEGA);
}

Test(memory, half_is_for_what_is_open_in_equal_parts) {
	const struct exporter_stream s[3] = {
		{.kind = WINDOW_TUMBLING}, {.kind = WINDOW_SESSION}, {.kind = WINDOW_FLOW}};
	memory_share(&m, s, 3, 64 * MEGA, false, false);
	cr_assert_eq(m.windows, 32 * MEGA);
	cr_assert_eq(m.stream[0].open, 0);
	cr_assert_eq(m.stream[1].open, 16 * MEGA);
	cr_assert_eq(m.stream[2].open, 16 * MEGA);
	cr_assert_eq(sum(3), 64 * MEGA);
}

Test(memory, a_bound_is_a_stream_s_own) {
	const struct exporter_stream s[3] = {
		{.kind = WINDOW_TUMBLING, .memory = 4 * MEGA},
		{.kind = WINDOW_SESSION, .memory = 10 * MEGA},
		{.kind = WINDOW_FLOW}};
	memory_share(&m, s, 3, 64 * MEGA, false, false);
	cr_assert_eq(m.stream[0].windows, 4 * MEGA);
	cr_assert_eq(m.stream[0].open, 0);
	cr_assert_eq(m.stream[1].windows, 5 * MEGA);
	cr_assert_eq(m.stream[1].open, 5 * MEGA);
	cr_assert_eq(m.stream[2].windows, 0, "together with others");
	cr_assert_eq(m.stream[2].open, 25 * MEGA);
	cr_assert_eq(sum(3), 64 * MEGA);
}

Test(memory, what_alerts_on_change_know_has_an_eighth) {
	struct exporter_stream s[] = {{.kind = WINDOW_TUMBLING}};
	memory_share(&m, s, 1, 64 * MEGA, true, true);
	cr_assert_eq(m.watches, 8 * MEGA);
	cr_assert_eq(m.late, 8 * MEGA);
	cr_assert_eq(m.windows, 48 * MEGA);
}
