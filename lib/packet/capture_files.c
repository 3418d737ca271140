// Only the first file and those that cannot be opened twice stay open from the start: there may be thousands.

#include "capture_files.h"

#include "packet/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int open_each(struct capture_files *f, const struct filter *filter, struct err *err) {
	bool sized = true;
	for (uint32_t i = 0; i < f->n_paths; i++) {
		struct capture_file file;
		int ret = capture_file_open(&file, f->paths[i], err);
		if (ret != 0)
			return ret;
		if (filter != NULL && !filter_has_link(filter, file.link, err)) {
			capture_file_close(&file);
			return err_wrap(err, -EINVAL, "%s", f->paths[i]);
		}
		uint64_t size = capture_stream_size(file.stream);
		if (size == UINT64_MAX)
			sized = false;
		else
			f->bytes_total += size;
		if (i == 0 || size == UINT64_MAX)
			f->piped[i] = file;
		else
			capture_file_close(&file);
	}
	if (!sized)
		f->bytes_total = 0;
	return 0;
}

int capture_files_open(
	struct capture_files *f, const char *const *paths, uint32_t n, const struct filter *filter,
	struct err *err
) {
	*f = (struct capture_files){.paths = paths, .n_paths = n};
	f->piped = calloc(n, sizeof(*f->piped));
	return f->piped != NULL ? open_each(f, filter, err)
				: err_set(err, -ENOMEM, "out of memory");
}

void capture_files_close(struct capture_files *f) {
	capture_file_close(&f->file);
	for (uint32_t i = 0; f->piped != NULL && i < f->n_paths; i++)
		capture_file_close(&f->piped[i]);
	free(f->piped);
	f->piped = NULL;
}

int capture_files_next(struct capture_files *f, uint64_t frames, struct err *err) {
	if (f->file.pcap != NULL) {
		capture_files_mark(f, frames);
		f->bytes_done += capture_stream_taken(f->file.stream);
		capture_file_close(&f->file);
	}
	if (f->next == f->n_paths)
		return -ENODATA;
	uint32_t i = f->next++;
	f->place = (struct source_place){.frames = frames, .file = i};
	if (f->piped[i].pcap == NULL)
		return capture_file_open(&f->file, f->paths[i], err);
	f->file = f->piped[i];
	f->piped[i] = (struct capture_file){0};
	return 0;
}

uint64_t capture_files_taken(const struct capture_files *f) {
	return f->bytes_done + (f->file.pcap != NULL ? capture_stream_taken(f->file.stream) : 0);
}

void capture_files_mark(struct capture_files *f, uint64_t frames) {
	if (!capture_file_seeks(&f->file))
		return;
	f->place.frames = frames;
	f->place.octet = capture_file_tell(&f->file);
}

void capture_files_place(const struct capture_files *f, struct source_place *out) {
	*out = f->place;
	if (f->bytes_total == 0)
		*out = (struct source_place){}; // a pipe brings each octet once
	else if (f->file.pcap != NULL)
		out->looked_at = out->octet > 0 ? out->octet : capture_stream_taken(f->file.stream);
	if (out->looked_at > 0
	    && capture_stream_digest(f->file.stream, out->looked_at, &out->digest) < 0)
		out->looked_at = 0;
}

static int compare(const struct capture_files *f, const struct source_place *to, struct err *err) {
	uint64_t digest;
	int ret = capture_stream_digest(f->file.stream, to->looked_at, &digest);
	if (ret == 0 && digest == to->digest)
		return 0;
	return err_set(
		err, -EINVAL,
		"%s: not the file that was read before: its octets ahead of octet %llu, where the "
		"checkpoint is, are others (go on with the capture as it was, or start over with "
		"--restart)",
		f->file.path, (unsigned long long)to->looked_at
	);
}

int capture_files_seek(struct capture_files *f, const struct source_place *to, struct err *err) {
	struct stat st;
	if (to->frames == 0 && to->octet == 0 && to->looked_at == 0)
		return 0;
	if (to->file >= f->n_paths)
		return err_set(err, -EBADMSG, "the state is of a capture that is not there");
	for (uint32_t i = 0; i < to->file; i++)
		if (stat(f->paths[i], &st) == 0)
			f->bytes_done += (uint64_t)st.st_size;
	f->next = (uint32_t)to->file;
	int ret = capture_files_next(f, to->frames, err);
	if (ret == 0 && to->looked_at > 0)
		ret = compare(f, to, err);
	if (ret == 0 && to->octet > 0)
		ret = capture_file_seek(&f->file, to->octet);
	// Its digest is of a file that may be closed when the place is told again.
	if (ret == 0)
		f->place = (struct source_place
		){.frames = to->frames, .file = to->file, .octet = to->octet};
	return ret == 0 || err->text[0] != '\0'
		? ret
		: err_set(err, ret, "%s: %s", f->paths[to->file], strerror(-ret));
}
