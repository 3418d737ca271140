// Settings that make sense where nobody says otherwise.

#include "tcp_table_config.h"

#define SECOND 1000000ll

void tcp_table_config_init(struct tcp_table_config *conf) {
	*conf = (struct tcp_table_config
	){.flows_max = 256 << 10,
	  .hold_memory = 64 << 20,
	  .hold_flow = 256 << 10,
	  .hold_segments = 1024,
	  .patience = 8,
	  .history = 4 << 20,
	  .midstream = true,
	  .idle_us = 600 * SECOND,
	  .young_us = 60 * SECOND,
	  .done_us = 10 * SECOND,
	  .evict_us = 30 * SECOND,
	  .mem = mem_pages()};
	hash_seed_init(&conf->seed);
}
