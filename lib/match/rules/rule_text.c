// Reads a rule file whole, with a bound: what is named may be a device that never ends.

#include "rule_text.h"

#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_room(char **buf, uint64_t *cap, uint64_t want) {
	if (want <= *cap)
		return true;
	char *bigger = realloc(*buf, want);
	if (bigger == NULL)
		return false;
	*buf = bigger;
	*cap = want;
	return true;
}

int rule_text_read(const char *path, uint64_t max, char **text, uint64_t *len, struct err *err) {
	char size_text[32];
	char *buf = NULL;
	uint64_t cap = 0, n = 0;
	struct stat st;
	ssize_t got;
	int ret;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		goto fail;
	// One octet more than is expected, so that the usual file ends in one read.
	uint64_t expected = S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
	if (!make_room(&buf, &cap, (expected < max ? expected : max) + 4096)) {
		errno = ENOMEM;
		goto fail;
	}
	while ((got = read(fd, buf + n, cap - n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto fail;
		n += (uint64_t)got;
		if (n > max) {
			errno = EFBIG;
			goto fail;
		}
		if (n == cap && !make_room(&buf, &cap, cap * 2)) {
			errno = ENOMEM;
			goto fail;
		}
	}
	close(fd);
	*text = buf;
	*len = n;
	return 0;
fail:
	ret = -errno;
	if (ret == -EFBIG)
		err_set(err, ret, "%s: larger than %s", path,
			units_format_size(max, size_text, sizeof(size_text)));
	else
		err_set(err, ret, "%s: %s", path, strerror(-ret));
	free(buf);
	if (fd >= 0)
		close(fd);
	return ret;
}
