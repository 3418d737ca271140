// The capture-file source: bursts out of files one after the other, slots that stay valid until they
// are released in whatever order, faults behind what could be read, and the pace.

#include "packet/capture.h"

#include "capture_help.h"
#include "packet/link.h"

#include <errno.h>
#include <time.h>

TestSuite(capture, .fini = remove_files);

static struct octets o;
static struct err err;
static struct burst b;
static int64_t last_us; // of the last packet that drain saw

static struct source *open_paced(const char *const *paths, uint32_t n, int64_t pace, uint32_t fly) {
	struct capture_config conf = {.paths = paths, .n_paths = n, .pace = pace, .in_flight = fly};
	struct source *src = capture_new(&conf, &err);
	cr_assert_not_null(src, "%s", err.text);
	cr_assert_eq(src->ops->attach(src), 0);
	return src;
}

static struct source *open_one(const char *path) {
	static const char *paths[1];
	paths[0] = path;
	return open_paced(paths, 1, CAPTURE_PACE_MAX, 0);
}

static void close_source(struct source *src) {
	src->ops->detach(src);
	capture_free(src);
}

// Receives and releases until something else than packets comes, and returns that.
static int drain(struct source *src, uint64_t *n) {
	int ret;
	*n = 0;
	while ((ret = src->ops->recv(src, &b)) >= 0) {
		*n += b.n;
		if (b.n > 0)
			last_us = b.pkt[b.n - 1].time_us;
		src->ops->release(src, &b);
	}
	return ret;
}

static double now(void) {
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

Test(capture, gives_every_field_of_a_frame) {
	pcap_start(&o, PCAP_MICRO, 113);
	pcap_frame(&o, 1700000000, 5, "0123456789abcdef", 16, 99);
	struct source *src = open_one(write_file("x.pcap", &o));
	cr_assert(src->patient);
	cr_assert_not(src->parsed);
	cr_assert_eq(src->newest_us, INT64_MIN);
	cr_assert_eq(src->ops->recv(src, &b), 1);
	const struct packet *p = &b.pkt[0];
	cr_assert_eq(b.n, 1);
	cr_assert_eq(p->time_us, 1700000000000005);
	cr_assert_eq(p->head_len, 16);
	cr_assert_eq(p->cap_len, 16);
	cr_assert_eq(p->wire_len, 99);
	cr_assert_eq(p->link, LINK_SLL);
	cr_assert_eq(p->in_port, 0);
	cr_assert_arr_eq(p->data, "0123456789abcdef", 16);
	src->ops->release(src, &b);
	cr_assert_eq(src->ops->recv(src, &b), -ENODATA);
	cr_assert_eq(src->ops->recv(src, &b), -ENODATA, "for good");
	close_source(src);
}

Test(capture, reads_pcap_pcapng_and_gzip_one_after_the_other) {
	const char *paths[3];
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frames(&o, 100, 60);
	paths[0] = write_file("a.pcap", &o);
	paths[1] = write_packed("b.pcap.gz", &o, "w");
	pcapng_start(&o);
	pcapng_frame(&o, 77, "abc", 3);
	paths[2] = write_file("c.pcapng", &o);
	struct source *src = open_paced(paths, 3, CAPTURE_PACE_MAX, 0);
	uint64_t n;
	cr_assert_eq(drain(src, &n), -ENODATA);
	cr_assert_eq(n, 201);
	cr_assert_eq(last_us, 77);
	struct source_stats st;
	src->ops->stats(src, &st);
	cr_assert_eq(st.bytes_read, st.bytes_total);
	cr_assert_gt(st.bytes_total, 24 + 100 * 76);
	cr_assert_eq(st.missed, 0);
	close_source(src);
}

Test(capture, opens_a_capture_without_frames) {
	pcap_start(&o, PCAP_MICRO, 1);
	struct source *src = open_one(write_file("x.pcap", &o));
	cr_assert_eq(src->ops->recv(src, &b), -ENODATA);
	cr_assert_eq(b.n, 0);
	close_source(src);
}

Test(capture, tells_of_any_bad_file_before_the_first_packet) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frames(&o, 1, 60);
	const char *paths[] = {write_file("x.pcap", &o), path_of("missing.pcap")};
	struct capture_config conf = {.paths = paths, .n_paths = 2};
	cr_assert_null(capture_new(&conf, &err));
	cr_assert_not_null(strstr(err.text, "missing.pcap: No such file"), "%s", err.text);
	conf.n_paths = 0;
	cr_assert_null(capture_new(&conf, &err));
}

