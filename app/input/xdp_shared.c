// libxdp wants a program that is not loaded yet, since it loads it to fit the dispatcher of the moment.
// So each attempt opens the object anew and gives it the maps of the one that was loaded first: what
// others read and write there stays the same.

#include "xdp_shared.h"

#include "xdp_dispatcher.h"
#include "xdp_leftover.h"
#include "xdp_owner.h"
#include "xdp_refusal.h"

#include "base/log.h"
#include "base/units.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTEMPTS 5 // while others attach at the same moment

struct xdp_shared {
	struct bpf_object *object; // owned; the program as it is attached
	struct xdp_program *program; // owned, borrows the object
	int alive; // says that this process is there; 0: not open
	struct xdp_interface itf;
	enum xdp_attach_mode mode;
	uint32_t main_id; // of the program that the interface has: ours or a dispatcher
};

// ---- the program once more ----

static int share_maps(struct bpf_object *copy, const struct bpf_object *object) {
	struct bpf_map *map;
	bpf_object__for_each_map(map, copy) {
		const char *name = bpf_map__name(map);
		struct bpf_map *first = bpf_object__find_map_by_name(object, name);
		if (strcmp(name, PROGRAM_OWNER_MAP) == 0)
			continue;
		int rc = first != NULL ? bpf_map__reuse_fd(map, bpf_map__fd(first)) : -ENOENT;
		if (rc < 0)
			return rc;
	}
	return 0;
}

// Takes frames in several buffers. Before it is loaded libbpf knows that by the section's name alone.
static bool has_frags(const struct bpf_program *prog) {
	return strcmp(bpf_program__section_name(prog), "xdp.frags") == 0;
}

static int open_copy(struct xdp_shared *s, const struct xdp_loaded *loaded, struct err *err) {
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "sluice");
	struct bpf_program *p, *prog = NULL;
	s->object = bpf_object__open_mem(loaded->image, loaded->octets, &opts);
	if (s->object == NULL)
		return err_set(err, -errno, "the XDP program: %s", strerror(errno));
	int rc = share_maps(s->object, loaded->object);
	if (rc < 0)
		return err_set(err, rc, "the XDP program's maps: %s", strerror(-rc));
	bpf_object__for_each_program(p, s->object) {
		bool this = strcmp(bpf_program__name(p), loaded->name) == 0;
		bpf_program__set_autoload(p, this);
		prog = this ? p : prog;
	}
	if (prog == NULL)
		return err_set(err, -ENOENT, "no XDP program of the name %s", loaded->name);
	rc = xdp_owner_mark(s->object, s->itf.index, err);
	if (rc < 0)
		return rc;
	s->alive = rc;
	DECLARE_LIBXDP_OPTS(xdp_program_opts, program, .obj = s->object, .prog_name = loaded->name);
	struct xdp_program *made = xdp_program__create(&program);
	rc = (int)libxdp_get_error(made);
	if (rc != 0)
		return err_set(err, rc, "the XDP program: %s", strerror(-rc));
	s->program = made;
	xdp_program__set_xdp_frags_support(made, has_frags(prog));
	return 0;
}

static void close_copy(struct xdp_shared *s) {
	xdp_program__close(s->program);
	bpf_object__close(s->object);
	// Last: while the program may be there, its owner is.
	if (s->alive > 0)
		close(s->alive);
	s->program = NULL;
	s->object = NULL;
	s->alive = 0;
}

// ---- what is there ----

static uint32_t main_program(int ifindex) {
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	if (bpf_xdp_query(ifindex, 0, &query) < 0)
		return 0;
	return query.attach_mode == XDP_ATTACHED_SKB ? query.skb_prog_id : query.drv_prog_id;
}

// The mode of the dispatcher that is there; XDP_MODE_UNSPEC: there is no program. -EBUSY: there is one,
// but no dispatcher.
static int find_mode(const struct xdp_interface *itf, enum xdp_attach_mode *mode) {
	*mode = XDP_MODE_UNSPEC;
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(itf->index);
	long rc = libxdp_get_error(mp);
	if (rc != 0)
		return rc == -ENOENT ? 0 : (int)rc;
	if (mp == NULL)
		return 0;
	*mode = xdp_multiprog__attach_mode(mp);
	bool alone = xdp_multiprog__is_legacy(mp);
	xdp_multiprog__close(mp);
	return alone ? -EBUSY : 0;
}

static bool is_among(const struct xdp_multiprog *mp, uint32_t id) {
	struct xdp_program *p = NULL;
	while ((p = xdp_multiprog__next_prog(p, mp)) != NULL)
		if (xdp_program__id(p) == id)
			return true;
	return false;
}

// ---- attaching ----

