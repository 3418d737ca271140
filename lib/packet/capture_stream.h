// The octets of a capture file as a stdio stream, unpacked on the fly when they are gzip'd. Internal
// to the capture-file source; one thread.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct capture_stream; // opaque; freed by fclose of its FILE

// Opens `path` ("-": standard input). NULL with err set (path and reason). `*stream` is valid until
// fclose.
FILE *capture_stream_open(const char *path, struct capture_stream **stream, struct err *err);

// Size of a regular file, UINT64_MAX for anything else.
uint64_t capture_stream_size(const struct capture_stream *s);

// Octets taken from the file so far, packed ones of a gzip'd file.
uint64_t capture_stream_taken(const struct capture_stream *s);

// Octets handed to stdio so far, from the beginning of the file.
uint64_t capture_stream_given(const struct capture_stream *s);

// Whether its FILE can be set to any octet (fseeko): a regular file that is not packed.
bool capture_stream_seeks(const struct capture_stream *s);

// Of up to CAPTURE_DIGEST octets of a regular file, as it is stored, that are ahead of octet `end`. 0, or
// -errno: they cannot be read, -ENODATA where the file has fewer.
#define CAPTURE_DIGEST 4096
int capture_stream_digest(const struct capture_stream *s, uint64_t end, uint64_t *digest);

bool capture_stream_packed(const struct capture_stream *s);

// What went wrong with reading or unpacking, NULL if nothing did.
const char *capture_stream_fault(const struct capture_stream *s);

// Waits at most `max_us` until reading would not block. Always true for regular files.
bool capture_stream_ready(const struct capture_stream *s, uint32_t max_us);

// While `*stop` (any thread → reader; borrowed), a read that would have to wait comes to the end instead.
void capture_stream_stop_by(struct capture_stream *s, const _Atomic(bool) *stop);

// Whether that is what ended it.
bool capture_stream_stopped(const struct capture_stream *s);
