// A scenario: what is said of a connection, its packets, and what each side's stream must be afterwards.
#pragma once

#include "tcp_rig.h"

#include <criterion/criterion.h>

#include <stddef.h>

#define SCENARIO_STEPS 16

struct scenario {
	const char *fact;
	struct rig_step step[SCENARIO_STEPS];
	const char *client; // text, see tcp_rig.h
	const char *server;
	uint32_t events; // that some packet has
	uint32_t never; // and that none has
};

#define SCENARIO_HANDSHAKE                  \
	{'c', "S", 0}, {'s', "SA", 0, 1}, { \
		'c', "A", 1, 1              \
	}

static inline void scenario_play(const struct scenario *list, size_t n) {
	for (size_t i = 0; i < n; i++) {
		const struct scenario *s = &list[i];
		struct rig r;
		rig_config(&r);
		rig_open(&r);
		rig_run(&r, s->step);
		rig_drain(&r);
		cr_assert_str_eq(r.text[0], s->client, "%s: client %s", s->fact, r.text[0]);
		cr_assert_str_eq(r.text[1], s->server, "%s: server %s", s->fact, r.text[1]);
		cr_assert_eq(r.events & s->events, s->events, "%s: %x", s->fact, r.events);
		cr_assert_eq(r.events & s->never, 0, "%s: %x", s->fact, r.events);
		rig_free(&r);
	}
}

#define SCENARIO_PLAY(list) scenario_play(list, sizeof(list) / sizeof((list)[0]))
