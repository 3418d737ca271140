// Alerts that wait for their turn: taken in as they come from the workers, given out in an order that
// does not depend on who came first. The exporter's thread.
#pragma once

#include "flow/alert.h"

#include <stdbool.h>
#include <stdint.h>

struct alert_turn {
	int64_t turn_us;
	uint32_t slot; // where the alert is
	uint32_t mark; // the caller's, from when it was put in
};

// All zero but `max`: an empty queue. Free with alert_queue_fini.
struct alert_queue {
	uint32_t max; // alerts that may wait
	uint32_t n;
	uint32_t capacity; // grows up to `max`
	struct alert *alerts; // owned
	struct alert_turn *heap; // owned; behind the first `n` are the free slots
	uint32_t oldest_mark; // the least of all that wait
	uint32_t n_oldest; // how many have it
};

void alert_queue_fini(struct alert_queue *q);

// False when there is no room, or no memory for more.
bool alert_queue_push(struct alert_queue *q, const struct alert *a, uint32_t mark);

// The alert whose turn is first: by turn_us, then time, rule and key. NULL when none waits. Valid until
// the next push or pop.
const struct alert *alert_queue_first(const struct alert_queue *q);

// Takes the first one out; there must be one.
void alert_queue_pop(struct alert_queue *q);

// The least mark of all that wait; UINT32_MAX when none does.
uint32_t alert_queue_oldest_mark(const struct alert_queue *q);
