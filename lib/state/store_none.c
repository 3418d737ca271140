// A build without SQLite or zstd keeps no state.

#include "store.h"

#include <errno.h>
#include <stddef.h>

int state_store_check_built(struct err *err) {
	return err_set(
		err, -ENOTSUP,
		"state.path: keeping a state is not part of this build (cure: install SQLite and zstd "
		"(Debian: libsqlite3-dev libzstd-dev) and build again with -Dsqlite=enabled, or leave "
		"it empty)"
	);
}

struct state_store *state_store_open(const char *folder, struct err *err) {
	state_store_check_built(err);
	return NULL;
}

void state_store_close(struct state_store *s) {}

void state_meta_fini(struct state_meta *m) {}

const struct state_meta *state_store_meta(const struct state_store *s) {
	return NULL;
}

int state_store_read(struct state_store *s, state_taker *take, void *ctx, struct err *err) {
	return 0;
}

int state_store_forget(struct state_store *s, struct err *err) {
	return 0;
}

uint64_t state_store_stored(const struct state_store *s) {
	return 0;
}

int state_store_begin(struct state_store *s, struct err *err) {
	return err_set(err, -ENOTSUP, "there is no SQLite");
}

int state_store_put(struct state_store *s, const void *buffer, uint32_t len, struct err *err) {
	return -ENOTSUP;
}

int state_store_commit(struct state_store *s, const struct state_meta *m, struct err *err) {
	return -ENOTSUP;
}

void state_store_cancel(struct state_store *s) {}
