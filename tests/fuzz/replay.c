// Replays a fuzz target's corpus under any compiler and reports TAP: a fault that fuzzing found once
// stays a regression test. Each input goes in whole and cut short at several places, from a buffer
// that ends where the input ends, so that the address sanitizer sees the first octet read too many.

#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CUTS 16

static uint8_t *read_file(const char *path, size_t *size) {
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data = NULL;
	if (f == NULL)
		return NULL;
	if (fstat(fileno(f), &st) < 0 || (data = malloc((size_t)st.st_size + 1)) == NULL)
		goto close;
	*size = fread(data, 1, (size_t)st.st_size, f);
	if (*size != (size_t)st.st_size) {
		free(data);
		data = NULL;
	}
close:
	fclose(f);
	return data;
}

// Runs the first `size` octets from a buffer of just that size.
static int feed(const uint8_t *data, size_t size) {
	uint8_t *exact = malloc(size);
	if (exact == NULL && size > 0)
		return -ENOMEM;
	if (size > 0)
		memcpy(exact, data, size);
	int ret = LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return ret;
}

// Returns NULL or what went wrong.
static const char *replay(const char *path) {
	size_t size = 0;
	uint8_t *data = read_file(path, &size);
	if (data == NULL)
		return strerror(errno);
	int ret = feed(data, size);
	for (size_t i = 0; ret == 0 && i < CUTS; i++)
		ret = feed(data, size * i / CUTS);
	free(data);
	return ret == 0 ? NULL : "the target returned an error";
}

static int visible(const struct dirent *entry) {
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv) {
	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	struct dirent **entry = NULL;
	int n = scandir(argv[1], &entry, visible, alphasort);
	if (n <= 0) {
		printf("1..1\nnot ok 1 - %s holds a corpus\n", argv[1]);
		printf("# %s\n", n < 0 ? strerror(errno) : "the folder is empty");
		free(entry);
		return 1;
	}
	int failed = 0;
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		char path[4096];
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry[i]->d_name);
		// Said first, so that a crash leaves the culprit's name behind.
		printf("# %s\n", path);
		fflush(stdout);
		const char *wrong = replay(path);
		failed += wrong != NULL;
		printf("%sok %d - %s\n", wrong ? "not " : "", i + 1, entry[i]->d_name);
		if (wrong != NULL)
			printf("# %s\n", wrong);
		free(entry[i]);
	}
	free(entry);
	return failed > 0;
}
