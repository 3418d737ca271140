// Logical combinations. The grammar is checked here rather than by Hyperscan alone, which accepts
// some nonsense (operators behind their operands) and does not look at quiet combinations at all.

#include "combination.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) {
	return c >= '0' && c <= '9';
}

// Reads digits at *pos. False when the number does not fit an id.
static bool read_id(const char **pos, uint32_t *id) {
	uint64_t n = 0;
	for (; is_digit(**pos); (*pos)++) {
		if (n <= UINT32_MAX)
			n = n * 10 + (uint64_t)(**pos - '0');
	}
	*id = (uint32_t)n;
	return n <= UINT32_MAX;
}

int combination_check(const char *expr, struct err *err) {
	const char *p = expr;
	uint64_t open = 0;
	bool operand_next = true; // else an operator or `)`
	bool negated = false; // directly behind a `!`
	bool operators = false;
	uint32_t id;
	while (*p != '\0') {
		uint64_t column = (uint64_t)(p - expr) + 1;
		char c = *p;
		if (c == ' ') {
			p++;
			continue;
		}
		if (is_digit(c)) {
			if (!operand_next)
				return err_set(
					err, -EINVAL, "combination: operator expected at %lu",
					column
				);
			if (!read_id(&p, &id))
				return err_set(
					err, -EINVAL, "combination: id at %lu is over %u", column,
					UINT32_MAX
				);
			operand_next = negated = false;
			continue;
		}
		if (strchr("!&|()", c) == NULL)
			return err_set(
				err, -EINVAL,
				"combination: unknown character at %lu (accepted: ids ! & | ( ))",
				column
			);
		// Hyperscan knows no double negation.
		bool wants_operand = c == '!' || c == '(';
		if (wants_operand != operand_next || (c == '!' && negated))
			return err_set(
				err, -EINVAL, "combination: '%c' at %lu is out of place", c, column
			);
		if (c == ')' && open == 0)
			return err_set(
				err, -EINVAL, "combination: ')' at %lu closes nothing", column
			);
		open += c == '(';
		open -= c == ')';
		operand_next = c != ')';
		negated = c == '!';
		operators = operators || (c != '(' && c != ')');
		p++;
	}
	if (operand_next)
		return err_set(err, -EINVAL, "combination: ends where an id is expected");
	if (open > 0)
		return err_set(err, -EINVAL, "combination: %lu '(' without ')'", open);
	if (!operators)
		return err_set(err, -EINVAL, "combination: no operator (accepted: ! & |)");
	return 0;
}

bool combination_next(const char **pos, uint32_t *id) {
	while (**pos != '\0' && !is_digit(**pos))
		(*pos)++;
	return **pos != '\0' && read_id(pos, id);
}

char *combination_renumber(
	const char *expr, uint32_t (*map)(const void *ctx, uint32_t id), const void *ctx
) {
	uint64_t size = strlen(expr) + 1;
	uint32_t id;
	for (const char *p = expr; combination_next(&p, &id);)
		size += sizeof("4294967295") - 2; // at most so many digits more
	char *out = malloc(size);
	if (out == NULL)
		return NULL;
	char *w = out;
	for (const char *p = expr; *p != '\0';) {
		if (is_digit(*p)) {
			read_id(&p, &id);
			w += sprintf(w, "%u", map(ctx, id));
		} else {
			*w++ = *p++;
		}
	}
	*w = '\0';
	return out;
}
