// The nearest known name.

#include "conf/conf.h"

#include <criterion/criterion.h>

#include <string.h>

static const char *const names[] = {"backend", "device", "workers", "key", "src_port", "dest_port"};

static const char *near(const char *name) {
	return conf_nearest(name, names, sizeof(names) / sizeof(names[0]));
}

Test(nearest, a_letter_dropped_added_replaced_or_swapped_is_near) {
	cr_expect_str_eq(near("worker"), "workers");
	cr_expect_str_eq(near("workerss"), "workers");
	cr_expect_str_eq(near("wurkers"), "workers");
	cr_expect_str_eq(near("wrokers"), "workers");
	cr_expect_str_eq(near("ekyy"), "key");
}

Test(nearest, a_swap_counts_once) {
	// Two swaps are within two steps; as replacements they would be four.
	cr_expect_str_eq(near("edvcie"), "device");
}

Test(nearest, a_third_of_a_long_name_may_differ) {
	const char *const longer[] = {"abcdefghijkl"};
	cr_expect_str_eq(conf_nearest("abcdefghWXYZ", longer, 1), "abcdefghijkl");
	cr_expect_null(conf_nearest("abcdefgVWXYZ", longer, 1));
}

Test(nearest, the_nearer_of_two_wins) {
	cr_expect_str_eq(near("dst_port"), "dest_port");
	cr_expect_str_eq(near("srcport"), "src_port");
}

Test(nearest, case_does_not_matter) {
	cr_expect_str_eq(near("BACKEND"), "backend");
}

Test(nearest, nothing_is_near_a_name_of_other_letters) {
	cr_expect_null(near("zz"));
	cr_expect_null(near("colour"));
	cr_expect_null(near(""));
	cr_expect_null(conf_nearest("key", names, 0));
}

Test(nearest, a_name_of_any_length_is_fine) {
	char name[4096];
	memset(name, 'k', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_expect_null(near(name));
	name[64] = '\0';
	cr_expect_null(near(name));
}
