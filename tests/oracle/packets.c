// Prints what Sluice makes of each packet of a capture: its checksums, and the datagrams that fragments
// were put together to. For comparison with other programs.
// usage: oracle_packets FILE; prints lines "sum FRAME ANSWER" and "datagram FRAME OCTETS", as hex.

#include "packet/capture_file.h"
#include "packet/checksum.h"
#include "packet/defrag.h"
#include "packet/parse.h"
#include "packet/tunnel.h"
#include "packet/verdict.h"

#include <stdio.h>

#define LEVELS 8 // fragments inside of fragments

static void print_datagram(unsigned long frame, const struct packet *p) {
	printf("datagram\t%lu\t", frame);
	for (uint32_t i = p->data[0] >> 4 == 6 ? 40 : 20; i < p->cap_len; i++)
		printf("%02x", p->data[i]);
	printf("\n");
}

static void
print_packet(struct parser *parser, struct defrag *d, unsigned long n, struct packet pkt) {
	struct defrag_datagram out;
	for (int level = 0; level < LEVELS; level++) {
		struct flow_key key;
		parse_packet(parser, &pkt, &key);
		if (pkt.verdict != VERDICT_COUNTED)
			return;
		if (level == 0) {
			enum checksum c = checksum_packet(&pkt, &key, pkt.data, pkt.cap_len);
			printf("sum\t%lu\t%s\n", n, checksum_name(c));
		}
		if (defrag_add(d, &pkt, pkt.data, pkt.cap_len, &out) != DEFRAG_COMPLETE)
			return;
		print_datagram(n, &out.pkt);
		pkt = out.pkt;
	}
}

static int print_capture(struct capture_file *f, struct defrag *d) {
	struct parser parser = {.tunnels = TUNNEL_ALL};
	struct pcap_pkthdr *h;
	const uint8_t *data;
	int got;
	for (unsigned long n = 1; (got = pcap_next_ex(f->pcap, &h, &data)) == 1; n++) {
		struct packet pkt = {
			.data = data,
			.time_us = capture_file_time(f, &h->ts),
			.head_len = h->caplen,
			.cap_len = h->caplen,
			.wire_len = h->len,
			.link = (uint8_t)f->link,
		};
		print_packet(&parser, d, n, pkt);
	}
	return got == PCAP_ERROR_BREAK ? 0 : 1;
}

int main(int argc, char **argv) {
	struct capture_file f = {0};
	struct err err = {0};
	struct defrag_config conf = {
		.datagrams = 4096,
		.memory = 16 << 20,
		.tunnels = TUNNEL_ALL,
		.mem = mem_pages(),
	};
	hash_seed_init(&conf.seed);
	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return 2;
	}
	if (capture_file_open(&f, argv[1], &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	struct defrag *d = defrag_new(&conf);
	int status = d != NULL ? print_capture(&f, d) : 1;
	defrag_free(d);
	capture_file_close(&f);
	return status;
}
