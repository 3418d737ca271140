// Places in capture files: from each that is told, another run goes on with the frames behind it, without reading
// those ahead where the format lets it; and no other file is taken for the one that was read.

#include "packet/capture.h"

#include "capture_help.h"
#include "packet/source_skip.h"

#include <errno.h>

TestSuite(capture_place, .fini = remove_files);

#define FRAMES 300

static struct octets o;
static struct err err;
static struct burst b;

// Each frame's octets and time tell its number.
static void fill(uint32_t from, bool nanoseconds) {
	static uint8_t frame[4000];
	for (uint32_t i = from; i < from + FRAMES; i++) {
		memcpy(frame, &i, sizeof(i));
		pcap_frame(&o, i, nanoseconds ? 999999999 : 5, frame, 4 + i * 7 % 900, 1500);
	}
}

static const char *classic(const char *name, uint32_t from, uint32_t magic, uint32_t snaplen) {
	pcap_start(&o, magic, 1);
	memcpy(o.data + 16, &snaplen, sizeof(snaplen));
	fill(from, magic == PCAP_NANO);
	return write_file(name, &o);
}

static const char *next_generation(const char *name, uint32_t from) {
	pcapng_start(&o);
	for (uint32_t i = from; i < from + FRAMES; i++)
		pcapng_frame(&o, i * UINT64_C(1000000), &i, sizeof(i));
	return write_file(name, &o);
}

static const char *packed(const char *name, uint32_t from) {
	pcap_start(&o, PCAP_MICRO, 1);
	fill(from, false);
	return write_packed(name, &o, "w");
}

static struct source *open_files(const char *const *paths, uint32_t n, int64_t pace, uint32_t fly) {
	struct capture_config conf = {.paths = paths, .n_paths = n, .pace = pace, .in_flight = fly};
	struct source *src = capture_new(&conf, &err);
	cr_assert_not_null(src, "%s", err.text);
	return src;
}

// From the frame numbered `from` to the end, each once.
static void expect_from(struct source *src, uint32_t from, uint32_t end) {
	int n;
	while ((n = src->ops->recv(src, &b)) >= 0) {
		n = source_taken(src, &b, n);
		for (int i = 0; i < n; i++, from++) {
			uint32_t number;
			memcpy(&number, b.pkt[i].data, sizeof(number));
			cr_assert_eq(number, from);
			cr_assert_eq(b.pkt[i].time_us / 1000000, from);
		}
		src->ops->release(src, &b);
	}
	cr_assert_eq(n, -ENODATA, "%s", src->err.text);
	cr_assert_eq(from, end);
	cr_assert_eq(src->frames, end);
}

// A run that goes on from the place, `frames` being ahead of it.
static struct source *
go_on(const char *const *paths, uint32_t n, const struct source_place *at, uint64_t frames) {
	struct source *src = open_files(paths, n, CAPTURE_PACE_MAX, 0);
	cr_assert_eq(src->ops->seek(src, at), 0, "%s", src->err.text);
	src->frames = at->frames;
	src->skip = frames - at->frames;
	return src;
}

// One that has read all files tells a place as well, behind which nothing is.
static void expect_at_end(const char *const *paths, uint32_t n, struct source *src) {
	struct source_place at;
	src->ops->place(src, &at);
	cr_assert_leq(at.frames, src->frames);
	struct source *last = go_on(paths, n, &at, src->frames);
	expect_from(last, n * FRAMES, n * FRAMES);
	capture_free(last);
}

// At each burst another run goes on from what is told there. How many frames the runs read over at the most.
static uint64_t go_on_everywhere(const char *const *paths, uint32_t n, int64_t pace, uint32_t fly) {
	struct source *src = open_files(paths, n, pace, fly);
	struct source_place at;
	uint64_t over = 0;
	for (int got = 0; got >= 0;) {
		src->ops->place(src, &at);
		cr_assert_leq(at.frames, src->frames);
		over = src->frames - at.frames > over ? src->frames - at.frames : over;
		struct source *next = go_on(paths, n, &at, src->frames);
		expect_from(next, (uint32_t)src->frames, n * FRAMES);
		struct source_stats st;
		next->ops->stats(next, &st);
		cr_assert_eq(st.bytes_read, st.bytes_total);
		cr_assert_eq(st.to_skip, 0);
		expect_at_end(paths, n, next);
		capture_free(next);
		do {
			got = src->ops->recv(src, &b);
		} while (got == 0);
		if (got > 0 && source_taken(src, &b, got) > 0)
			src->ops->release(src, &b);
	}
	capture_free(src);
	return over;
}

Test(capture_place, a_pcap_is_gone_on_with_at_any_burst) {
	const char *paths[] = {
		classic("a.pcap", 0, PCAP_MICRO, 262144),
		classic("b.pcap", FRAMES, PCAP_NANO, 262144)};
	cr_assert_eq(go_on_everywhere(paths, 2, CAPTURE_PACE_MAX, 0), 0);
}

