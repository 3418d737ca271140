// SQLite with a rollback journal: pages that become free are not journaled, so a checkpoint costs its own
// size once. Every row has a digest of its own, of what is packed: SQLite does not look at what is inside.

#include "store.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/state_io.h"
#include "pack.h"
#include "store_folder.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define APPLICATION 0x534c4353 // "SLCS"
#define SHORTEST 512 // octets of the smallest page that SQLite has

struct state_store {
	struct state_folder folder;
	sqlite3 *db;
	sqlite3_stmt *put;
	bool has; // a checkpoint is there
	struct state_meta meta; // its
	uint64_t parts; // of it
	uint64_t number; // of the one under way
	uint64_t chunks; // of it
	uint64_t stored; // octets of it, packed
	struct state_pack *pack;
	uint64_t *buffer; // STATE_CHUNK octets, for reading
	struct hash_seed seed;
};

void state_meta_fini(struct state_meta *m) {
	free(m->asked);
	free(m->summary);
	*m = (struct state_meta){0};
}

int state_store_check_built(struct err *err) {
	return 0;
}

// As SQLite says it, with an errno that is near enough.
static int fault(struct state_store *s, const char *doing, struct err *err) {
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

// With the version that this program has, a table or column that is missing is damage.
static int unreadable(struct state_store *s, struct err *err) {
	bool lacks = (sqlite3_errcode(s->db) & 0xff) == SQLITE_ERROR;
	int ret = fault(s, "cannot be read", err);
	return lacks ? -EBADMSG : ret;
}

static int run(struct state_store *s, const char *sql, const char *doing, struct err *err) {
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fault(s, doing, err);
}

static uint64_t digest(const struct state_store *s, const void *octets, uint64_t len, uint64_t n) {
	return hash_mum(hash_bytes(&s->seed, octets, len) ^ s->seed.k[0], n ^ s->seed.k[1]);
}

// Of all that is known beside the records.
static uint64_t
digest_meta(const struct state_store *s, const struct state_meta *m, uint64_t chunks) {
	uint64_t words[] = {
		m->number,
		m->finished,
		(uint64_t)m->saved_us,
		m->octets,
		chunks,
		digest(s, m->asked, strlen(m->asked), 1),
		digest(s, m->summary, strlen(m->summary), 2),
	};
	return digest(s, words, sizeof(words), m->number);
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
		else if (digest_meta(s, m, s->parts) != (uint64_t)sqlite3_column_int64(q, 7))
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
		    || digest(s, packed, (uint64_t)len, n) != (uint64_t)sqlite3_column_int64(q, 1)
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
static int look(struct state_store *s, struct err *err) {
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
		return fault(s, "cannot be opened", err);
	ret = run(
		s,
		"PRAGMA page_size = 65536; PRAGMA locking_mode = EXCLUSIVE;"
		"PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL;"
		"PRAGMA cache_size = 64",
		"cannot be opened", err
	);
	return ret == 0 ? look(s, err) : ret;
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
		ret = fault(s, "cannot be written", err);
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
	sqlite3_bind_int64(s->put, 4, (int64_t)digest(s, packed, (uint64_t)size, n));
	int ret = sqlite3_step(s->put) == SQLITE_DONE ? 0 : fault(s, "cannot be written", err);
	sqlite3_reset(s->put);
	sqlite3_clear_bindings(s->put);
	return ret;
}

static int put_meta(struct state_store *s, const struct state_meta *m, struct err *err) {
	static const char sql[] = "INSERT INTO meta VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
	sqlite3_stmt *q;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK)
		return fault(s, "cannot be written", err);
	sqlite3_bind_int64(q, 1, (int64_t)m->number);
	sqlite3_bind_int(q, 2, m->finished);
	sqlite3_bind_int64(q, 3, m->saved_us);
	sqlite3_bind_int64(q, 4, (int64_t)m->octets);
	sqlite3_bind_int64(q, 5, (int64_t)s->chunks);
	sqlite3_bind_text(q, 6, m->asked, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 7, m->summary, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 8, (int64_t)digest_meta(s, m, s->chunks));
	int ret = sqlite3_step(q) == SQLITE_DONE ? 0 : fault(s, "cannot be written", err);
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
