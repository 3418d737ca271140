// lib/base/log.c: one line a message, in one write, to stderr.

#include "base/log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

// stderr goes into a packet pipe: each write comes out as one read.
static int catch_stderr(void) {
	int fd[2];
	cr_assert_eq(pipe2(fd, O_DIRECT | O_NONBLOCK), 0);
	cr_assert_geq(dup2(fd[1], STDERR_FILENO), 0);
	close(fd[1]);
	return fd[0];
}

static const char *next(int fd) {
	static char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

Test(log, a_line_says_program_level_and_text) {
	int fd = catch_stderr();
	log_error("a %d", 1);
	log_warn("b");
	log_info("c");
	cr_assert_str_eq(next(fd), "sluice: error: a 1\n");
	cr_assert_str_eq(next(fd), "sluice: warning: b\n");
	cr_assert_str_eq(next(fd), "sluice: c\n");
	cr_assert_str_eq(next(fd), "");
}

Test(log, debug_is_silent_until_asked_for) {
	int fd = catch_stderr();
	log_debug("hidden");
	cr_assert_str_eq(next(fd), "");
	log_set_level(LOG_DEBUG);
	log_debug("shown");
	cr_assert_str_eq(next(fd), "sluice: debug: shown\n");
}

Test(log, a_lower_level_drops_the_rest) {
	int fd = catch_stderr();
	log_set_level(LOG_ERROR);
	log_warn("w");
	log_info("i");
	cr_assert_str_eq(next(fd), "");
	log_error("e");
	cr_assert_str_eq(next(fd), "sluice: error: e\n");
}

Test(log, a_standing_progress_line_is_cleared_first) {
	int fd = catch_stderr();
	log_set_progress(1);
	log_info("x");
	cr_assert_str_eq(next(fd), "\r\033[Ksluice: x\n");
	log_set_progress(0);
	log_info("y");
	cr_assert_str_eq(next(fd), "sluice: y\n");
}

Test(log, a_long_message_is_cut_and_still_one_line) {
	int fd = catch_stderr();
	char lots[4096];
	memset(lots, 'z', sizeof(lots) - 1);
	lots[sizeof(lots) - 1] = '\0';
	log_info("%s", lots);
	const char *line = next(fd);
	size_t len = strlen(line);
	cr_assert(len > 1000 && len < 3000, "%zu", len);
	cr_assert_eq(line[len - 1], '\n');
	cr_assert_eq(line[len - 2], 'z');
	cr_assert_eq(strchr(line, '\n'), line + len - 1);
	cr_assert_str_eq(next(fd), "");
}
