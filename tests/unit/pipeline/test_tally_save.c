// Counters in a checkpoint: known by name.

#include "pipeline/tally_save.h"

#include "base/state_buffer.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(tally_save, adds_up_and_refuses_what_is_none) {
	struct tally from, to = {0};
	struct state_buffer b;
	struct state_record r;
	struct err err = {0};
	uint32_t at = 0;
	for (int i = 0; i < TALLY_COUNT; i++)
		from.value[i] = (uint64_t)i * i + 1;
	state_buffer_init(&b, 1u << 20);
	cr_assert(tally_save(&from, &b.writer));
	struct state_chunk *c = state_buffer_take(&b);
	cr_assert_eq(state_next(c->octets, c->used, &at, &r), 1);
	for (int turn = 1; turn <= 2; turn++) {
		cr_assert_eq(tally_load(&to, &r, &err), 0, "%s", err.text);
		for (int i = 0; i < TALLY_COUNT; i++)
			cr_assert_eq(to.value[i], from.value[i] * (uint64_t)turn, "%d", i);
	}
	// A counter of another version is left out, the others stay.
	memcpy(c->octets + sizeof(struct state_head), "unheard of", 11);
	struct tally again = {0};
	cr_assert_eq(tally_load(&again, &r, &err), 0);
	cr_assert_eq(again.value[0], 0);
	cr_assert_eq(again.value[TALLY_COUNT - 1], from.value[TALLY_COUNT - 1]);
	r.len--;
	cr_assert_eq(tally_load(&to, &r, &err), -EBADMSG);
	r.kind++;
	cr_assert_eq(tally_load(&to, &r, &err), 0, "somebody else's");
	state_chunks_free(c);
}
