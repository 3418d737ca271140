// SQLite with a rollback journal: pages that become free are not journaled, so a checkpoint costs its own
// size once.

#include "store.h"

#include "base/log.h"
#include "base/state_io.h"
#include "store_priv.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SHORTEST 512 // octets of the smallest page that SQLite has

void state_meta_fini(struct state_meta *m) {
	free(m->asked);
	free(m->summary);
	*m = (struct state_meta){0};
}

int state_store_check_built(struct err *err) {
	return 0;
}

int state_store_fault(struct state_store *s, const char *doing, struct err *err) {
	int code = sqlite3_errcode(s->db) & 0xff, ret = -EIO;
	if (code == SQLITE_FULL)
		ret = -ENOSPC;
	else if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM)
		ret = -EACCES;
	else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		ret = -EBADMSG;
	else if (code == SQLITE_NOMEM)
		ret = -ENOMEM;
	return err_set(err, ret, "%s: %s: %s", s->folder.file, doing, sqlite3_errmsg(s->db));
}

static int run(struct state_store *s, const char *sql, const char *doing, struct err *err) {
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
		? 0
		: state_store_fault(s, doing, err);
}

static int make_tables(struct state_store *s, struct err *err) {
	char sql[512];
	snprintf(
		sql, sizeof(sql),
		"BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d;"
		"CREATE TABLE IF NOT EXISTS meta (number INTEGER, finished INTEGER, saved_us INTEGER,"
		" octets INTEGER, chunks INTEGER, asked TEXT, summary TEXT, digest INTEGER);"
		"CREATE TABLE IF NOT EXISTS chunk (number INTEGER, n INTEGER, octets BLOB,"
		" digest INTEGER, PRIMARY KEY (number, n)); COMMIT",
		APPLICATION, STATE_FORMAT
	);
	return run(s, sql, "cannot be written", err);
}

static void close_file(struct state_store *s) {
	sqlite3_finalize(s->put);
	sqlite3_close(s->db);
	s->put = NULL;
	s->db = NULL;
}

