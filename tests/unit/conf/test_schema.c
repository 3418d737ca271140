// The table of sections and keys.

#include "conf/schema.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

Test(schema, sections_and_keys_are_found_by_name_and_case) {
	const struct conf_section *input = conf_schema_section("input");
	cr_assert_not_null(input);
	cr_expect_str_eq(conf_schema_key(input, "device")->name, "device");
	cr_expect_null(conf_schema_key(input, "Device"));
	cr_expect_null(conf_schema_key(input, "key"));
	cr_expect_null(conf_schema_section("Input"));
	cr_expect_null(conf_schema_section("default"));
	cr_expect_null(conf_schema_section(""));
}

Test(schema, every_key_says_what_it_is_and_what_it_takes) {
	for (const struct conf_section *s = conf_schema(); s->name != NULL; s++) {
		cr_expect_not_null(s->keys, "%s", s->name);
		for (const struct conf_key *k = s->keys; k != NULL && k->name != NULL; k++) {
			char *text = NULL;
			size_t len = 0;
			FILE *out = open_memstream(&text, &len);
			conf_schema_accepted(k, NULL, out);
			fclose(out);
			cr_expect_gt(len, 0, "%s.%s", s->name, k->name);
			cr_expect_not_null(k->help, "%s.%s", s->name, k->name);
			cr_expect_leq(k->min, k->max, "%s.%s", s->name, k->name);
			free(text);
		}
	}
}

Test(schema, names_are_there_once) {
	for (const struct conf_section *s = conf_schema(); s->name != NULL; s++) {
		cr_expect_eq(conf_schema_section(s->name), s);
		for (const struct conf_key *k = s->keys; k != NULL && k->name != NULL; k++)
			cr_expect_eq(conf_schema_key(s, k->name), k);
	}
}

Test(schema, instances_lie_where_the_configuration_has_them) {
	static struct conf conf;
	cr_expect_eq(conf_schema_base(conf_schema_section("input"), &conf, 0), (void *)&conf.input);
	cr_expect_eq(conf_schema_base(conf_schema_section("flow"), &conf, 0), (void *)&conf.flow);
	cr_expect_eq(
		conf_schema_base(conf_schema_section("stream"), &conf, 3), (void *)&conf.stream[3]
	);
	cr_expect_eq(
		conf_schema_base(conf_schema_section("sink"), &conf, 5), (void *)&conf.sink[5]
	);
}
