// The tcpdump expression: one libpcap program for each link type, made from handles that never open
// anything.

#include "filter.h"

#include <pcap/pcap.h>

#include <errno.h>
#include <stdlib.h>

// The longest frame libpcap knows; a program returns at most this for "all of it".
#define SNAPLEN 262144

struct filter {
	struct bpf_program prog[LINK_COUNT];
	bool has[LINK_COUNT];
	struct err why[LINK_COUNT]; // it could not be compiled
};

static const char *const link_names[LINK_COUNT] = {
	[LINK_ETHERNET] = "Ethernet",    [LINK_RAW] = "raw IP",        [LINK_SLL] = "Linux cooked",
	[LINK_SLL2] = "Linux cooked v2", [LINK_NULL] = "BSD loopback",
};

static int compile(struct filter *f, enum link link, const char *expression) {
	pcap_t *p = pcap_open_dead(link_to_dlt(link), SNAPLEN);
	if (p == NULL)
		return err_set(&f->why[link], -ENOMEM, "out of memory");
	int ret = pcap_compile(p, &f->prog[link], expression, 1, PCAP_NETMASK_UNKNOWN);
	f->has[link] = ret == 0;
	if (ret != 0)
		ret = err_set(
			&f->why[link], -EINVAL, "filter '%s' on %s frames: %s", expression,
			link_names[link], pcap_geterr(p)
		);
	pcap_close(p);
	return ret;
}

struct filter *filter_new(const char *expression, struct err *err) {
	struct filter *f = calloc(1, sizeof(*f));
	if (f == NULL) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	for (enum link l = 0; l < LINK_COUNT; l++)
		compile(f, l, expression);
	if (!f->has[LINK_ETHERNET]) {
		err_set(err, -EINVAL, "%s", f->why[LINK_ETHERNET].text);
		filter_free(f);
		return NULL;
	}
	return f;
}

void filter_free(struct filter *f) {
	if (f == NULL)
		return;
	for (enum link l = 0; l < LINK_COUNT; l++)
		if (f->has[l])
			pcap_freecode(&f->prog[l]);
	free(f);
}

bool filter_has_link(const struct filter *f, enum link link, struct err *err) {
	if ((unsigned)link < LINK_COUNT && f->has[link])
		return true;
	err_set(err, -EINVAL, "%s",
		(unsigned)link < LINK_COUNT ? f->why[link].text : "no such link type");
	return false;
}

bool filter_pass(
	const struct filter *f, const struct packet *p, const unsigned char *data, unsigned len
) {
	if (p->link >= LINK_COUNT || !f->has[p->link])
		return false;
	struct pcap_pkthdr h = {.caplen = len, .len = p->wire_len};
	return pcap_offline_filter(&f->prog[p->link], &h, data) != 0;
}

uint32_t
filter_program(const struct filter *f, enum link link, struct filter_insn *insns, uint32_t max) {
	if ((unsigned)link >= LINK_COUNT || !f->has[link])
		return 0;
	const struct bpf_program *prog = &f->prog[link];
	for (uint32_t i = 0; i < prog->bf_len && i < max; i++)
		insns[i] = (struct filter_insn){
			.code = prog->bf_insns[i].code,
			.jump_true = prog->bf_insns[i].jt,
			.jump_false = prog->bf_insns[i].jf,
			.k = prog->bf_insns[i].k,
		};
	return prog->bf_len;
}
