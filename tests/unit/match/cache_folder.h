// A folder for compiled databases, as .init and .fini of a test, and a way to damage what is in it. Each
// test is a process.
#pragma once

#include "base/log.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char cache_dir[64];
static char cache_file[512]; // see find_file

static inline void open_dir(void) {
	strcpy(cache_dir, "/tmp/sluice-test-XXXXXX");
	cr_assert_not_null(mkdtemp(cache_dir));
	log_set_level(LOG_ERROR);
}

// How many files there are; the name of one, of the only one where there is one, is in cache_file then.
static inline unsigned find_file(void) {
	unsigned n = 0;
	DIR *d = opendir(cache_dir);
	cr_assert_not_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(cache_file, sizeof(cache_file), "%s/%s", cache_dir, e->d_name);
		n++;
	}
	closedir(d);
	return n;
}

static inline void close_dir(void) {
	while (find_file() > 0)
		cr_assert_eq(unlink(cache_file), 0);
	rmdir(cache_dir);
}

static inline off_t file_size(void) {
	struct stat st;
	cr_assert_eq(stat(cache_file, &st), 0);
	return st.st_size;
}

// Turns bits of an octet of cache_file; done twice it is as before.
static inline void flip(off_t at, uint8_t bits) {
	uint8_t octet;
	int fd = open(cache_file, O_RDWR);
	cr_assert_eq(pread(fd, &octet, 1, at), 1);
	octet ^= bits;
	cr_assert_eq(pwrite(fd, &octet, 1, at), 1);
	close(fd);
}
