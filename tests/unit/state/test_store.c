// The store: what was committed is read, what was not is not, and what is damaged is set aside.

#include "state/store.h"

#include "base/log.h"
#include "base/state_buffer.h"
#include "state/store_folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], file[128];

static void make_folder(void) {
	strcpy(folder, "/tmp/sluice-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/" STATE_FILE, folder);
}

static void remove_folder(void) {
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	cr_assert_eq(system(command), 0);
}

static struct state_store *open_store(void) {
	struct err err = {0};
	struct state_store *s = state_store_open(folder, &err);
	cr_assert_not_null(s, "%s", err.text);
	return s;
}

// A checkpoint of `n` buffers that begin with `with`. The rest of them no packing makes smaller: there is as
// much in the file.
static void fill(struct state_store *s, uint8_t with, uint32_t n) {
	static uint8_t octets[STATE_CHUNK];
	struct err err = {0};
	uint64_t x = 88172645463325252;
	octets[0] = with;
	for (uint32_t i = 1; i < sizeof(octets); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		octets[i] = (uint8_t)x;
	}
	cr_assert_eq(state_store_begin(s, &err), 0, "%s", err.text);
	for (uint32_t i = 0; i < n; i++)
		cr_assert_eq(state_store_put(s, octets, (uint32_t)sizeof(octets) - i, &err), 0);
}

static void keep(struct state_store *s, uint8_t with, uint32_t n) {
	char asked[] = "as it is", summary[] = "{}";
	struct state_meta m = {.asked = asked, .summary = summary, .finished = with == 9};
	struct err err = {0};
	fill(s, with, n);
	cr_assert_eq(state_store_commit(s, &m, &err), 0, "%s", err.text);
}

struct seen {
	uint32_t n;
	uint8_t with;
};

static int see(void *ctx, const void *buffer, uint32_t len, struct err *err) {
	struct seen *seen = ctx;
	cr_assert_eq((uintptr_t)buffer % 8, 0);
	cr_assert_eq(len, STATE_CHUNK - seen->n);
	seen->with = *(const uint8_t *)buffer;
	seen->n++;
	return 0;
}

static struct seen look(struct state_store *s) {
	struct seen seen = {0};
	struct err err = {0};
	cr_assert_eq(state_store_read(s, see, &seen, &err), 0, "%s", err.text);
	return seen;
}

static uint32_t count_files(const char *part) {
	DIR *d = opendir(folder);
	uint32_t n = 0;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += strstr(e->d_name, part) != NULL && strstr(e->d_name, "-journal") == NULL;
	closedir(d);
	return n;
}

Test(store, a_checkpoint_replaces_the_one_before, .init = make_folder, .fini = remove_folder) {
	struct state_store *s = open_store();
	cr_assert_null(state_store_meta(s));
	keep(s, 1, 3);
	keep(s, 2, 5);
	state_store_close(s);
	s = open_store();
	const struct state_meta *m = state_store_meta(s);
	cr_assert_not_null(m);
	cr_assert_str_eq(m->asked, "as it is");
	cr_assert_not(m->finished);
	cr_assert_eq(m->number, 2);
	struct seen seen = look(s);
	cr_assert_eq(seen.n, 5);
	cr_assert_eq(seen.with, 2);
	keep(s, 9, 0);
	state_store_close(s);
	s = open_store();
	cr_assert(state_store_meta(s)->finished);
	cr_assert_eq(look(s).n, 0);
	state_store_close(s);
}

Test(store, what_is_not_committed_never_was, .init = make_folder, .fini = remove_folder) {
	struct state_store *s = open_store();
	keep(s, 1, 2);
	fill(s, 2, 40);
	state_store_cancel(s);
	keep(s, 3, 4);
	// As when the power goes: nothing is said to the store.
	fill(s, 4, 40);
	state_store_close(s);
	s = open_store();
	struct seen seen = look(s);
	cr_assert_eq(seen.n, 4);
	cr_assert_eq(seen.with, 3);
	struct err err = {0};
	cr_assert_eq(state_store_forget(s, &err), 0);
	cr_assert_null(state_store_meta(s));
	state_store_close(s);
	s = open_store();
	cr_assert_null(state_store_meta(s));
	state_store_close(s);
}

Test(store, what_breaks_off_while_it_is_read_is_an_error, .init = make_folder,
     .fini = remove_folder) {
	struct state_store *s = open_store();
	struct seen seen = {0};
	struct err err = {0};
	// More than SQLite keeps in memory, so that all of it has to be read again.
	keep(s, 1, 40);
	state_store_close(s);
	s = open_store();
	cr_assert_eq(truncate(file, 65536), 0);
	cr_expect_lt(state_store_read(s, see, &seen, &err), 0);
	cr_expect_neq(err.text[0], '\0');
	state_store_close(s);
}

Test(store, what_is_kept_is_its_owners_alone, .init = make_folder, .fini = remove_folder) {
	static const char *const names[] = {STATE_FILE, STATE_FILE "-journal"};
	struct stat st;
	umask(0);
	struct state_store *s = open_store();
	keep(s, 1, 1);
	for (uint32_t i = 0; i < 2; i++) {
		char name[160];
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		cr_assert_eq(stat(name, &st), 0, "%s", name);
		cr_expect_eq(st.st_mode & 0777, 0600, "%s: %o", name, st.st_mode);
	}
	state_store_close(s);
}

