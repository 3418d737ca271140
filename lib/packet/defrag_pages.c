// Which octets are there is one bit for each unit of eight, kept beside them in the page: whatever way
// fragments overlap, putting one in costs no more than its length.

#include "defrag_pages.h"

#include <errno.h>
#include <string.h>

#define WORD_OCTETS (64 * DEFRAG_UNIT)

int defrag_pool_init(struct defrag_pool *p, uint32_t pages, const struct mem *mem) {
	*p = (struct defrag_pool){.mem = mem, .n = pages, .free = pages};
	p->page = mem->alloc(mem, (size_t)pages * sizeof(*p->page));
	return p->page != NULL ? 0 : -ENOMEM;
}

void defrag_pool_fini(struct defrag_pool *p) {
	if (p->page != NULL)
		p->mem->free(p->mem, p->page, (size_t)p->n * sizeof(*p->page));
	p->page = NULL;
}

// Pages are taken anew only when none was given back: memory that was never needed is never touched.
static uint32_t page_take(struct defrag_pool *p) {
	uint32_t number = p->returned;
	if (number != 0)
		p->returned = defrag_page_at(p, number)->next;
	else
		number = ++p->fresh;
	p->free--;
	memset(defrag_page_at(p, number)->have, 0, sizeof(defrag_page_at(p, number)->have));
	return number;
}

uint32_t defrag_pages_wanted(const struct defrag_octets *o, uint32_t at, uint32_t len) {
	uint32_t wanted = 0;
	for (uint32_t i = at / DEFRAG_PAGE; i <= (at + len - 1) / DEFRAG_PAGE; i++)
		wanted += o->page[i] == 0;
	return wanted;
}

// Units that are there already, or some of them: one at a time.
static void put_over(
	struct defrag_page *page, uint32_t at, const uint8_t *data, uint32_t len,
	struct defrag_put *put
) {
	for (uint32_t done = 0; done < len; done += DEFRAG_UNIT) {
		uint32_t unit = (at + done) / DEFRAG_UNIT;
		uint32_t n = len - done < DEFRAG_UNIT ? len - done : DEFRAG_UNIT;
		uint64_t bit = UINT64_C(1) << unit % 64;
		uint8_t *to = page->octet + at + done;
		if (!(page->have[unit / 64] & bit)) {
			page->have[unit / 64] |= bit;
			memcpy(to, data + done, n);
			put->added += n;
		} else {
			put->overlap = true;
			put->conflict |= memcmp(to, data + done, n) != 0;
		}
	}
}

// The part of a piece whose units have their bits in one word.
static void put_in_word(
	struct defrag_page *page, uint32_t at, const uint8_t *data, uint32_t len,
	struct defrag_put *put
) {
	uint32_t unit = at / DEFRAG_UNIT, units = (len + DEFRAG_UNIT - 1) / DEFRAG_UNIT;
	uint64_t bits = (units == 64 ? ~UINT64_C(0) : (UINT64_C(1) << units) - 1) << unit % 64;
	if (page->have[unit / 64] & bits) {
		put_over(page, at, data, len, put);
		return;
	}
	page->have[unit / 64] |= bits;
	memcpy(page->octet + at, data, len);
	put->added += len;
}

struct defrag_put defrag_pages_put(
	struct defrag_pool *p, struct defrag_octets *o, uint32_t at, const uint8_t *data,
	uint32_t len
) {
	struct defrag_put put = {0};
	for (uint32_t done = 0; done < len;) {
		uint32_t *number = &o->page[(at + done) / DEFRAG_PAGE];
		uint32_t in = (at + done) % DEFRAG_PAGE;
		uint32_t left = WORD_OCTETS - in % WORD_OCTETS;
		uint32_t n = left < len - done ? left : len - done;
		if (*number == 0)
			*number = page_take(p);
		put_in_word(defrag_page_at(p, *number), in, data + done, n, &put);
		done += n;
	}
	o->held += put.added;
	if (o->reach < at + len)
		o->reach = at + len;
	return put;
}

void defrag_pages_copy(
	const struct defrag_pool *p, const struct defrag_octets *o, uint8_t *to, uint32_t len
) {
	for (uint32_t at = 0; at < len; at += DEFRAG_PAGE) {
		uint32_t n = len - at < DEFRAG_PAGE ? len - at : DEFRAG_PAGE;
		memcpy(to + at, defrag_page_at(p, o->page[at / DEFRAG_PAGE])->octet, n);
	}
}

void defrag_pages_release(struct defrag_pool *p, struct defrag_octets *o) {
	for (uint32_t i = 0; i * DEFRAG_PAGE < o->reach; i++) {
		if (o->page[i] == 0)
			continue;
		defrag_page_at(p, o->page[i])->next = p->returned;
		p->returned = o->page[i];
		p->free++;
	}
	memset(o, 0, sizeof(*o));
}
