// Configuration files as text: what is accepted, what is a mistake of syntax, and in which line.

#include "conf/file.h"

#include "load.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define CLOSE " (accepted: [section] or [section name])\n"
#define LINE " (accepted: [section], key = value or # comment, each on one line)\n"
#define ONCE_KEY " (accepted: each key once in its section)\n"

Test(file, mistakes_of_syntax_by_table) {
	static const struct refused table[] = {
		{"x = 1\n[input]\ndevice = a\n",
		 "test.conf:1: x = 1: a key ahead of the first section (accepted: [section] first)\n"},
		{"[input\ndevice = a\n",
		 "test.conf:1: [input: no closing bracket at the end" CLOSE},
		{"[input] # c\ndevice = a\n",
		 "test.conf:1: [input] # c: no closing bracket at the end" CLOSE},
		{"[]\n", "test.conf:1: []: a section without a name" CLOSE},
		{"[ ]\n", "test.conf:1: [ ]: a section without a name" CLOSE},
		{"[\n", "test.conf:1: [: no closing bracket at the end" CLOSE},
		{"[input]\ndevice\n", "test.conf:2: device: no equal sign" LINE},
		{"[input]\ndevice: a\n", "test.conf:2: device: a: no equal sign" LINE},
		{"[input]\n= a\n",
		 "test.conf:2: = a: no key ahead of the equal sign (accepted: key = value)\n"},
		// No continuation lines.
		{"[input]\ndevice = a\n  b c\n", "test.conf:3: b c: no equal sign" LINE},
		// No comments of C.
		{"[input]\n/* a */\ndevice = a\n// b\n",
		 "test.conf:2: /* a */: no equal sign" LINE
		 "test.conf:4: // b: no equal sign" LINE},
		{"[input]\n  # a\ndevice = a\n",
		 "test.conf:2: # a: a comment behind blanks (accepted: # or ; in the first column)\n"},
		{"[input]\n ;a=b\ndevice = a\n",
		 "test.conf:2: ;a=b: a comment behind blanks (accepted: # or ; in the first column)\n"},
		{" [input]\ndevice = a\n",
		 "test.conf:1: [input]: a section behind blanks (accepted: [ in the first column)\n"},
		{"[input]\ndevice = a\ndevice = b\n",
		 "test.conf:3: input.device: b: repeated, it stands in line 2 already" ONCE_KEY},
		{"[input]\ndevice = a\n[dpdk]\n[input]\ndevice = b\n",
		 "test.conf:4: input: repeated, it stands in line 1 already (accepted: each section once)\n"},
		{"[stream a]\n[stream  a]\n",
		 "test.conf:2: stream.a: repeated, it stands in line 1 already (accepted: each section "
		 "once)\n"},
		{"[in!put]\ndevice = a\n",
		 "test.conf:1: [in!put]: a '!' or a letter beyond ASCII in a name (accepted: letters, digits, _, -)\n"},
		{"[input]\ndevice = a\nw\xc3\xa4rker = 1\n",
		 "test.conf:3: w\xc3\xa4rker = 1: a '!' or a letter beyond ASCII in a name (accepted: letters, digits, _, -)\n"},
		{"[sink \xc3\xa4]\n",
		 "test.conf:1: [sink \xc3\xa4]: a '!' or a letter beyond ASCII in a name (accepted: letters, digits, _, -)\n"},
		{"[input]\ndevice = \x1b[2J\n",
		 "test.conf:2: a control character (accepted: text in UTF-8)\n"},
		{"[input]\ndevice = \xff\n",
		 "test.conf:2: octets that are not UTF-8 (accepted: text in UTF-8)\n"},
		{"\xff\xfe[\n",
		 "test.conf:1: octets that are not UTF-8 (accepted: text in UTF-8)\n"},
	};
	EXPECT_TABLE(table);
}