// A database has a page at least. What is shorter is a new one to SQLite, at times.
static int check_length(const char *file, struct err *err) {
	struct stat st;
	if (stat(file, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size >= SHORTEST)
		return 0;
	if (st.st_size > 0)
		return err_set(err, -EBADMSG, "is cut short");
	log_warn("%s: is empty; starting over", file);
	return 0;
}

static int open_file(struct state_store *s, struct err *err) {
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int ret = check_length(s->folder.file, err);
	if (ret < 0)
		return ret;
	state_folder_make(&s->folder);
	if (sqlite3_open_v2(s->folder.file, &s->db, flags, NULL) != SQLITE_OK)
		return state_store_fault(s, "cannot be opened", err);
	ret = run(
		s,
		"PRAGMA page_size = 65536; PRAGMA locking_mode = EXCLUSIVE;"
		"PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL;"
		"PRAGMA cache_size = 64",
		"cannot be opened", err
	);
	return ret == 0 ? state_store_look(s, err) : ret;
}

// What cannot be used is renamed, and another file begun.
static int open_or_set_aside(struct state_store *s, struct err *err) {
	int ret = open_file(s, err);
	if (ret == -EBADMSG || ret == -EPROTO) {
		// It is told with the file's name.
		size_t name = strlen(s->folder.file);
		bool named = strncmp(err->text, s->folder.file, name) == 0;
		char why[sizeof(err->text)];
		snprintf(why, sizeof(why), "%s", err->text + (named ? name + strlen(": ") : 0));
		close_file(s);
		state_meta_fini(&s->meta);
		ret = state_folder_aside(
			&s->folder, ret == -EPROTO ? "other" : "damaged", why, err
		);
		if (ret == 0)
			ret = open_file(s, err);
	}
	return ret == 0 ? make_tables(s, err) : ret;
}

struct state_store *state_store_open(const char *folder, struct err *err) {
	static const char
		put[] = "INSERT INTO chunk (number, n, octets, digest) VALUES (?, ?, ?, ?)";
	struct state_store *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	s->folder.lock = -1;
	hash_seed_fixed(&s->seed, APPLICATION);
	s->buffer = malloc(STATE_CHUNK);
	s->pack = state_pack_new(err);
	int ret = s->buffer == NULL || s->pack == NULL ? err_set(err, -ENOMEM, "out of memory") : 0;
	if (ret == 0)
		ret = state_folder_open(&s->folder, folder, err);
	if (ret == 0)
		ret = open_or_set_aside(s, err);
	if (ret == 0)
		ret = state_folder_note(&s->folder, err);
	if (ret == 0 && sqlite3_prepare_v2(s->db, put, -1, &s->put, NULL) != SQLITE_OK)
		ret = state_store_fault(s, "cannot be written", err);
	if (ret == 0)
		return s;
	state_store_close(s);
	return NULL;
}

void state_store_close(struct state_store *s) {
	if (s == NULL)
		return;
	close_file(s);
	state_folder_close(&s->folder);
	state_meta_fini(&s->meta);
	state_pack_free(s->pack);
	free(s->buffer);
	free(s);
}

const struct state_meta *state_store_meta(const struct state_store *s) {
	return s->has ? &s->meta : NULL;
}

int state_store_forget(struct state_store *s, struct err *err) {
	s->has = false;
	return run(
		s, "BEGIN; DELETE FROM meta; DELETE FROM chunk; COMMIT", "cannot be written", err
	);
}

uint64_t state_store_stored(const struct state_store *s) {
	return s->stored;
}

int state_store_begin(struct state_store *s, struct err *err) {
	s->number = s->meta.number + 1;
	s->chunks = 0;
	s->stored = 0;
	int ret = state_folder_holds(&s->folder, err);
	return ret == 0 ? run(s, "BEGIN IMMEDIATE", "cannot be written", err) : ret;
}

int state_store_put(struct state_store *s, const void *buffer, uint32_t len, struct err *err) {
	uint64_t n = s->chunks++;
	const void *packed;
	int size = state_pack(s->pack, buffer, len, &packed, err);
	if (size < 0)
		return size;
	s->stored += (uint64_t)size;
	sqlite3_bind_int64(s->put, 1, (int64_t)s->number);
	sqlite3_bind_int64(s->put, 2, (int64_t)n);
	sqlite3_bind_blob(s->put, 3, packed, size, SQLITE_STATIC);
	sqlite3_bind_int64(s->put, 4, (int64_t)state_store_digest(s, packed, (uint64_t)size, n));
	int ret = sqlite3_step(s->put) == SQLITE_DONE
		? 0
		: state_store_fault(s, "cannot be written", err);
	sqlite3_reset(s->put);
	sqlite3_clear_bindings(s->put);
	return ret;
}

static int put_meta(struct state_store *s, const struct state_meta *m, struct err *err) {
	static const char sql[] = "INSERT INTO meta VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return state_store_fault(s, "cannot be written", err);
	sqlite3_bind_int64(q, 1, (int64_t)m->number);
	sqlite3_bind_int(q, 2, m->finished);
	sqlite3_bind_int64(q, 3, m->saved_us);
	sqlite3_bind_int64(q, 4, (int64_t)m->octets);
	sqlite3_bind_int64(q, 5, (int64_t)s->chunks);
	sqlite3_bind_text(q, 6, m->asked, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 7, m->summary, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 8, (int64_t)state_store_digest_meta(s, m, s->chunks));
	int ret = sqlite3_step(q) == SQLITE_DONE ? 0
						 : state_store_fault(s, "cannot be written", err);
	sqlite3_finalize(q);
	return ret;
}

int state_store_commit(struct state_store *s, const struct state_meta *meta, struct err *err) {
	struct state_meta m = *meta;
	char sql[160];
	m.number = s->number;
	snprintf(
		sql, sizeof(sql), "DELETE FROM meta; DELETE FROM chunk WHERE number != %llu",
		(unsigned long long)s->number
	);
	int ret = run(s, sql, "cannot be written", err);
	if (ret == 0)
		ret = put_meta(s, &m, err);
	if (ret == 0)
		ret = run(s, "COMMIT", "cannot be written", err);
	if (ret == 0) {
		s->meta.number = s->number;
		s->parts = s->chunks;
	}
	return ret;
}

void state_store_cancel(struct state_store *s) {
	// A fault may have rolled back already.
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}
