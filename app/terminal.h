// How much room a terminal has, and text cut to it: what is wider than the screen would run on in the next
// line, and be left there when the line is drawn anew.
#pragma once

#include <stdint.h>
#include <stdio.h>

struct terminal_size {
	uint32_t columns, rows;
};

// Of the terminal `fd`; 80 x 24 where it does not say.
struct terminal_size terminal_size(int fd);

// How many of `n` octets of UTF-8 without newlines the first `columns` characters are.
size_t terminal_fit(const char *text, size_t n, uint32_t columns);

// Prints as many of the lines of `text` as `size` has room for above `below` more, each cut to its columns.
void terminal_print_lines(
	const char *text, const struct terminal_size *size, uint32_t below, FILE *to
);
