// An engine made of a text of rules, and packets to run through it.
#pragma once

#include "match/detect/detect.h"
#include "match/snort/snort_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define RULES_MAX 64

struct engine {
	struct snort_rules rs;
	struct detect *d;
	struct detect_scratch *s;
};

static inline void
engine_init(struct engine *e, const char *text, const struct detect_config *conf) {
	const struct detect_config plain = {};
	struct err err = {};
	*e = (struct engine){};
	cr_assert_eq(
		snort_file_read_text("test.rules", text, strlen(text), NULL, &e->rs, &err), 0, "%s",
		err.text
	);
	e->d = detect_new(&e->rs, conf != NULL ? conf : &plain, &err);
	cr_assert_not_null(e->d, "%s", err.text);
	e->s = detect_scratch_new(e->d);
	cr_assert_not_null(e->s);
}

static inline void engine_fini(struct engine *e) {
	detect_scratch_free(e->s);
	detect_free(e->d);
	snort_rules_fini(&e->rs);
}

// A TCP packet from 10.0.0.1:1000 to 10.0.0.2:80 of an established flow, to its server.
struct packet_of {
	struct flow_key key;
	struct detect_flow flow;
	struct detect_packet in;
	uint64_t bits[DETECT_FLOW_WORDS_MAX];
};

static inline void packet_init(struct packet_of *p, const char *payload) {
	*p = (struct packet_of){
		.key = {.flags = KEY_V4,
			.proto = 6,
			.src_port = 1000,
			.dst_port = 80,
			.src4 = {10, 0, 0, 1},
			.dst4 = {10, 0, 0, 2}},
		.flow = {.dir = DETECT_TO_SERVER, .state = DETECT_ESTABLISHED},
	};
	p->flow.bits = p->bits;
	p->in = (struct detect_packet){
		.key = &p->key,
		.flow = &p->flow,
		.payload = (const uint8_t *)payload,
		.len = (uint32_t)strlen(payload),
		.ttl = 64,
		.tcp_flags = 0x18,
	};
}

// The sids that match, in order, as text.
static inline const char *run(struct engine *e, const struct packet_of *p) {
	static char text[1024];
	uint32_t rules[RULES_MAX];
	size_t len = 0;
	uint32_t n = detect_run(e->d, e->s, &p->in, rules);
	text[0] = '\0';
	for (uint32_t i = 0; i < n; i++)
		len += (size_t)snprintf(
			&text[len], sizeof(text) - len, "%s%u", i > 0 ? " " : "",
			e->rs.rules[rules[i]].sid
		);
	return text;
}
