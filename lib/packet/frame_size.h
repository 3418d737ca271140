// The largest frame that is looked at in one piece: libpcap's own bound on a captured frame.
#pragma once

#define FRAME_SIZE_MAX 262144
