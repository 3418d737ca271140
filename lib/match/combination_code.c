// Operators wait on a stack of their own until what binds no tighter comes; values, when the code
// runs, are the bits of one word.

#include "combination_code.h"

#include "combination.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum step {
	STEP_NOT = 0x80, // what is below is an id's index
	STEP_AND,
	STEP_OR,
	STEP_OPEN, // only while it waits
};

struct coder {
	struct combination_code *c;
	uint8_t *waiting;
	uint32_t n_waiting;
	uint32_t depth; // values there are behind the last step
};

static int put(struct coder *k, uint8_t step, struct err *err) {
	k->c->steps[k->c->n_steps++] = step;
	if (step == STEP_AND || step == STEP_OR)
		k->depth--;
	else if (step != STEP_NOT && ++k->depth > COMBINATION_DEPTH_MAX)
		return err_set(
			err, -E2BIG, "combination: more than %u ids wait for their operators",
			COMBINATION_DEPTH_MAX
		);
	return 0;
}

static int put_id(struct coder *k, uint32_t id, struct err *err) {
	struct combination_code *c = k->c;
	uint32_t i = 0;
	while (i < c->n_ids && c->ids[i] != id)
		i++;
	if (i == COMBINATION_IDS_MAX)
		return err_set(
			err, -E2BIG, "combination: more than %u different ids", COMBINATION_IDS_MAX
		);
	if (i == c->n_ids)
		c->ids[c->n_ids++] = id;
	return put(k, (uint8_t)i, err);
}

// What waits and binds as tightly as `step` comes ahead of it; down to a parenthesis.
static int put_waiting(struct coder *k, uint8_t step, struct err *err) {
	int ret = 0;
	while (ret == 0 && k->n_waiting > 0 && k->waiting[k->n_waiting - 1] <= step)
		ret = put(k, k->waiting[--k->n_waiting], err);
	return ret;
}

static int put_operator(struct coder *k, char c, struct err *err) {
	uint8_t step = c == '&' ? STEP_AND : STEP_OR;
	int ret = 0;
	switch (c) {
	case '!':
		k->waiting[k->n_waiting++] = STEP_NOT;
		break;
	case '(':
		k->waiting[k->n_waiting++] = STEP_OPEN;
		break;
	case ')':
		ret = put_waiting(k, STEP_OR, err);
		k->n_waiting--;
		break;
	default:
		ret = put_waiting(k, step, err);
		k->waiting[k->n_waiting++] = step;
	}
	return ret;
}

static int read(struct coder *k, const char *expr, struct err *err) {
	int ret = 0;
	uint32_t id;
	while (*expr != '\0' && ret == 0) {
		if (strchr("!&|()", *expr) != NULL) {
			ret = put_operator(k, *expr++, err);
		} else if (*expr == ' ') {
			expr++;
		} else {
			combination_next(&expr, &id);
			ret = put_id(k, id, err);
		}
	}
	return ret == 0 ? put_waiting(k, STEP_OR, err) : ret;
}

int combination_code_new(const char *expr, struct combination_code **code, struct err *err) {
	size_t len = strlen(expr);
	struct coder k = {
		.c = calloc(1, sizeof(*k.c) + len),
		.waiting = malloc(len + 1),
	};
	int ret = -ENOMEM;
	*code = NULL;
	if (k.c == NULL || k.waiting == NULL)
		err_set(err, ret, "out of memory while reading a combination");
	else
		ret = read(&k, expr, err);
	free(k.waiting);
	if (ret < 0)
		free(k.c);
	else
		*code = k.c;
	return ret;
}

bool combination_code_holds(const struct combination_code *c, uint32_t found) {
	uint64_t values = 0; // the last one is bit 0
	for (uint32_t i = 0; i < c->n_steps; i++) {
		switch (c->steps[i]) {
		case STEP_NOT:
			values ^= 1;
			break;
		case STEP_AND:
			values = values >> 1 & (~(uint64_t)1 | values);
			break;
		case STEP_OR:
			values = values >> 1 | (values & 1);
			break;
		default:
			values = values << 1 | (found >> c->steps[i] & 1);
		}
	}
	return (values & 1) != 0;
}

bool combination_code_equal(const struct combination_code *a, const struct combination_code *b) {
	return a->n_ids == b->n_ids && a->n_steps == b->n_steps
		&& memcmp(a->ids, b->ids, a->n_ids * sizeof(a->ids[0])) == 0
		&& memcmp(a->steps, b->steps, a->n_steps) == 0;
}
