// History is saved as the ring had it. Entries are found as comparing finds them, from a direction's newest
// one backwards, and put into the ring of today in the order of their age.

#include "tcp_load_priv.h"
#include "tcp_save_priv.h"

#include <errno.h>
#include <stdlib.h>

// Tables that one checkpoint may be of.
#define IMAGES_MAX 1024u

int tcp_loading_link(
	struct tcp_loading *l, uint32_t origin, uint64_t at, uint32_t flow, uint32_t dir
) {
	if (l->n_links == l->links_max) {
		uint64_t n = l->links_max != 0 ? 2 * l->links_max : 256;
		struct tcp_image_link *link = realloc(l->link, n * sizeof(*link));
		if (link == NULL)
			return -ENOMEM;
		l->link = link;
		l->links_max = n;
	}
	l->link[l->n_links++] = (struct tcp_image_link){at, origin, flow, dir};
	return 0;
}

static struct tcp_image *find(const struct tcp_loading *l, uint32_t origin) {
	for (uint32_t i = 0; i < l->n_images; i++)
		if (l->image[i].origin == origin)
			return &l->image[i];
	return NULL;
}

static struct tcp_image *add(struct tcp_loading *l, uint32_t origin, uint64_t from) {
	if (l->n_images == IMAGES_MAX)
		return NULL;
	struct tcp_image *image = realloc(l->image, (l->n_images + 1) * sizeof(*image));
	if (image == NULL)
		return NULL;
	l->image = image;
	image[l->n_images] = (struct tcp_image){.origin = origin, .from = from};
	return &image[l->n_images++];
}

static int append(struct tcp_image *image, const void *octets, uint64_t len) {
	if (image->len + len > image->room) {
		uint64_t room = 2 * image->room + (1u << 16);
		uint8_t *more = realloc(image->octets, room);
		if (more == NULL)
			return -ENOMEM;
		image->octets = more;
		image->room = room;
	}
	memcpy(image->octets + image->len, octets, len);
	image->len += len;
	return 0;
}

int tcp_loading_image(struct tcp_loading *l, const struct state_record *r, struct err *err) {
	const struct tcp_saved_history *s = r->octets;
	if (r->len <= sizeof(*s) || r->len - sizeof(*s) > TCP_SAVED_HISTORY || s->at == 0
	    || s->at > UINT64_MAX / 2 || s->at % CACHE_LINE != 0)
		return err_set(err, -EBADMSG, "a history is saved in another way");
	struct tcp_image *image = find(l, s->origin);
	if (image == NULL)
		image = add(l, s->origin, s->at);
	if (image == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	if (s->at != image->from + image->len)
		return err_set(err, -EBADMSG, "a saved history has a gap");
	if (append(image, s + 1, r->len - sizeof(*s)) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

// An entry on its way into the ring.
struct found {
	uint64_t age; // octets behind its position
	const struct tcp_history_entry *entry;
	const struct tcp_image_link *link;
};

struct all_found {
	struct found *found; // owned
	uint64_t n, max;
};

static int note(struct all_found *all, const struct found *f) {
	if (all->n == all->max) {
		uint64_t n = all->max != 0 ? 2 * all->max : 256;
		struct found *found = realloc(all->found, n * sizeof(*found));
		if (found == NULL)
			return -ENOMEM;
		all->found = found;
		all->max = n;
	}
	all->found[all->n++] = *f;
	return 0;
}

// The entries of one direction. None is shared, so that there are never more than fit into the images.
static int
collect(struct all_found *all, const struct tcp_image *image, const struct tcp_image_link *link,
	uint64_t next_off) {
	uint64_t at = link->at, before = image->from + image->len, offset = next_off;
	for (int i = 0; i < TCP_HISTORY_STEPS && at >= image->from && at != 0; i++) {
		if (at >= before || at % CACHE_LINE != 0)
			return -EBADMSG;
		const struct tcp_history_entry
			*e = (const void *)(image->octets + (at - image->from));
		if (before - at < sizeof(*e) || before - at < tcp_history_entry_octets(e->len)
		    || e->offset > offset || offset - e->offset < e->len)
			return -EBADMSG;
		int ret = note(all, &(struct found){image->from + image->len - at, e, link});
		if (ret < 0)
			return ret;
		before = at;
		offset = e->offset;
		at = e->before;
	}
	return 0;
}

static int oldest_first(const void *a, const void *b) {
	const struct found *f = a, *g = b;
	return (f->age < g->age) - (f->age > g->age);
}

static int
collect_all(const struct tcp_loading *l, const struct tcp_index *x, struct all_found *all) {
	uint64_t most = 0;
	int ret = 0;
	for (uint32_t i = 0; i < l->n_images; i++)
		most += l->image[i].len / CACHE_LINE;
	for (uint64_t i = 0; i < l->n_links && ret == 0; i++) {
		const struct tcp_image_link *link = &l->link[i];
		const struct tcp_image *image = find(l, link->origin);
		const struct tcp_half *h = &tcp_index_at(x, link->flow)->half[link->dir];
		if (image != NULL)
			ret = collect(all, image, link, h->next_off);
		if (all->n > most)
			ret = -EBADMSG;
	}
	return ret;
}

int tcp_loading_lay(struct tcp_loading *l, struct tcp_history *h, struct tcp_index *x) {
	struct all_found all = {};
	int ret = collect_all(l, x, &all);
	if (ret == 0 && all.n > 0)
		qsort(all.found, all.n, sizeof(*all.found), oldest_first);
	for (uint64_t i = 0; i < all.n && ret == 0; i++) {
		const struct found *f = &all.found[i];
		struct tcp_half *half = &tcp_index_at(x, f->link->flow)->half[f->link->dir];
		tcp_history_put(h, &half->history, f->entry->offset, f->entry->data, f->entry->len);
	}
	free(all.found);
	return ret;
}
