// What a configuration asks for that is allowed and comes to nothing as it stands, in sentences for people:
// `sluice check` shows all of it, a run logs what does not end it anyway.
#pragma once

#include "conf/conf.h"

// `text`: "section.key: what is the matter (cure: ...)".
typedef void remark_taker(void *ctx, const char *text);

// Streams, and alerts on change, whose records no sink takes.
void remarks_unread(const struct conf *conf, remark_taker *take, void *ctx);

// Parts that this build lacks: a run is refused for want of them.
void remarks_not_built(const struct conf *conf, remark_taker *take, void *ctx);