Test(capture_place, a_frame_that_waits_is_behind_the_place) {
	const char *paths[] = {classic("a.pcap", 0, PCAP_MICRO, 262144)};
	cr_assert_lt(go_on_everywhere(paths, 1, 20000, 0), BURST_MAX);
}

Test(capture_place, frames_longer_than_the_header_tells_have_places) {
	const char *paths[] = {classic("a.pcap", 0, PCAP_MICRO, 100)};
	cr_assert_eq(go_on_everywhere(paths, 1, CAPTURE_PACE_MAX, 0), 0);
}

Test(capture_place, what_has_no_positions_is_read_over_from_the_beginning_of_its_file) {
	const char *paths[] = {
		next_generation("a.pcapng", 0), packed("b.pcap.gz", FRAMES),
		classic("c.pcap", 2 * FRAMES, PCAP_MICRO, 262144)};
	uint64_t over = go_on_everywhere(paths, 3, CAPTURE_PACE_MAX, 0);
	cr_assert_gt(over, FRAMES / 2);
	cr_assert_leq(over, FRAMES);
}

// Reads half of it, and has another run go on there behind that octet was changed.
static int go_on_with_another(const char *path, uint64_t octet) {
	struct source *src = open_files(&path, 1, CAPTURE_PACE_MAX, 0);
	struct source_place at;
	while (src->frames < FRAMES / 2) {
		int n = src->ops->recv(src, &b);
		cr_assert_gt(n, 0);
		source_taken(src, &b, n);
		src->ops->release(src, &b);
	}
	src->ops->place(src, &at);
	capture_free(src);
	FILE *fp = fopen(path, "r+");
	cr_assert_not_null(fp);
	fseek(fp, (long)(octet < at.looked_at ? at.looked_at - octet : 0), SEEK_SET);
	int was = fgetc(fp);
	fseek(fp, -1, SEEK_CUR);
	fputc(was ^ 1, fp);
	fclose(fp);
	src = open_files(&path, 1, CAPTURE_PACE_MAX, 0);
	int ret = src->ops->seek(src, &at);
	if (ret < 0)
		snprintf(err.text, sizeof(err.text), "%s", src->err.text);
	capture_free(src);
	return ret;
}

Test(capture_place, another_file_is_refused_by_what_is_ahead_of_the_place) {
	const char *path = classic("a.pcap", 0, PCAP_MICRO, 262144);
	cr_assert_eq(go_on_with_another(path, 1), -EINVAL);
	cr_assert_not_null(strstr(err.text, "a.pcap: not the file that was read before"));
	cr_assert_not_null(strstr(err.text, "--restart"), "%s", err.text);
	cr_assert_eq(go_on_with_another(classic("a.pcap", 0, PCAP_MICRO, 262144), 4096), -EINVAL);
	cr_assert_eq(go_on_with_another(next_generation("c.pcapng", 0), 40), -EINVAL);
}

Test(capture_place, a_file_that_is_shorter_is_refused) {
	const char *path = classic("a.pcap", 0, PCAP_MICRO, 262144);
	struct source *src = open_files(&path, 1, CAPTURE_PACE_MAX, 0);
	struct source_place at, beyond = {.file = 1, .looked_at = 1};
	cr_assert_gt(src->ops->recv(src, &b), 0);
	source_taken(src, &b, (int)b.n);
	src->ops->release(src, &b);
	src->ops->place(src, &at);
	capture_free(src);
	cr_assert_eq(truncate(path, 200), 0);
	src = open_files(&path, 1, CAPTURE_PACE_MAX, 0);
	cr_assert_eq(src->ops->seek(src, &at), -EINVAL);
	cr_assert_not_null(strstr(src->err.text, "not the file"), "%s", src->err.text);
	cr_assert_eq(src->ops->seek(src, &beyond), -EBADMSG, "there is one file");
	capture_free(src);
}

Test(capture_place, what_is_read_once_has_no_places) {
	const char *path = path_of("pipe");
	char command[256];
	struct source_place at = {.frames = 9};
	classic("a.pcap", 0, PCAP_MICRO, 262144);
	snprintf(
		command, sizeof(command), "mkfifo '%s' && cat '%s' > '%s' &", path,
		path_of("a.pcap"), path
	);
	cr_assert_eq(system(command), 0);
	while (access(path, F_OK) < 0)
		usleep(1000);
	struct source *src = open_files(&path, 1, CAPTURE_PACE_MAX, 0);
	int n;
	do {
		n = src->ops->recv(src, &b);
	} while (n == 0);
	cr_assert_gt(n, 0);
	source_taken(src, &b, n);
	src->ops->release(src, &b);
	src->ops->place(src, &at);
	cr_assert_arr_eq(&at, &(struct source_place){}, sizeof(at));
	capture_free(src);
}
