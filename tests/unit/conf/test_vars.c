// Variables of rules: names and values that nobody knows ahead.

#include "load.h"

#define INPUT "[input]\ndevice = a\n"
#define VARS INPUT "[vars]\n"
#define NAME                                                                                      \
	": not the name of a variable (accepted: letters, digits and _, at most 64; without the " \
	"$)\n"
#define VALUE                                                                                   \
	": must not be empty (accepted: addresses or ports as in a rule, as [10.0.0.0/8,!10.1." \
	"0.0/16])\n"
#define SETS(...)                 \
	(const char *const[]) {   \
		__VA_ARGS__, NULL \
	}

static void expect_var(const struct conf *conf, uint32_t i, const char *name, const char *value) {
	cr_assert_gt(conf->vars.n, i);
	cr_expect_str_eq(conf->vars.item[i].name, name);
	cr_expect_str_eq(conf->vars.item[i].value, value);
}

Test(vars, names_keep_their_case_and_values_are_as_written) {
	struct conf *conf = expect_loads(
		VARS "HOME_NET = [10.0.0.0/8, !10.1.0.0/16]\nHttp_Ports=80:90\n9 = \"$HOME_NET\"\n"
		     "nonsense = neither = address ; nor port\n",
		NULL
	);
	cr_assert_eq(conf->vars.n, 4);
	expect_var(conf, 0, "HOME_NET", "[10.0.0.0/8, !10.1.0.0/16]");
	expect_var(conf, 1, "Http_Ports", "80:90");
	expect_var(conf, 2, "9", "$HOME_NET");
	expect_var(conf, 3, "nonsense", "neither = address ; nor port");
	conf_free(conf);
}

Test(vars, what_cannot_be_one_by_table) {
	static const struct refused table[] = {
		{VARS "$HOME_NET = any\n", "test.conf:4: vars.$HOME_NET: any" NAME},
		{VARS "HOME-NET = any\n", "test.conf:4: vars.HOME-NET: any" NAME},
		{VARS "a.b = any\n", "test.conf:4: vars.a.b: any" NAME},
		{VARS "a b = any\n", "test.conf:4: vars.a b: any" NAME},
		{VARS "HOME_NET =\n", "test.conf:4: vars.HOME_NET: \"\"" VALUE},
		{VARS "HOME_NET = ''\n", "test.conf:4: vars.HOME_NET: ''" VALUE},
		{VARS "A = 1\nB = 2\na = 1\n",
		 "test.conf:6: vars.a: 1: repeated, it stands in line 4 already (accepted: each key once in "
		 "its section)\n"},
		{INPUT "[vars x]\nA = 1\n",
		 "test.conf:3: vars.x: takes no name (accepted: the section without a name)\n"},
	};
	EXPECT_TABLE(table);
}

Test(vars, a_set_replaces_or_adds) {
	struct conf *conf = expect_loads(
		VARS "HOME_NET = any\nPORTS = 80\n",
		SETS("vars.HOME_NET=10.0.0.1", "vars.NEW=a=b.c",
		     "vars.HOME_NET=[10.0.0.2,!10.0.0.3]")
	);
	cr_assert_eq(conf->vars.n, 3);
	expect_var(conf, 0, "HOME_NET", "[10.0.0.2,!10.0.0.3]");
	expect_var(conf, 1, "PORTS", "80");
	expect_var(conf, 2, "NEW", "a=b.c");
	conf_free(conf);
	expect_errors(
		VARS "HOME_NET = any\n", SETS("vars.home_net=10.0.0.1", "vars.=1", "vars.A="),
		"--set:2: vars.=1: no name ahead of the dot or behind it (accepted: section.key=value or "
		"section.name.key=value)\n"
	);
	expect_errors(
		VARS "HOME_NET = any\n", SETS("vars.home_net=10.0.0.1", "vars.A="),
		"--set:1: vars.home_net: 10.0.0.1: differs from HOME_NET in case only (accepted: HOME_NET)\n"
		"--set:2: vars.A: \"\"" VALUE
	);
}

Test(vars, there_is_room_for_1024) {
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	fputs(VARS, out);
	for (int i = 0; i < CONF_MAX_VARS; i++)
		fprintf(out, "V%d = %d\n", i, i);
	fflush(out);
	struct conf *conf = expect_loads(text, NULL);
	cr_expect_eq(conf->vars.n, CONF_MAX_VARS);
	expect_var(conf, 1023, "V1023", "1023");
	conf_free(conf);
	conf = expect_loads(text, SETS("vars.V7=new"));
	expect_var(conf, 7, "V7", "new");
	conf_free(conf);
	expect_errors(
		text, SETS("vars.V1024=x"),
		"--set:1: vars.V1024: x: one variable too many (accepted: at most 1024)\n"
	);
	fclose(out);
	free(text);
}
