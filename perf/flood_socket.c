// The flood from a packet socket, straight to the driver (PACKET_QDISC_BYPASS), many frames a call.

#include "bench.h"
#include "flood.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 64u

struct sender {
	int fd;
	uint32_t sum; // of flow 0's IP header
	struct iovec iov[AT_ONCE];
	struct mmsghdr msg[AT_ONCE];
	uint8_t frame[AT_ONCE][FLOOD_OCTETS_MAX];
};

static void put16(uint8_t *at, uint32_t v) {
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void prepare(struct sender *s, const struct flood *f) {
	for (uint32_t i = 0; i < AT_ONCE; i++) {
		flood_frame(f, s->frame[i]);
		s->iov[i] = (struct iovec){s->frame[i], f->octets};
		s->msg[i].msg_hdr = (struct msghdr){.msg_iov = &s->iov[i], .msg_iovlen = 1};
	}
	s->sum = flood_sum(s->frame[0]);
}

static void address(const struct sender *s, uint8_t *frame, uint32_t flow) {
	uint32_t sum = s->sum + flow;
	put16(frame + 24, ~((sum & 0xffff) + (sum >> 16)));
	put16(frame + 28, flow);
	put16(frame + 34, FLOOD_PORT + flow);
}

static void open_socket(struct sender *s, const struct flood *f) {
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = f->interface};
	int on = 1;
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof(at)) < 0
	    || setsockopt(s->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0)
		bench_refuse("a packet socket: %s", strerror(errno));
}

void flood_socket(struct flood *f) {
	static struct sender s;
	open_socket(&s, f);
	prepare(&s, f);
	double began = flood_now(), processor = flood_processor();
	while (f->sent < f->frames && flood_now() < began + f->seconds) {
		uint32_t n = (uint32_t)(f->frames - f->sent);
		n = n < AT_ONCE ? n : AT_ONCE;
		for (uint32_t i = 0; i < n; i++)
			address(&s, s.frame[i], flood_flow((uint32_t)f->sent + i, f->flows));
		// What the driver has no room for fails the call when it is the first frame.
		int sent = sendmmsg(s.fd, s.msg, n, 0);
		if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			bench_refuse("sending: %s", strerror(errno));
		f->sent += sent > 0 ? (uint32_t)sent : 0;
	}
	f->took = flood_now() - began;
	f->processor = flood_processor() - processor;
	close(s.fd);
}