static int attach_as(
	struct xdp_shared *s, const struct xdp_loaded *loaded, enum xdp_attach_mode mode,
	struct err *err
) {
	int rc = open_copy(s, loaded, err);
	if (rc < 0)
		goto fail;
	rc = xdp_program__attach(s->program, s->itf.index, mode, 0);
	if (rc == 0) {
		s->mode = mode;
		s->main_id = main_program(s->itf.index);
		return 0;
	}
	if (rc == -E2BIG)
		err_set(err, rc,
			"%s: libxdp's dispatcher has no room for another XDP program (cure: end one "
			"of those that are there)",
			s->itf.name);
	else if (rc == -ENOENT)
		err_set(err, rc,
			"%s: libxdp does not find its xdp-dispatcher.o (cure: it comes with libxdp, "
			"Debian: libxdp1; LIBXDP_OBJECT_PATH names its folder)",
			s->itf.name);
	else if (rc == -EINVAL && loaded->goes_on)
		err_set(err, rc,
			"%s: a dispatcher does not take a program that goes on to another one, as kernel "
			"mode does with input.filter (cure: input.xdp_attach = exclusive, or "
			"input.xdp_mode = observe)",
			s->itf.name);
	else if (rc == -EACCES) // the verifier's
		err_set(err, rc,
			"%s: the kernel does not take the XDP program as part of a dispatcher "
			"(SLUICE_LOG=debug shows what it says; cure: input.xdp_attach = exclusive)",
			s->itf.name);
	else
		rc = xdp_refuse(rc, &s->itf, err);
fail:
	close_copy(s);
	return rc;
}

static bool is_final(int rc) {
	return rc == -EPERM || rc == -EACCES || rc == -ENODEV || rc == -E2BIG || rc == -ENOENT
		|| rc == -EBUSY || rc == -EEXIST;
}

// As the programs that are there; else natively, then generic.
static int attach(struct xdp_shared *s, const struct xdp_loaded *loaded, struct err *err) {
	enum xdp_attach_mode there;
	int rc = find_mode(&s->itf, &there);
	if (rc < 0)
		return xdp_refuse(rc, &s->itf, err);
	if (there != XDP_MODE_UNSPEC)
		return attach_as(s, loaded, there, err);
	rc = attach_as(s, loaded, XDP_MODE_NATIVE, err);
	if (rc == 0 || is_final(rc))
		return rc;
	int native = rc;
	rc = attach_as(s, loaded, XDP_MODE_SKB, err);
	if (rc == 0)
		xdp_say_generic(native, &s->itf);
	return rc;
}

static void say(const struct xdp_shared *s) {
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(s->itf.index);
	if (mp == NULL || libxdp_get_error(mp) != 0)
		return;
	int others = xdp_multiprog__program_count(mp) - 1;
	char why[256] = "libxdp does not say why";
	if (!xdp_multiprog__is_legacy(mp)) {
		log_info(
			"%s: attached through libxdp's dispatcher, beside %d other XDP program%s",
			s->itf.name, others, units_plural(others)
		);
	} else {
		xdp_dispatcher_usable(why, sizeof(why));
		log_info(
			"%s: attached alone, no other XDP program can be beside it: libxdp's "
			"dispatcher cannot be used: %s",
			s->itf.name, why
		);
	}
	xdp_multiprog__close(mp);
}

struct xdp_shared *xdp_shared_attach(
	const struct xdp_loaded *loaded, const struct xdp_interface *itf, bool *generic, int *rc,
	struct err *err
) {
	struct xdp_shared *s = calloc(1, sizeof(*s));
	if (s == NULL) {
		*rc = err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	s->itf = *itf;
	xdp_dispatcher_quiet();
	for (uint32_t i = 0; i < ATTEMPTS; i++) {
		bool free_before = main_program(itf->index) == 0;
		*rc = attach(s, loaded, err);
		// Somebody else was faster: perhaps with a dispatcher.
		if ((*rc != -EBUSY && *rc != -EEXIST) || !free_before)
			break;
		usleep(1000u << i);
	}
	if (*rc < 0) {
		free(s);
		return NULL;
	}
	*generic = s->mode == XDP_MODE_SKB;
	say(s);
	return s;
}

void xdp_shared_detach(struct xdp_shared *s) {
	if (s == NULL)
		return;
	xdp_dispatcher_quiet();
	int rc = xdp_program__detach(s->program, s->itf.index, s->mode, 0);
	close_copy(s);
	// The interface is gone, or somebody else took the program off: the pins may be there still.
	if (rc != 0)
		xdp_leftover_unpin();
	if (rc != 0 && rc != -ENOENT)
		log_warn(
			"%s: the XDP program could not be taken off: %s (cure: sluice detach %s)",
			s->itf.name, strerror(-rc), s->itf.name
		);
	free(s);
}

bool xdp_shared_attached(struct xdp_shared *s) {
	uint32_t id = main_program(s->itf.index);
	if (id == s->main_id || id == 0)
		return id != 0;
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(s->itf.index);
	if (mp == NULL || libxdp_get_error(mp) != 0)
		return false;
	bool there = is_among(mp, xdp_program__id(s->program));
	xdp_multiprog__close(mp);
	if (there)
		s->main_id = id;
	return there;
}
