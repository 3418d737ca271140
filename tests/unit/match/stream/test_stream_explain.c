// What people are told of the groups for streams.

#include "make_engine.h"
#include "match/stream/stream_explain.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

Test(stream_explain, names_ports_groups_and_what_a_stream_of_each_takes) {
	struct match_engine *e = make_engine(
		"1:/a/\n", "alert tcp any any -> any 80 (content:\"a\"; sid:1;)\n", true
	);
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	stream_explain(match_engine_streams(e), to);
	fclose(to);
	cr_expect_not_null(
		strstr(text, "streams: 2 rules and patterns; 2 groups, 0 from"), "%s", text
	);
	cr_expect_not_null(strstr(text, "patterns are group 0, for all"), "%s", text);
	cr_expect_not_null(strstr(text, "tcp     to_server  to    group   1  80\n"), "%s", text);
	cr_expect_null(strstr(text, "udp"), "%s", text);
	free(text);
	match_engine_free(e);
}
