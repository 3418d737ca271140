// Records in buffers: a head, the octets, and nothing up to the next multiple of 8.

#include "state_io.h"

#include <errno.h>

static uint32_t padded(uint32_t len) {
	return (len + 7) & ~7u;
}

void *state_writer_begin(struct state_writer *w, uint32_t max) {
	size_t need = sizeof(struct state_head) + padded(max);
	assert(need <= STATE_CHUNK);
	if (w->full)
		return NULL;
	if ((size_t)(w->end - w->at) < need && !w->next(w)) {
		w->full = true;
		return NULL;
	}
	return w->at + sizeof(struct state_head);
}

void state_writer_end(struct state_writer *w, uint16_t kind, uint16_t version, uint32_t len) {
	uint32_t whole = padded(len);
	struct state_head head = {.len = len, .kind = kind, .version = version};
	memcpy(w->at, &head, sizeof(head));
	memset(w->at + sizeof(head) + len, 0, whole - len);
	w->at += sizeof(head) + whole;
	w->octets += sizeof(head) + whole;
}

bool state_writer_put(
	struct state_writer *w, uint16_t kind, uint16_t version, const void *octets, uint32_t len
) {
	void *to = state_writer_begin(w, len);
	if (to == NULL)
		return false;
	// A record of no octets comes from nowhere: memcpy takes no null pointer, not even for nothing.
	if (len > 0)
		memcpy(to, octets, len);
	state_writer_end(w, kind, version, len);
	return true;
}

int state_next(const void *buffer, uint32_t len, uint32_t *at, struct state_record *r) {
	struct state_head head;
	if (*at == len)
		return 0;
	if (len - *at < sizeof(head))
		return -EBADMSG;
	const uint8_t *p = (const uint8_t *)buffer + *at;
	memcpy(&head, p, sizeof(head));
	uint32_t room = len - *at - (uint32_t)sizeof(head);
	if (head.len > STATE_RECORD_MAX || padded(head.len) > room)
		return -EBADMSG;
	*r = (struct state_record){
		.kind = head.kind,
		.version = head.version,
		.len = head.len,
		.octets = p + sizeof(head),
	};
	*at += (uint32_t)sizeof(head) + padded(head.len);
	return 1;
}
