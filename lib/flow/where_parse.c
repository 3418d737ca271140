// From a text to tests that jump: a tree of what stands in parentheses first, then the tests of the tree, the
// last one ahead of those that lead to it.

#include "where.h"

#include "flow/where_test.h"

#include <errno.h>
#include <stdlib.h>

// A test each, one node less to join them, and for each a `not` or a few.
#define NODES_MAX (4 * WHERE_TESTS_MAX)
#define NONE UINT32_MAX

enum node_kind {
	NODE_TEST,
	NODE_NOT, // of left
	NODE_AND,
	NODE_OR,
};

struct node {
	enum node_kind kind;
	uint32_t left, right;
	struct where_test test;
};

struct parser {
	struct where_reader reader;
	struct node *node; // NODES_MAX of them
	uint32_t n_nodes;
	uint32_t n_tests;
	uint32_t depth;
};

static uint32_t parse_or(struct parser *p);

static uint32_t too_much(struct parser *p, const char *what, uint32_t most, const char *of) {
	err_set(p->reader.err, -EINVAL, "too %s (accepted: at most %u %s)", what, most, of);
	where_refuse_at(&p->reader, where_scan_column(&p->reader.scan));
	return NONE;
}

static uint32_t unexpected(struct parser *p, const char *accepted) {
	where_refuse(&p->reader, accepted);
	return NONE;
}

static uint32_t add_node(struct parser *p, struct node node) {
	p->n_tests += node.kind == NODE_TEST;
	if (p->n_nodes == NODES_MAX || p->n_tests > WHERE_TESTS_MAX)
		return too_much(p, "long", WHERE_TESTS_MAX, "comparisons");
	p->node[p->n_nodes] = node;
	return p->n_nodes++;
}

static uint32_t parse_test(struct parser *p) {
	struct node node = {.kind = NODE_TEST};
	return where_test_read(&p->reader, &node.test) == 0 ? add_node(p, node) : NONE;
}

static uint32_t parse_not(struct parser *p) {
	struct where_scan *scan = &p->reader.scan;
	bool negated = where_scan_is(scan, "not");
	if (!negated && scan->sign != WHERE_OPEN)
		return parse_test(p);
	if (++p->depth > WHERE_DEPTH_MAX)
		return too_much(p, "deep", WHERE_DEPTH_MAX, "levels");
	where_scan_next(scan);
	uint32_t inner = negated ? parse_not(p) : parse_or(p);
	p->depth--;
	if (inner == NONE)
		return NONE;
	if (negated)
		return add_node(p, (struct node){.kind = NODE_NOT, .left = inner});
	if (scan->sign != WHERE_CLOSE)
		return unexpected(p, "and, or, a closing parenthesis");
	where_scan_next(scan);
	return inner;
}

// What one or several of `inner` are, joined by `word`.
static uint32_t parse_joined(
	struct parser *p, uint32_t (*inner)(struct parser *p), const char *word, enum node_kind kind
) {
	uint32_t left = inner(p);
	while (left != NONE && where_scan_is(&p->reader.scan, word)) {
		where_scan_next(&p->reader.scan);
		uint32_t right = inner(p);
		if (right == NONE)
			return NONE;
		left = add_node(p, (struct node){.kind = kind, .left = left, .right = right});
	}
	return left;
}

static uint32_t parse_and(struct parser *p) {
	return parse_joined(p, parse_not, "and", NODE_AND);
}

static uint32_t parse_or(struct parser *p) {
	return parse_joined(p, parse_and, "or", NODE_OR);
}

// Where the tests of a node begin, which lead to `no` and `yes`.
static int16_t emit(struct parser *p, uint32_t at, int16_t no, int16_t yes) {
	const struct node *n = &p->node[at];
	int16_t right;
	switch (n->kind) {
	case NODE_NOT:
		return emit(p, n->left, yes, no);
	case NODE_AND:
		right = emit(p, n->right, no, yes);
		return emit(p, n->left, no, right);
	case NODE_OR:
		right = emit(p, n->right, no, yes);
		return emit(p, n->left, right, yes);
	case NODE_TEST:
		break;
	}
	struct where_test *test = &p->reader.where->test[p->n_tests];
	*test = n->test;
	test->next[0] = no;
	test->next[1] = yes;
	return (int16_t)p->n_tests++;
}

// The node on top of all, NONE when the text was refused.
static uint32_t parse(struct parser *p) {
	uint32_t top = parse_or(p);
	if (top != NONE && p->reader.scan.sign != WHERE_END)
		return unexpected(p, "and, or, the end");
	return top;
}

struct where *
where_new(const char *text, uint32_t fields, const struct key_cut *cut, struct err *err) {
	struct err own = {0};
	struct where *w = calloc(1, sizeof(*w));
	struct parser p = {
		.reader =
			{.fields = fields, .cut = cut, .err = err != NULL ? err : &own, .where = w},
		.node = malloc(NODES_MAX * sizeof(*p.node)),
	};
	where_scan_init(&p.reader.scan, text);
	uint32_t top = NONE;
	if (w != NULL)
		w->test = malloc(WHERE_TESTS_MAX * sizeof(*w->test));
	if (w == NULL || w->test == NULL || p.node == NULL)
		err_set(p.reader.err, -ENOMEM, "out of memory");
	else
		top = parse(&p);
	if (top != NONE) {
		p.n_tests = 0;
		w->entry = emit(&p, top, WHERE_NO, WHERE_YES);
	} else {
		where_free(w);
		w = NULL;
	}
	free(p.node);
	return w;
}
