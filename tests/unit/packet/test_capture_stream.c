// The octet stream below a capture file: plain, packed, from a pipe, and what it says when reading
// fails.

#include "packet/capture_stream.h"

#include "capture_help.h"

#include <sys/stat.h>

TestSuite(capture_stream, .fini = remove_files);

static struct octets o;

static void fill(uint32_t len) {
	o.len = 0;
	for (uint32_t i = 0; i < len; i++)
		put(&o, &(uint8_t){(uint8_t)(i * 7 + i / 256)}, 1);
}

static uint32_t read_all(FILE *fp, uint8_t *to, uint32_t max) {
	uint32_t len = 0;
	size_t n;
	while (len < max && (n = fread(to + len, 1, 777 < max - len ? 777 : max - len, fp)) > 0)
		len += (uint32_t)n;
	return len;
}

static uint8_t got[1 << 20];

Test(capture_stream, gives_a_plain_file_as_it_is) {
	fill(600000);
	struct err err = {0};
	struct capture_stream *s;
	FILE *fp = capture_stream_open(write_file("plain", &o), &s, &err);
	cr_assert_not_null(fp, "%s", err.text);
	cr_assert_eq(capture_stream_size(s), o.len);
	cr_assert_eq(read_all(fp, got, sizeof(got)), o.len);
	cr_assert_arr_eq(got, o.data, o.len);
	cr_assert_eq(capture_stream_taken(s), o.len);
	cr_assert_null(capture_stream_fault(s));
	fclose(fp);
}

Test(capture_stream, unpacks_a_gzip_file_of_several_members) {
	fill(300000);
	const char *path = write_packed("packed", &o, "w");
	write_packed("packed", &o, "a");
	struct stat st;
	cr_assert_eq(stat(path, &st), 0);
	struct err err = {0};
	struct capture_stream *s;
	FILE *fp = capture_stream_open(path, &s, &err);
	cr_assert_not_null(fp, "%s", err.text);
	cr_assert(capture_stream_packed(s));
	cr_assert_eq(read_all(fp, got, sizeof(got)), 2 * o.len);
	cr_assert_arr_eq(got, o.data, o.len);
	cr_assert_arr_eq(got + o.len, o.data, o.len);
	cr_assert_eq(capture_stream_taken(s), st.st_size);
	fclose(fp);
}

Test(capture_stream, tells_its_position_in_the_unpacked_octets) {
	fill(1000);
	struct capture_stream *s;
	FILE *fp = capture_stream_open(write_packed("packed", &o, "w"), &s, NULL);
	cr_assert_not_null(fp);
	cr_assert_eq(fread(got, 1, 123, fp), 123);
	cr_assert_eq(ftello(fp), 123);
	fclose(fp);
}

Test(capture_stream, gives_what_there_is_of_a_cut_gzip_file_and_then_says_so) {
	fill(300000);
	const char *path = write_packed("packed", &o, "w");
	struct stat st;
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(truncate(path, st.st_size / 2), 0);
	struct capture_stream *s;
	FILE *fp = capture_stream_open(path, &s, NULL);
	uint32_t n = read_all(fp, got, sizeof(got));
	cr_assert_gt(n, 0);
	cr_assert_lt(n, o.len);
	cr_assert_arr_eq(got, o.data, n);
	cr_assert_not_null(strstr(capture_stream_fault(s), "cut short"));
	fclose(fp);
}

Test(capture_stream, says_that_gzip_data_is_corrupt) {
	fill(300000);
	const char *path = write_packed("packed", &o, "w0"); // stored: only the checksum can tell
	FILE *w = fopen(path, "r+");
	cr_assert_not_null(w);
	fseek(w, 150000, SEEK_SET);
	fputs("something else", w);
	fclose(w);
	struct capture_stream *s;
	FILE *fp = capture_stream_open(path, &s, NULL);
	cr_assert_not_null(fp);
	read_all(fp, got, sizeof(got));
	cr_assert_not_null(capture_stream_fault(s));
	cr_assert_not_null(strstr(capture_stream_fault(s), "corrupt"));
	fclose(fp);
}

Test(capture_stream, names_the_file_that_cannot_be_opened) {
	struct capture_stream *s;
	struct err err = {0};
	cr_assert_null(capture_stream_open("/nowhere/at.all", &s, &err));
	cr_assert_str_eq(err.text, "/nowhere/at.all: No such file or directory");
	cr_assert_null(capture_stream_open("/tmp", &s, &err));
	cr_assert_str_eq(err.text, "/tmp: is a directory, not a capture file");
	o.len = 0;
	cr_assert_null(capture_stream_open(write_file("empty", &o), &s, &err));
	cr_assert_not_null(strstr(err.text, "is empty"), "%s", err.text);
}

Test(capture_stream, reads_standard_input_and_knows_when_it_would_block) {
	int pipe_fd[2];
	cr_assert_eq(pipe(pipe_fd), 0);
	cr_assert_eq(dup2(pipe_fd[0], STDIN_FILENO), STDIN_FILENO);
	cr_assert_eq(write(pipe_fd[1], "ab", 2), 2);
	struct capture_stream *s;
	struct err err = {0};
	FILE *fp = capture_stream_open("-", &s, &err);
	cr_assert_not_null(fp, "%s", err.text);
	cr_assert_eq(capture_stream_size(s), UINT64_MAX);
	cr_assert(capture_stream_ready(s, 0));
	cr_assert_eq(fgetc(fp), 'a');
	cr_assert_eq(fgetc(fp), 'b');
	cr_assert_not(capture_stream_ready(s, 1000));
	cr_assert_eq(write(pipe_fd[1], "c", 1), 1);
	cr_assert(capture_stream_ready(s, 0));
	cr_assert_eq(fgetc(fp), 'c');
	close(pipe_fd[1]);
	cr_assert(capture_stream_ready(s, 0), "its end can be read");
	cr_assert_eq(fgetc(fp), EOF);
	fclose(fp);
}

Test(capture_stream, a_read_that_would_wait_ends_when_stopped) {
	int pipe_fd[2];
	char four[4];
	_Atomic(bool) stop = true;
	cr_assert_eq(pipe(pipe_fd), 0);
	cr_assert_eq(dup2(pipe_fd[0], STDIN_FILENO), STDIN_FILENO);
	cr_assert_eq(write(pipe_fd[1], "abcd", 4), 4);
	struct err err = {0};
	struct capture_stream *s;
	FILE *fp = capture_stream_open("-", &s, &err);
	cr_assert_not_null(fp, "%s", err.text);
	capture_stream_stop_by(s, &stop);
	cr_assert_eq(fread(four, 1, 4, fp), 4);
	cr_assert_not(capture_stream_stopped(s), "what is there is given");
	cr_assert_eq(fread(four, 1, 4, fp), 0);
	cr_assert(capture_stream_stopped(s));
	cr_assert_null(capture_stream_fault(s));
	fclose(fp);
	close(pipe_fd[1]);
}
