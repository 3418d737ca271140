// A connection, as rules see it.

#include "tcp_view.h"

void tcp_view(const struct tcp_flow *f, uint32_t dir, struct detect_flow *out) {
	*out = (struct detect_flow){
		.dir = dir == f->client ? DETECT_TO_SERVER : DETECT_TO_CLIENT,
		.state = f->open ? DETECT_ESTABLISHED : DETECT_NOT_ESTABLISHED,
		.sized = true,
		.server_octets = f->half[!f->client].next_off,
		.client_octets = f->half[f->client].next_off,
	};
}
