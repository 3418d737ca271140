// The buffer ahead of an output file.

#include "line_file.h"

int line_file_open(
	struct line_file *l, const struct out_file_config *conf, struct sink_stats *stats,
	struct err *err
) {
	l->stats = stats;
	l->used = 0;
	l->lines = 0;
	return out_file_open(&l->file, conf, err);
}

int line_file_drain(struct line_file *l, struct err *err) {
	if (l->used == 0)
		return 0;
	int ret = out_file_write(&l->file, l->buffer, l->used, err);
	if (ret == 0)
		l->stats->delivered += l->lines;
	else
		l->stats->dropped += l->lines;
	l->used = 0;
	l->lines = 0;
	int rotated = ret == 0 ? out_file_rotate(&l->file, err) : 0;
	return ret < 0 ? ret : rotated;
}

char *line_file_room(struct line_file *l, uint32_t max, int *fault, struct err *err) {
	if (l->used > LINE_FILE_BUFFER - max) {
		int ret = line_file_drain(l, err);
		*fault = ret < 0 ? ret : *fault;
	}
	return l->buffer + l->used;
}

void line_file_add(struct line_file *l, const char *end) {
	l->used = (uint32_t)(end - l->buffer);
	l->lines++;
}

int line_file_pause(struct line_file *l, struct err *err) {
	bool rotates = l->file.conf.rotate_size > 0 || l->file.conf.rotate_every_us > 0;
	return rotates ? line_file_drain(l, err) : 0;
}

int line_file_mark(struct line_file *l, struct out_mark *mark, struct err *err) {
	// What the file refuses is lost whether there is a checkpoint or not.
	line_file_drain(l, err);
	return out_file_mark(&l->file, mark, err);
}

int line_file_sync(struct line_file *l, struct err *err) {
	return out_file_sync(&l->file, err);
}

void line_file_close(struct line_file *l) {
	out_file_close(&l->file);
}
