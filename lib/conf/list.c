// Splitting and joining of lists. An item is built in scratch memory as long as the whole text,
// which no item is longer than.

#include "list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c) {
	return c == ' ' || c == '\t';
}

static int append(struct conf_list *list, const char *item) {
	char **grown = realloc(list->item, ((size_t)list->n + 1) * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	list->item = grown;
	grown[list->n] = strdup(item);
	if (grown[list->n] == NULL)
		return -ENOMEM;
	list->n++;
	return 0;
}

// Reads one item into `item`. Returns what follows it, NULL for a quote that is not closed.
static const char *take(const char *p, char *item) {
	while (*p != '\0' && !is_blank(*p)) {
		if (*p != '"' && *p != '\'') {
			*item++ = *p++;
			continue;
		}
		const char *end = strchr(p + 1, *p);
		if (end == NULL)
			return NULL;
		memcpy(item, p + 1, (size_t)(end - p) - 1);
		item += end - p - 1;
		p = end + 1;
	}
	*item = '\0';
	return p;
}

int conf_list_split(const char *text, struct conf_list *list) {
	*list = (struct conf_list){0};
	char *item = malloc(strlen(text) + 1);
	int ret = item == NULL ? -ENOMEM : 0;
	for (const char *p = text; ret == 0;) {
		while (is_blank(*p))
			p++;
		if (*p == '\0')
			break;
		p = take(p, item);
		ret = p == NULL ? -EINVAL : append(list, item);
	}
	free(item);
	if (ret < 0)
		conf_list_fini(list);
	return ret;
}

void conf_list_fini(struct conf_list *list) {
	for (uint32_t i = 0; i < list->n; i++)
		free(list->item[i]);
	free(list->item);
	*list = (struct conf_list){0};
}

void conf_list_print_item(const char *item, FILE *to) {
	if (item[0] != '\0' && strpbrk(item, " \t\"'") == NULL) {
		fputs(item, to);
		return;
	}
	// Each run goes into the quotes that it does not hold itself.
	const char *p = item;
	do {
		char quote = *p == '"' ? '\'' : '"';
		size_t n = quote == '"' ? strcspn(p, "\"") : strspn(p, "\"");
		fprintf(to, "%c%.*s%c", quote, (int)n, p, quote);
		p += n;
	} while (*p != '\0');
}

// Whether `n` octets at `p` are one quoted string.
static bool is_quoted(const char *p, size_t n) {
	if (n < 2 || (p[0] != '"' && p[0] != '\'') || p[n - 1] != p[0])
		return false;
	return memchr(p + 1, p[0], n - 2) == NULL;
}

char *conf_text_dup(const char *text) {
	size_t n = strlen(text);
	for (bool unquoted = false;; unquoted = true) {
		while (n > 0 && is_blank(text[0])) {
			text++;
			n--;
		}
		while (n > 0 && is_blank(text[n - 1]))
			n--;
		if (unquoted || !is_quoted(text, n))
			break;
		text++;
		n -= 2;
	}
	return strndup(text, n);
}

void conf_text_print(const char *text, FILE *to) {
	// Such a text was quoted in the other kind of quotes, so it holds none of them.
	const char *quote = !is_quoted(text, strlen(text)) ? "" : text[0] == '"' ? "'" : "\"";
	fprintf(to, "%s%s%s", quote, text, quote);
}
