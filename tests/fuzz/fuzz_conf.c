// Any octets as a configuration: loading it must neither crash nor leak, must say what is wrong when
// it refuses, and what conf_print writes must load to the same. Leading lines "--set X" are given
// as such.

#include "conf/conf.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SETS_MAX 16

// Loads a text by way of a file without a name. NULL with errors when it is refused.
static struct conf *
load(const char *text, size_t len, const char *const *sets, uint32_t n,
     struct conf_errors *errors) {
	char path[64], whole[96];
	int fd = memfd_create("conf", MFD_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snprintf(whole, sizeof(whole), "%s: cannot", path);
	struct conf *conf = conf_load(path, sets, n, errors);
	if ((conf == NULL) != (errors->n > 0))
		abort();
	for (uint32_t i = 0; i < errors->n; i++) {
		// Every mistake is found in its line, not by libini_config giving up as a whole.
		const char *line = errors->line[i];
		if (strchr(line, '\n') != NULL || strncmp(line, whole, strlen(whole)) == 0)
			abort();
	}
	close(fd);
	return conf;
}

static char *print(const struct conf *conf, size_t *len) {
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	if (out == NULL)
		abort();
	conf_print(conf, out);
	fclose(out);
	return text;
}

static void check_round_trip(const struct conf *conf) {
	struct conf_errors errors;
	size_t len = 0, again_len = 0;
	char *text = print(conf, &len);
	struct conf *again = load(text, len, NULL, 0, &errors);
	if (again == NULL)
		abort();
	char *again_text = print(again, &again_len);
	if (len != again_len || memcmp(text, again_text, len) != 0)
		abort();
	free(again_text);
	conf_free(again);
	conf_errors_fini(&errors);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	char *text = malloc(size + 1);
	const char *sets[SETS_MAX];
	uint32_t n = 0;
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	char *p = text;
	while (n < SETS_MAX && strncmp(p, "--set ", 6) == 0) {
		char *end = strchr(p, '\n');
		if (end == NULL)
			break;
		*end = '\0';
		sets[n++] = p + 6;
		p = end + 1;
	}
	struct conf_errors errors;
	struct conf *conf = load(p, size - (size_t)(p - text), sets, n, &errors);
	if (conf != NULL)
		check_round_trip(conf);
	conf_free(conf);
	conf_errors_fini(&errors);
	free(text);
	return 0;
}