Test(store, a_folder_is_of_one_instance, .init = make_folder, .fini = remove_folder) {
	struct state_store *s = open_store();
	struct err err = {0};
	cr_assert_null(state_store_open(folder, &err));
	cr_assert_not_null(strstr(err.text, "another instance"), "%s", err.text);
	state_store_close(s);
	state_store_close(open_store());
}

Test(store, a_path_that_is_no_folder_is_told, .init = make_folder, .fini = remove_folder) {
	struct err err = {0};
	char path[160];
	snprintf(path, sizeof(path), "%s/file", folder);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	cr_assert_null(state_store_open(path, &err));
	cr_assert_not_null(strstr(err.text, path), "%s", err.text);
	snprintf(path, sizeof(path), "%s/a/b/c", folder);
	struct state_store *s = state_store_open(path, &err);
	cr_assert_not_null(s, "%s", err.text);
	state_store_close(s);
}

Test(store, damage_anywhere_is_seen_and_set_aside, .init = make_folder, .fini = remove_folder) {
	log_set_level(LOG_ERROR);
	struct state_store *s = open_store();
	keep(s, 1, 3);
	state_store_close(s);
	struct stat st;
	cr_assert_eq(stat(file, &st), 0);
	char *good = malloc((size_t)st.st_size);
	int fd = open(file, O_RDONLY);
	cr_assert_eq(read(fd, good, (size_t)st.st_size), st.st_size);
	close(fd);
	uint32_t aside = 0, silent = 0;
	for (off_t at = 0; at < st.st_size; at += 20011) {
		fd = open(file, O_WRONLY | O_TRUNC | O_CREAT, 0600);
		cr_assert_eq(write(fd, good, (size_t)st.st_size), st.st_size);
		char other = (char)(good[at] ^ 0x55);
		cr_assert_eq(pwrite(fd, &other, 1, at), 1);
		close(fd);
		s = open_store();
		if (state_store_meta(s) == NULL) {
			cr_assert_eq(count_files("damaged") + count_files("other-"), ++aside);
		} else {
			// Where nothing is, nothing can be damaged.
			struct seen seen = look(s);
			cr_assert_eq(seen.n, 3);
			silent++;
		}
		keep(s, 2, 4);
		state_store_close(s);
	}
	cr_assert_gt(aside, 30, "%u aside, %u silent", aside, silent);
	free(good);
}

Test(store, other_versions_and_other_files_are_set_aside, .init = make_folder,
     .fini = remove_folder) {
	log_set_level(LOG_ERROR);
	struct state_store *s = open_store();
	keep(s, 1, 1);
	state_store_close(s);
	int fd = open(file, O_WRONLY);
	// user_version, in SQLite's header.
	cr_assert_eq(pwrite(fd, "\0\0\1\0", 4, 60), 4);
	close(fd);
	s = open_store();
	cr_assert_null(state_store_meta(s));
	state_store_close(s);
	cr_assert_eq(count_files("other"), 1);
	fd = open(file, O_WRONLY | O_TRUNC);
	cr_assert_eq(write(fd, "not a database at all", 21), 21);
	close(fd);
	s = open_store();
	cr_assert_null(state_store_meta(s));
	keep(s, 2, 1);
	state_store_close(s);
	cr_assert_eq(count_files("damaged"), 1);
}

// Its pages are whole, and its version is this program's.
Test(store, a_table_without_a_column_is_set_aside, .init = make_folder, .fini = remove_folder) {
	static const char *const columns[] = {
		"asked TEXT", "summary TEXT", "octets BLOB", "n INTEGER,"};
	log_set_level(LOG_ERROR);
	for (uint32_t i = 0; i < 4; i++) {
		struct state_store *s = open_store();
		keep(s, 1, 1);
		state_store_close(s);
		static char text[1 << 16];
		int fd = open(file, O_RDWR);
		ssize_t len = read(fd, text, sizeof(text));
		char *at = memmem(text, (size_t)len, columns[i], strlen(columns[i]));
		cr_assert_not_null(at, "%s", columns[i]);
		cr_assert_eq(pwrite(fd, "x", 1, at - text), 1);
		close(fd);
		s = open_store();
		cr_assert_null(state_store_meta(s), "%s", columns[i]);
		state_store_close(s);
		cr_assert_eq(count_files("damaged"), i + 1);
	}
}

Test(store, a_state_that_is_cut_short_anywhere_is_set_aside, .init = make_folder,
     .fini = remove_folder) {
	static const off_t lengths[] = {1, 15, 511, 512, 1024, 65536, 3 * 65536};
	log_set_level(LOG_ERROR);
	for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct state_store *s = open_store();
		keep(s, 1, 3);
		state_store_close(s);
		cr_assert_eq(truncate(file, lengths[i]), 0);
		s = open_store();
		cr_assert_null(state_store_meta(s), "%lld octets", (long long)lengths[i]);
		state_store_close(s);
		cr_assert_eq(count_files("damaged"), i + 1, "%lld octets", (long long)lengths[i]);
	}
}

Test(store, a_file_that_was_removed_keeps_nothing_and_says_so, .init = make_folder,
     .fini = remove_folder) {
	struct state_store *s = open_store();
	struct err err = {0};
	keep(s, 1, 1);
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(state_store_begin(s, &err), -ESTALE);
	cr_assert_not_null(strstr(err.text, "removed or replaced"), "%s", err.text);
	int fd = open(file, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	cr_assert_eq(state_store_begin(s, &err), -ESTALE, "another one");
	state_store_close(s);
}
