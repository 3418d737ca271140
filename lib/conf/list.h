// Lists as the configuration writes them: items between blanks, quotes of either kind hold one item
// together and join what stands beside them, as in a shell; there is no escape character.
#pragma once

#include "conf.h"

// Returns 0, -EINVAL for a quote that is not closed, or -ENOMEM. `list` is empty on error.
int conf_list_split(const char *text, struct conf_list *list);

void conf_list_fini(struct conf_list *list);

// Writes an item so that conf_list_split gives it back.
void conf_list_print_item(const char *item, FILE *to);

// The text without blanks around it, and without the quotes when it is one quoted string. NULL when
// there is no memory; free it.
char *conf_text_dup(const char *text);

// Writes a text so that conf_text_dup gives it back. It must come from there.
void conf_text_print(const char *text, FILE *to);
