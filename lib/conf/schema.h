// Every section and key of a configuration as a table: what it is called, what it takes, what it is
// when nobody says, and where in struct conf it goes. Reading, checking, printing and the texts of
// errors all follow this table.
#pragma once

#include "conf.h"

#include <stddef.h>

enum conf_type {
	CONF_ENUM, // uint32_t, index into `names`
	CONF_BOOL, // bool; names[0] is false, names[1] is true
	CONF_FIXED, // nothing is stored: the default is all that this version takes
	CONF_UINT, // uint32_t
	CONF_COUNT, // uint32_t, with K, M, G
	CONF_SIZE, // uint64_t octets, with K, M, G
	CONF_DURATION, // int64_t microseconds
	CONF_PACE, // int64_t
	CONF_LATENESS, // int64_t
	CONF_AHEAD, // int64_t
	CONF_STRING, // char *
	CONF_PATH, // char *: a file or "-", "" when not given
	CONF_SOCKET, // char *: a path that a Unix socket can have, "" for none
	CONF_CACHE, // char *: auto, off or a folder
	CONF_FOLDER, // char *: a folder, "" for none
	CONF_LIST, // struct conf_list
	CONF_DEVICES, // struct conf_list of a struct conf_input
	CONF_RULES, // struct conf_list of files that must be there
	CONF_TUNNELS, // uint32_t of bits, bit N for names[N]
	CONF_CPUS, // cpus, n_cpus of a struct conf_input
	CONF_FIELD, // distinct, distinct_cut of a struct conf_stream
	CONF_FIELDS, // key, key_order, n_key, cut of a struct conf_stream
	CONF_WINDOW, // struct conf_window
	CONF_STREAMS, // uint64_t of bits, bit N for stream N
	CONF_STREAM, // uint32_t, number of a stream
	CONF_WHEN, // struct condition
};

struct conf_key {
	const char *name;
	enum conf_type type;
	uint32_t offset; // in the section's structure
	const char *preset; // as one would write it; NULL: must be given and not be empty
	uint64_t min, max; // of numbers, both allowed
	bool or_zero; // 0 is allowed as well
	const char *const *names; // NULL-terminated
	const char *const *later; // names that a later version may have; NULL-terminated or NULL
	const char *help; // one line
};

struct conf_section {
	const char *name;
	bool named; // [name NAME], any number of them
	bool vars; // its keys are names that the user makes up (vars.h): the table has none
	uint32_t offset; // of the structure, or of the array of them, in struct conf
	uint32_t stride; // named: size of one; `count` says how many there are
	uint32_t count; // named: offset of the uint32_t that counts them
	uint32_t max; // named: room
	const struct conf_key *keys; // ends with a NULL name
};

#define CONF_CPU_MAX 1023
#define CONF_SOCKET_MAX 107 // octets in a struct sockaddr_un, less the NUL
#define CONF_PACE_LIMIT 1000000000
#define CONF_KEYS_MAX 20 // in one section

// All sections; the last has a NULL name.
const struct conf_section *conf_schema(void);

// NULL when there is none of that name.
const struct conf_section *conf_schema_section(const char *name);
const struct conf_key *conf_schema_key(const struct conf_section *section, const char *name);

// What the key takes, for people. `conf` names the streams (NULL: none). Written to `to`.
void conf_schema_accepted(const struct conf_key *key, const struct conf *conf, FILE *to);

// The structure of a section: of its `i`-th instance when it is named.
static inline void *conf_schema_base(const struct conf_section *s, struct conf *conf, uint32_t i) {
	return (char *)conf + s->offset + (size_t)s->stride * i;
}