Test(capture, delivers_what_is_ahead_of_a_cut_and_then_says_where_it_is) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frames(&o, 100, 60);
	o.len -= 10;
	struct source *src = open_one(write_file("cut.pcap", &o));
	uint64_t n;
	cr_assert_eq(drain(src, &n), -EIO);
	cr_assert_eq(n, 99);
	char want[40];
	snprintf(want, sizeof(want), "at octet %u", o.len);
	cr_assert_not_null(strstr(src->err.text, "cut.pcap: cut or corrupt"), "%s", src->err.text);
	cr_assert_not_null(strstr(src->err.text, want), "%s", src->err.text);
	cr_assert_eq(src->ops->recv(src, &b), -EIO, "for good");
	close_source(src);
}

Test(capture, says_of_a_cut_gzip_file_that_the_packed_data_is_cut) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frames(&o, 5000, 60);
	const char *path = write_packed("cut.pcap.gz", &o, "w0"); // stored, so half is half
	cr_assert_eq(truncate(path, o.len / 2), 0);
	struct source *src = open_one(path);
	uint64_t n;
	cr_assert_eq(drain(src, &n), -EIO);
	cr_assert_gt(n, 2000);
	cr_assert_lt(n, 3000);
	cr_assert_not_null(strstr(src->err.text, "gzip data is cut short"), "%s", src->err.text);
	close_source(src);
}

Test(capture, keeps_frames_until_they_are_released_in_whatever_order) {
	pcap_start(&o, PCAP_MICRO, 1);
	static uint8_t frame[3000];
	for (uint32_t i = 0; i < 600; i++) {
		memset(frame, (int)(i & 0xff), sizeof(frame));
		uint32_t len = 60 + i * 37 % 1400;
		pcap_frame(&o, i, 0, frame, len, len);
	}
	const char *path = write_file("x.pcap", &o);
	struct source *src = open_paced(&path, 1, CAPTURE_PACE_MAX, 256);
	static struct packet held[256];
	uint32_t n = 0, seen = 0;
	int ret;
	for (;;) {
		ret = src->ops->recv(src, &b);
		if (ret < 0)
			break;
		for (uint32_t i = 0; i < b.n; i++)
			held[n++] = b.pkt[i];
		cr_assert_leq(n, 256);
		if (b.n > 0)
			continue;
		// No more may be out: every frame is still whole. Odd ones back first.
		cr_assert_eq(n, 256);
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t k = 0; k < held[i].head_len; k += 59)
				cr_assert_eq(held[i].data[k], (uint8_t)(held[i].time_us / 1000000));
		static struct burst back;
		uint32_t kept = 0;
		back.n = 0;
		for (uint32_t i = 0; i < n; i++) {
			if (i % 2 == 1 && back.n < BURST_MAX)
				back.pkt[back.n++] = held[i];
			else
				held[kept++] = held[i];
		}
		seen += back.n;
		src->ops->release(src, &back);
		n = kept;
	}
	cr_assert_eq(ret, -ENODATA);
	cr_assert_eq(seen + n, 600);
	close_source(src);
}

Test(capture, never_has_more_packets_out_than_it_was_told) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frames(&o, 10, 60);
	const char *path = write_file("x.pcap", &o);
	struct source *src = open_paced(&path, 1, CAPTURE_PACE_MAX, 4);
	cr_assert_eq(src->ops->recv(src, &b), 4);
	static struct burst none;
	cr_assert_eq(src->ops->recv(src, &none), 0);
	cr_assert_eq(b.pkt[3].data[0], 3);
	src->ops->release(src, &b);
	cr_assert_eq(src->ops->recv(src, &b), 4);
	cr_assert_eq(b.pkt[0].data[0], 4);
	close_source(src);
}

