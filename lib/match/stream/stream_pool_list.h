// Lists of streams, so that one goes in and out in a few stores wherever it stands.
#pragma once

#include <stddef.h>

struct match_stream;

struct stream_link {
	struct match_stream *before;
	struct match_stream *behind;
};

struct stream_list {
	struct match_stream *first;
	struct match_stream *last;
};
