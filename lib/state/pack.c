// The fastest of zstd's ordinary levels: the next ones take twice the time and save nothing on rows of flows.

#include "pack.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#define LEVEL 1

struct state_pack {
	ZSTD_CCtx *in;
	ZSTD_DCtx *out;
	uint8_t packed[ZSTD_COMPRESSBOUND(STATE_CHUNK)];
};

struct state_pack *state_pack_new(struct err *err) {
	struct state_pack *p = calloc(1, sizeof(*p));
	if (p != NULL) {
		p->in = ZSTD_createCCtx();
		p->out = ZSTD_createDCtx();
	}
	if (p != NULL && p->in != NULL && p->out != NULL)
		return p;
	state_pack_free(p);
	err_set(err, -ENOMEM, "out of memory");
	return NULL;
}

void state_pack_free(struct state_pack *p) {
	if (p == NULL)
		return;
	ZSTD_freeCCtx(p->in);
	ZSTD_freeDCtx(p->out);
	free(p);
}

int state_pack(
	struct state_pack *p, const void *octets, uint32_t len, const void **packed, struct err *err
) {
	size_t n = ZSTD_compressCCtx(p->in, p->packed, sizeof(p->packed), octets, len, LEVEL);
	// There is room for whatever comes: only memory can lack.
	if (ZSTD_isError(n))
		return err_set(err, -ENOMEM, "cannot be packed: %s", ZSTD_getErrorName(n));
	*packed = p->packed;
	return (int)n;
}

int state_unpack(struct state_pack *p, const void *packed, uint32_t len, void *to) {
	size_t n = ZSTD_decompressDCtx(p->out, to, STATE_CHUNK, packed, len);
	return ZSTD_isError(n) || n == 0 ? -EBADMSG : (int)n;
}
