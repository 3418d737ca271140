// The octets of datagrams that are being put together: pages out of one pool, taken where octets came
// and given back all at once. The first copy of an octet stays.
#pragma once

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

#define DEFRAG_PAGE 1024 // octets
#define DEFRAG_PAGES 64 // that a datagram may have
#define DEFRAG_DATA_MAX (DEFRAG_PAGE * DEFRAG_PAGES)
#define DEFRAG_UNIT 8 // octets; fragments begin on a multiple (RFC 791)

#define DEFRAG_PAGE_UNITS (DEFRAG_PAGE / DEFRAG_UNIT)

struct defrag_page {
	uint64_t have[DEFRAG_PAGE_UNITS / 64]; // units that are there
	uint32_t next; // number of the next page that was given back
	uint8_t octet[DEFRAG_PAGE];
};

struct defrag_pool {
	struct defrag_page *page; // owned, out of `mem`
	const struct mem *mem; // borrowed
	uint32_t n;
	uint32_t fresh; // pages from here on were never used
	uint32_t returned; // number of the first page that was given back; 0: none
	uint32_t free; // pages to be had
};

// What is there of one datagram. All zero: nothing.
struct defrag_octets {
	uint32_t page[DEFRAG_PAGES]; // numbers of pages, counted from 1; 0: none
	uint32_t held; // octets that are there
	uint32_t reach; // one behind the last of them
};

// What became of a piece that was put in.
struct defrag_put {
	uint32_t added; // octets
	bool overlap; // some were there already
	bool conflict; // and some of those were different
};

static inline struct defrag_page *defrag_page_at(const struct defrag_pool *p, uint32_t number) {
	return &p->page[number - 1];
}

// 0 or -ENOMEM.
int defrag_pool_init(struct defrag_pool *p, uint32_t pages, const struct mem *mem);
void defrag_pool_fini(struct defrag_pool *p);

// How many pages the datagram has yet to get for `len` octets at `at`. len > 0; at + len <=
// DEFRAG_DATA_MAX.
uint32_t defrag_pages_wanted(const struct defrag_octets *o, uint32_t at, uint32_t len);

// Puts in what is not there yet; at is a multiple of DEFRAG_UNIT, and so is len unless nothing follows.
// As many pages as wanted are free.
struct defrag_put defrag_pages_put(
	struct defrag_pool *p, struct defrag_octets *o, uint32_t at, const uint8_t *data,
	uint32_t len
);

// Copies the octets [0, len) out; they are all there.
void defrag_pages_copy(
	const struct defrag_pool *p, const struct defrag_octets *o, uint8_t *to, uint32_t len
);

// Gives all pages back and forgets what was there.
void defrag_pages_release(struct defrag_pool *p, struct defrag_octets *o);
