// Sends frames of UDP flows as fast as an interface takes them: a bounded number of them, for a bounded
// time. What receives them is what perf/run measures, so they are made with as little ado as can be.

#include "flood.h"

#include "bench.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(clockid_t clock) {
	struct timespec ts;
	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double flood_now(void) {
	return now(CLOCK_MONOTONIC);
}

double flood_processor(void) {
	return now(CLOCK_THREAD_CPUTIME_ID);
}

static void put16(uint8_t *at, uint32_t v) {
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

void flood_frame(const struct flood *f, uint8_t frame[FLOOD_OCTETS_MAX]) {
	// To a station that is nobody's: the host at the far end looks at it and lets it go.
	static const uint8_t head[42] = {
		2,    0, 0,    0,    0, 2, 2,    0, 0,  0,  0, 1, 0x08, 0x00, // Ethernet, IPv4
		0x45, 0, 0,    0,    0, 0, 0x40, 0, 64, 17, 0, 0, 0,    0,
		0,    0, 10,   255,  0, 2, // IPv4, UDP
		0,    0, 0x13, 0x88, 0, 0, 0,    0, // UDP
	};
	memset(frame, 0, FLOOD_OCTETS_MAX);
	memcpy(frame, head, sizeof(head));
	put16(frame + 16, f->octets - 14);
	put16(frame + 26, FLOOD_ADDRESS >> 16);
	put16(frame + 34, FLOOD_PORT);
	put16(frame + 38, f->octets - 34);
}

uint32_t flood_sum(const uint8_t frame[FLOOD_OCTETS_MAX]) {
	uint32_t sum = 0;
	for (uint32_t k = 14; k < 34; k += 2)
		if (k != 24)
			sum += (uint32_t)frame[k] << 8 | frame[k + 1];
	return (sum & 0xffff) + (sum >> 16);
}

int main(int argc, char **argv) {
	struct flood f = {.frames = 100000, .octets = 60, .flows = 1, .seconds = 10};
	bool socket = false;
	int cpu = -1, opt;
	while ((opt = getopt(argc, argv, "n:l:f:t:c:s")) != -1) {
		if (opt == 'n')
			f.frames = bench_number("-n", optarg, 1, 1u << 30);
		else if (opt == 'l')
			f.octets = bench_number("-l", optarg, FLOOD_OCTETS_MIN, FLOOD_OCTETS_MAX);
		else if (opt == 'f')
			f.flows = bench_number("-f", optarg, 1, FLOOD_FLOWS_MAX);
		else if (opt == 't')
			f.seconds = bench_number("-t", optarg, 1, 3600);
		else if (opt == 'c')
			cpu = (int)bench_number("-c", optarg, 0, CPU_SETSIZE - 1);
		else if (opt == 's')
			socket = true;
		else
			optind = argc;
	}
	if (optind != argc - 1 || (f.flows & (f.flows - 1)) != 0)
		bench_refuse("usage: flood [-s] [-n FRAMES] [-l OCTETS] [-f FLOWS, a power of two] "
			     "[-t SECONDS] [-c CPU] INTERFACE");
	f.interface = (int)if_nametoindex(argv[optind]);
	if (f.interface == 0)
		bench_refuse("%s: %s", argv[optind], strerror(errno));
	bench_pin(cpu);
	if (socket)
		flood_socket(&f);
	else
		flood_xdp(&f);
	printf("{\"sent\":%llu,\"seconds\":%.6f,\"processor_seconds\":%.6f}\n",
	       (unsigned long long)f.sent, f.took, f.processor);
	return 0;
}
