// Bounds first, then the rest in equal parts.

#include "memory.h"

static bool carries(const struct exporter_stream *s) {
	return s->kind == WINDOW_SESSION || s->kind == WINDOW_FLOW;
}

void memory_share(
	struct memory_shares *m, const struct exporter_stream *streams, uint32_t n, uint64_t memory,
	bool corrects, bool watches
) {
	uint64_t sharing = 0;
	*m = (struct memory_shares){
		.late = corrects ? memory / 8 : 0,
		.watches = watches ? memory / 8 : 0,
	};
	memory -= m->late + m->watches;
	for (uint32_t i = 0; i < n; i++) {
		struct memory_share *own = &m->stream[i];
		sharing += streams[i].memory == 0 && carries(&streams[i]);
		memory -= streams[i].memory < memory ? streams[i].memory : memory;
		own->open = carries(&streams[i]) ? streams[i].memory / 2 : 0;
		own->windows = streams[i].memory - own->open;
	}
	m->windows = sharing > 0 ? memory / 2 : memory;
	for (uint32_t i = 0; i < n; i++)
		if (streams[i].memory == 0 && carries(&streams[i]))
			m->stream[i].open = memory / 2 / sharing;
}
