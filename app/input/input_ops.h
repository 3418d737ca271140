// The functions behind each backend's struct input_ops; the table of those that this build has is
// backends.c's.
#pragma once

#include "input.h"

bool input_dpdk_usable(const struct conf *conf, struct err *err);
struct input *input_dpdk_open(const struct conf *conf, struct live_clock *clock, struct err *err);
void input_dpdk_close(struct input *in);

bool input_xdp_usable(const struct conf *conf, struct err *err);
struct input *input_xdp_open(const struct conf *conf, struct live_clock *clock, struct err *err);
void input_xdp_close(struct input *in);
int input_xdp_check_built(const struct conf *conf, struct err *err);

bool input_pcap_usable(const struct conf *conf, struct err *err);
struct input *input_pcap_open(const struct conf *conf, struct live_clock *clock, struct err *err);
void input_pcap_close(struct input *in);
void input_pcap_stop(struct input *in);

// Adds to a report's text, cut at its end.
void input_report_say(struct input_report *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
