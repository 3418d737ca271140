// Any octets as a capture file: opened, read to its end or its fault in bursts, every frame parsed.

#include "packet/capture.h"
#include "packet/parse.h"

#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static uint64_t sum_of(const struct packet *p) {
	uint64_t sum = 0;
	for (uint32_t i = 0; i < p->cap_len; i++)
		sum += p->data[i];
	return sum;
}

// Reads everything, keeping one burst back while the next one is read.
static void read_all(struct source *src) {
	static struct burst b[2];
	static uint64_t sum[BURST_MAX];
	struct parser p;
	check(parser_init(&p, TUNNEL_ALL, NULL) == 0);
	int ret;
	b[0].n = b[1].n = 0;
	for (unsigned turn = 0; (ret = src->ops->recv(src, &b[turn & 1])) >= 0; turn++) {
		struct burst *now = &b[turn & 1], *last = &b[~turn & 1];
		check((uint32_t)ret == now->n);
		for (uint32_t i = 0; i < last->n; i++)
			check(sum_of(&last->pkt[i]) == sum[i]);
		src->ops->release(src, last);
		last->n = 0;
		parse_burst(&p, src, now);
		for (uint32_t i = 0; i < now->n; i++)
			sum[i] = sum_of(&now->pkt[i]);
	}
	check(ret == -ENODATA || src->err.text[0] != '\0');
	parser_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	int fd = memfd_create("capture", MFD_CLOEXEC);
	check(fd >= 0);
	check(write(fd, data, size) == (ssize_t)size);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	const char *paths[] = {path, path};
	struct capture_config conf = {.paths = paths, .n_paths = 2, .in_flight = 32};
	struct err err = {0};
	struct source *src = capture_new(&conf, &err);
	check(src != NULL || err.text[0] != '\0');
	if (src != NULL) {
		check(src->ops->attach(src) == 0);
		read_all(src);
		src->ops->detach(src);
		capture_free(src);
	}
	close(fd);
	return 0;
}