Test(capture, takes_the_longest_frames_there_are) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frames(&o, 3, 262144);
	struct source *src = open_one(write_file("x.pcap", &o));
	uint64_t n = 0;
	int ret;
	while ((ret = src->ops->recv(src, &b)) >= 0) {
		for (uint32_t i = 0; i < b.n; i++, n++) {
			cr_assert_eq(b.pkt[i].cap_len, 262144);
			cr_assert_eq(b.pkt[i].data[0], n);
		}
		src->ops->release(src, &b);
	}
	cr_assert_eq(ret, -ENODATA);
	cr_assert_eq(n, 3);
	close_source(src);
}

Test(capture, sends_so_many_packets_a_second) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frames(&o, 100, 60);
	const char *path = write_file("x.pcap", &o);
	struct source *src = open_paced(&path, 1, 500, 0);
	double start = now();
	uint64_t n = 0, idle = 0;
	int ret;
	while ((ret = src->ops->recv(src, &b)) >= 0) {
		n += b.n;
		idle += b.n == 0;
		src->ops->release(src, &b);
		src->ops->wait(src, 1000);
	}
	cr_assert_eq(n, 100);
	cr_assert_gt(idle, 0);
	cr_assert_geq(now() - start, 0.198); // the hundredth is due at 198 ms
	close_source(src);
}

Test(capture, sends_as_the_capture_times_say) {
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frame(&o, 100, 0, "a", 1, 1);
	pcap_frame(&o, 100, 150000, "b", 1, 1);
	pcap_frame(&o, 99, 0, "c", 1, 1); // back in time: at once
	const char *path = write_file("x.pcap", &o);
	struct source *src = open_paced(&path, 1, CAPTURE_PACE_REAL, 0);
	double start = now();
	cr_assert_eq(src->ops->recv(src, &b), 1);
	cr_assert_eq(src->ops->recv(src, &b), 0);
	while (src->ops->recv(src, &b) == 0)
		src->ops->wait(src, 1000000);
	cr_assert_geq(now() - start, 0.149);
	cr_assert_lt(now() - start, 5);
	cr_assert_eq(b.n, 2);
	cr_assert_eq(b.pkt[1].data[0], 'c');
	cr_assert_eq(src->ops->recv(src, &b), -ENODATA);
	close_source(src);
}

Test(capture, reads_standard_input_without_blocking) {
	int pipe_fd[2];
	cr_assert_eq(pipe(pipe_fd), 0);
	cr_assert_eq(dup2(pipe_fd[0], STDIN_FILENO), STDIN_FILENO);
	pcap_start(&o, PCAP_MICRO, 1);
	cr_assert_eq(write(pipe_fd[1], o.data, o.len), o.len);
	struct source *src = open_one("-");
	cr_assert_eq(src->ops->recv(src, &b), 0);
	o.len = 0;
	pcap_frames(&o, 2, 60);
	cr_assert_eq(write(pipe_fd[1], o.data, o.len), o.len);
	src->ops->wait(src, 1000000);
	cr_assert_eq(src->ops->recv(src, &b), 2);
	src->ops->release(src, &b);
	cr_assert_eq(src->ops->recv(src, &b), 0);
	struct source_stats st;
	src->ops->stats(src, &st);
	cr_assert_eq(st.bytes_total, 0, "unknown");
	close(pipe_fd[1]);
	cr_assert_eq(src->ops->recv(src, &b), -ENODATA);
	close_source(src);
}

Test(capture, half_a_frame_in_a_pipe_is_left_out_when_stopped) {
	int pipe_fd[2];
	cr_assert_eq(pipe(pipe_fd), 0);
	cr_assert_eq(dup2(pipe_fd[0], STDIN_FILENO), STDIN_FILENO);
	pcap_start(&o, PCAP_MICRO, 1);
	pcap_frames(&o, 2, 60);
	cr_assert_eq(write(pipe_fd[1], o.data, o.len - 7), o.len - 7);
	struct source *src = open_one("-");
	capture_stop(src);
	cr_assert_eq(src->ops->recv(src, &b), 1, "what is whole still comes");
	src->ops->release(src, &b);
	cr_assert_eq(src->ops->recv(src, &b), 0, "neither an end nor a fault");
	cr_assert_eq(write(pipe_fd[1], o.data + o.len - 7, 7), 7);
	cr_assert_eq(src->ops->recv(src, &b), 0, "it stays stopped");
	close(pipe_fd[1]);
	close_source(src);
}
