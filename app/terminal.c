// One ioctl, and counting characters: octets that go on a character are none of their own.

#include "terminal.h"

#include <string.h>
#include <sys/ioctl.h>

struct terminal_size terminal_size(int fd) {
	struct winsize size = {};
	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
		return (struct terminal_size){80, 24};
	return (struct terminal_size){size.ws_col, size.ws_row};
}

size_t terminal_fit(const char *text, size_t n, uint32_t columns) {
	uint32_t used = 0;
	size_t end = 0;
	for (; end < n; end++) {
		used += ((uint8_t)text[end] & 0xc0) != 0x80;
		if (used > columns)
			break;
	}
	return end;
}

void terminal_print_lines(
	const char *text, const struct terminal_size *size, uint32_t below, FILE *to
) {
	// The cursor stands in a line of its own behind the last one.
	uint32_t room = size->rows > below + 1 ? size->rows - below - 1 : 1;
	for (; *text != '\0' && room > 0; room--) {
		size_t n = strcspn(text, "\n");
		fwrite(text, 1, terminal_fit(text, n, size->columns), to);
		fputc('\n', to);
		text += n + (text[n] == '\n');
	}
}