Test(file, all_mistakes_of_syntax_are_told_at_once_and_nothing_else) {
	expect_errors(
		"a=1\n[input]\nworkers = many\n[b\nc\n=\n\x01\n[nothing]\nd\nd=1\nd=2\n", NULL,
		"test.conf:1: a=1: a key ahead of the first section (accepted: [section] first)\n"
		"test.conf:4: [b: no closing bracket at the end" CLOSE
		"test.conf:5: c: no equal sign" LINE
		"test.conf:6: =: no key ahead of the equal sign (accepted: key = value)\n"
		"test.conf:7: a control character (accepted: text in UTF-8)\n"
		"test.conf:9: d: no equal sign" LINE
		"test.conf:11: nothing.d: 2: repeated, it stands in line 10 already" ONCE_KEY
	);
}

Test(file, a_nul_octet_is_an_error) {
	static const char text[] = "[input]\ndevice = a\0b\n\0\n";
	expect_octets(
		text, sizeof(text) - 1, NULL,
		"test.conf:2: a NUL octet (accepted: text in UTF-8)\n"
		"test.conf:3: a NUL octet (accepted: text in UTF-8)\n"
	);
}

Test(file, a_byte_order_mark_is_fine) {
	struct conf *conf = expect_loads("\xef\xbb\xbf[input]\ndevice = a\n", NULL);
	cr_expect_str_eq(conf->input.device.item[0], "a");
	conf_free(conf);
	expect_errors(
		"\xef\xbb\xbf[input]\nx\n[input\n", NULL,
		"test.conf:2: x: no equal sign" LINE
		"test.conf:3: [input: no closing bracket at the end" CLOSE
	);
	expect_errors(
		"\xef\xbb\xbf[input\n", NULL,
		"test.conf:1: [input: no closing bracket at the end" CLOSE
	);
}

Test(file, other_encodings_are_refused) {
	static const char utf16[] = "\xff\xfe[\0i\0]\0\n\0";
	expect_octets(
		utf16, sizeof(utf16) - 1, NULL,
		"test.conf:1: octets that are not UTF-8 (accepted: text in UTF-8)\n"
		"test.conf:2: a NUL octet (accepted: text in UTF-8)\n"
	);
}

Test(file, line_ends_of_other_systems_are_fine) {
	struct conf *conf = expect_loads(
		"[input]\r\ndevice = a b\r\n\r\nfilter =\r\nworkers=2\r\n", NULL
	);
	cr_expect_eq(conf->input.device.n, 2);
	cr_expect_str_eq(conf->input.device.item[1], "b");
	cr_expect_eq(conf->input.workers, 2);
	conf_free(conf);
}

Test(file, the_last_line_needs_no_end) {
	struct conf *conf = expect_loads("[input]\ndevice = a", NULL);
	cr_expect_str_eq(conf->input.device.item[0], "a");
	conf_free(conf);
}

Test(file, an_empty_value_is_empty) {
	struct conf *conf = expect_loads(
		"[input]\ndevice = a\nfilter =\ntunnels = \ncpus=\n", NULL
	);
	cr_expect_str_eq(conf->input.filter, "");
	cr_expect_eq(conf->input.tunnels, 0, "not the default");
	cr_expect_eq(conf->input.n_cpus, 0);
	conf_free(conf);
}

Test(file, blanks_in_the_name_of_a_section_do_not_matter) {
	struct conf *conf = expect_loads(
		"[ input\t]\ndevice = a\n[stream \t x ]\nkey = src_ip\nwindow = tumbling 1s\n", NULL
	);
	cr_expect_str_eq(conf->stream[0].name, "x");
	conf_free(conf);
}

Test(file, keys_may_stand_behind_blanks) {
	struct conf *conf = expect_loads("[input]\n  device = a\n\tworkers\t=\t3\n  \n", NULL);
	cr_expect_eq(conf->input.workers, 3);
	conf_free(conf);
}

Test(file, what_looks_like_a_comment_is_part_of_the_value) {
	struct conf *conf = expect_loads(
		"[input]\ndevice = a\nfilter = x # y ; [z] = \"q\"\n", NULL
	);
	cr_expect_str_eq(conf->input.filter, "x # y ; [z] = \"q\"");
	conf_free(conf);
}

