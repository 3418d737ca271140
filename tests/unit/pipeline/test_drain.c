// When draining ends: soon after nothing comes any more, and in any case.

#include "pipeline/drain.h"

#include <criterion/criterion.h>

#include <unistd.h>

Test(drain, goes_on_while_packets_come_but_not_for_ever) {
	struct drain d = {0};
	uint32_t rounds = 0;
	cr_assert(drain_goes_on(&d, 64));
	while (drain_goes_on(&d, 64))
		rounds++;
	cr_assert_gt(rounds, 0);
}

Test(drain, ends_when_nothing_came_for_a_moment) {
	struct drain d = {0};
	cr_assert(drain_goes_on(&d, 0), "what is just arriving is given a moment");
	usleep(2 * DRAIN_QUIET_US);
	cr_assert_not(drain_goes_on(&d, 0));
}

Test(drain, a_packet_gives_it_another_moment) {
	struct drain d = {0};
	cr_assert(drain_goes_on(&d, 0));
	usleep(2 * DRAIN_QUIET_US);
	cr_assert(drain_goes_on(&d, 1));
}
