// Every row has a digest of its own, of what is packed: SQLite does not look at what is inside.

#include "base/state_io.h"
#include "store_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t
state_store_digest(const struct state_store *s, const void *octets, uint64_t len, uint64_t n) {
	return hash_mum(hash_bytes(&s->seed, octets, len) ^ s->seed.k[0], n ^ s->seed.k[1]);
}

uint64_t
state_store_digest_meta(const struct state_store *s, const struct state_meta *m, uint64_t chunks) {
	uint64_t words[] = {
		m->number,
		m->finished,
		(uint64_t)m->saved_us,
		m->octets,
		chunks,
		state_store_digest(s, m->asked, strlen(m->asked), 1),
		state_store_digest(s, m->summary, strlen(m->summary), 2),
	};
	return state_store_digest(s, words, sizeof(words), m->number);
}

// With the version that this program has, a table or column that is missing is damage.
static int unreadable(struct state_store *s, struct err *err) {
	bool lacks = (sqlite3_errcode(s->db) & 0xff) == SQLITE_ERROR;
	int ret = state_store_fault(s, "cannot be read", err);
	return lacks ? -EBADMSG : ret;
}

static int pragma(struct state_store *s, const char *sql, int64_t *value, struct err *err) {
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return unreadable(s, err);
	int ret = sqlite3_step(q) == SQLITE_ROW ? 0 : unreadable(s, err);
	if (ret == 0)
		*value = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return ret;
}

static char *column_text(sqlite3_stmt *q, int i) {
	const unsigned char *text = sqlite3_column_text(q, i);
	return strdup(text != NULL ? (const char *)text : "");
}

// 1: there is one, 0: there is none, or -errno with err set.
static int read_meta(struct state_store *s, struct err *err) {
	static const char sql[] =
		"SELECT number, finished, saved_us, octets, chunks, asked, summary, digest FROM meta";
	struct state_meta *m = &s->meta;
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return unreadable(s, err);
	int step = sqlite3_step(q), ret = 0;
	if (step == SQLITE_ROW) {
		*m = (struct state_meta){
			.number = (uint64_t)sqlite3_column_int64(q, 0),
			.finished = sqlite3_column_int(q, 1) != 0,
			.saved_us = sqlite3_column_int64(q, 2),
			.octets = (uint64_t)sqlite3_column_int64(q, 3),
			.asked = column_text(q, 5),
			.summary = column_text(q, 6),
		};
		s->parts = (uint64_t)sqlite3_column_int64(q, 4);
		if (m->asked == NULL || m->summary == NULL)
			ret = err_set(err, -ENOMEM, "out of memory");
		else if (state_store_digest_meta(s, m, s->parts) != (uint64_t)sqlite3_column_int64(q, 7))
			ret = err_set(err, -EBADMSG, "its head is damaged");
		else
			ret = 1;
	} else if (step != SQLITE_DONE) {
		ret = unreadable(s, err);
	}
	sqlite3_finalize(q);
	return ret;
}

int state_store_read(struct state_store *s, state_taker *take, void *ctx, struct err *err) {
	static const char sql[] = "SELECT octets, digest FROM chunk WHERE number = ? ORDER BY n";
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return unreadable(s, err);
	sqlite3_bind_int64(q, 1, (int64_t)s->meta.number);
	uint64_t n = 0;
	int ret = 0, step;
	while (ret == 0 && (step = sqlite3_step(q)) == SQLITE_ROW) {
		int len = sqlite3_column_bytes(q, 0);
		const void *packed = sqlite3_column_blob(q, 0);
		if (packed == NULL
		    || state_store_digest(s, packed, (uint64_t)len, n)
			    != (uint64_t)sqlite3_column_int64(q, 1)
		    || (len = state_unpack(s->pack, packed, (uint32_t)len, s->buffer)) < 0)
			ret = err_set(err, -EBADMSG, "part %llu is damaged", (unsigned long long)n);
		else if (take != NULL)
			ret = take(ctx, s->buffer, (uint32_t)len, err);
		n++;
	}
	if (ret == 0 && step != SQLITE_DONE)
		ret = unreadable(s, err);
	if (ret == 0 && n != s->parts)
		ret = err_set(err, -EBADMSG, "parts of it are missing");
	sqlite3_finalize(q);
	return ret;
}

// What holds nothing now, too, will be written to.
static int check_pages(struct state_store *s, struct err *err) {
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &q, NULL) != SQLITE_OK)
		return unreadable(s, err);
	int ret = sqlite3_step(q) == SQLITE_ROW ? 0 : unreadable(s, err);
	const char *said = ret == 0 ? (const char *)sqlite3_column_text(q, 0) : NULL;
	if (ret == 0 && (said == NULL || strcmp(said, "ok") != 0))
		ret = err_set(err, -EBADMSG, "is damaged: %.200s", said != NULL ? said : "?");
	sqlite3_finalize(q);
	return ret;
}

// Looks at everything that is there.
int state_store_look(struct state_store *s, struct err *err) {
	int64_t application = 0, version = 0, tables = 0, left = 0;
	int ret = pragma(s, "PRAGMA application_id", &application, err);
	if (ret == 0)
		ret = pragma(s, "PRAGMA user_version", &version, err);
	if (ret == 0)
		ret = pragma(s, "SELECT count(*) FROM sqlite_master", &tables, err);
	if (ret < 0 || (tables == 0 && application == 0))
		return ret;
	if (application != APPLICATION)
		return err_set(err, -EBADMSG, "is not a state of Sluice");
	if (version != STATE_FORMAT)
		return err_set(
			err, -EPROTO, "is of version %lld of the format, this program has %d",
			(long long)version, STATE_FORMAT
		);
	if (tables < 2)
		return err_set(err, -EBADMSG, "its tables are missing");
	ret = check_pages(s, err);
	if (ret < 0)
		return ret;
	ret = read_meta(s, err);
	if (ret == 0)
		ret = pragma(s, "SELECT count(*) FROM chunk", &left, err);
	if (ret == 0 && left > 0 && s->meta.asked == NULL)
		ret = err_set(err, -EBADMSG, "its head is missing");
	if (ret > 0)
		ret = state_store_read(s, NULL, NULL, err);
	s->has = ret == 0 && s->meta.asked != NULL;
	return ret;
}