Test(file, a_line_may_be_as_long_as_it_likes) {
	size_t n = 300000;
	char *text = malloc(n + 64);
	char *p = stpcpy(text, "[input]\ndevice = a\nfilter = ");
	memset(p, 'x', n);
	strcpy(p + n, "\nworkers = 5\n");
	struct conf *conf = expect_loads(text, NULL);
	cr_expect_eq(strlen(conf->input.filter), n);
	cr_expect_eq(conf->input.workers, 5);
	conf_free(conf);
	free(text);
}

Test(file, every_entry_has_its_value_and_its_line) {
	char folder[32];
	struct conf_report report = {.file = "test.conf"};
	struct conf_entries entries = {0};
	struct conf_errors errors;
	char text[32768] = "", *p = text;
	// The line is the value; comments and blank lines lie between.
	for (uint32_t line = 1; line < 1000; line++) {
		switch (line % 7) {
		case 1:
			p += sprintf(p, "[s%u  n]\n", line);
			break;
		case 3:
			p += sprintf(p, "# x = y\n");
			break;
		case 5:
			p += sprintf(p, "\r\n");
			break;
		default:
			p += sprintf(p, "k%u = %u\n", line, line);
		}
	}
	load_enter(folder);
	load_write("test.conf", text, strlen(text));
	conf_file_read(&report, &entries);
	cr_expect_not(conf_report_any(&report));
	cr_expect_gt(entries.n, 600);
	for (uint32_t i = 0; i < entries.n; i++) {
		const struct conf_entry *e = &entries.item[i];
		if (e->key != NULL)
			cr_expect_eq((uint32_t)atoi(e->value), e->at.line);
		else
			cr_expect_eq((uint32_t)atoi(e->section + 1), e->at.line);
	}
	conf_report_finish(&report, &errors);
	conf_errors_fini(&errors);
	conf_entries_fini(&entries);
	load_leave(folder);
}

static void expect_unreadable(const char *path, const char *want) {
	struct conf_errors errors;
	cr_expect_null(conf_load(path, NULL, 0, &errors));
	cr_assert_eq(errors.n, 1);
	cr_expect_str_eq(errors.line[0], want);
	conf_errors_fini(&errors);
}

Test(file, what_cannot_be_read_is_told) {
	expect_unreadable(
		"/no/such.conf", "/no/such.conf: cannot be read: No such file or directory"
	);
	expect_unreadable("/tmp", "/tmp: cannot be read: Is a directory");
	expect_unreadable("", ": cannot be read: No such file or directory");
}

Test(file, a_file_without_permission_is_told) {
	char folder[32];
	if (geteuid() == 0 && (setegid(65534) < 0 || seteuid(65534) < 0))
		cr_skip_test("needs to be, or to become, someone without privileges");
	load_enter(folder);
	load_write("test.conf", "[input]\n", 8);
	cr_assert_eq(chmod("test.conf", 0), 0);
	expect_unreadable("test.conf", "test.conf: cannot be read: Permission denied");
	load_leave(folder);
	if (getuid() != 0)
		return;
	cr_assert_eq(seteuid(0) | setegid(0), 0);
	// The leak sanitizer wants to look into the process afterwards.
	cr_assert_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}

Test(file, a_file_without_end_is_refused) {
	expect_unreadable("/dev/zero", "/dev/zero: not a configuration: longer than 16 MB");
}

Test(file, an_empty_file_lacks_its_input) {
	const char *want =
		"test.conf:1: input.device: is missing (accepted: PCI addresses, vdev strings, "
		"interfaces or capture files, at most 255)\n";
	expect_errors("", NULL, want);
	expect_errors("\xef\xbb\xbf", NULL, want);
	expect_errors("# nothing\n\n", NULL, want);
}

Test(file, a_pipe_is_as_good_as_a_file) {
	int fd[2];
	char path[64];
	struct conf_errors errors;
	static const char text[] = "[input]\ndevice = a\n";
	cr_assert_eq(pipe(fd), 0);
	cr_assert_eq(write(fd[1], text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	close(fd[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
	struct conf *conf = conf_load(path, NULL, 0, &errors);
	cr_expect_not_null(conf);
	conf_free(conf);
	conf_errors_fini(&errors);
	close(fd[0]);
}
