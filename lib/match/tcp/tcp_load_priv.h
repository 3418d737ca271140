// What tcp_table_load_end needs of all records together: the histories' octets, and which connection's
// direction had something at which position there.
#pragma once

#include "base/err.h"
#include "base/state_io.h"
#include "match/tcp/tcp_history.h"
#include "match/tcp/tcp_index.h"

#include <stdint.h>

// What there was in the history of one origin.
struct tcp_image {
	uint32_t origin;
	uint64_t from; // position of the first octet
	uint64_t len;
	uint8_t *octets; // owned
	uint64_t room;
};

struct tcp_image_link {
	uint64_t at; // position of its newest entry
	uint32_t origin;
	uint32_t flow;
	uint32_t dir;
};

struct tcp_loading {
	struct tcp_image *image; // owned
	uint32_t n_images;
	struct tcp_image_link *link; // owned
	uint64_t n_links, links_max;
};

// A direction of a flow that was loaded. 0 or -ENOMEM.
int tcp_loading_link(
	struct tcp_loading *l, uint32_t origin, uint64_t at, uint32_t flow, uint32_t dir
);

// A record of history. 0, -EBADMSG or -ENOMEM.
int tcp_loading_image(struct tcp_loading *l, const struct state_record *r, struct err *err);

// Puts what belongs to flows that were loaded into their history, the oldest first. 0, -EBADMSG or -ENOMEM.
int tcp_loading_lay(struct tcp_loading *l, struct tcp_history *h, struct tcp_index *x);
