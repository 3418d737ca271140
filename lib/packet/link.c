// Link types: libpcap's numbers for them, both ways.

#include "link.h"

#include <pcap/pcap.h>

enum link link_from_dlt(int dlt) {
	switch (dlt) {
	case DLT_EN10MB:
		return LINK_ETHERNET;
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		return LINK_RAW;
	case DLT_LINUX_SLL:
		return LINK_SLL;
	case DLT_LINUX_SLL2:
		return LINK_SLL2;
	case DLT_NULL:
	case DLT_LOOP:
		return LINK_NULL;
	default:
		return LINK_COUNT;
	}
}

int link_to_dlt(enum link link) {
	switch (link) {
	case LINK_ETHERNET:
		return DLT_EN10MB;
	case LINK_RAW:
		return DLT_RAW;
	case LINK_SLL:
		return DLT_LINUX_SLL;
	case LINK_SLL2:
		return DLT_LINUX_SLL2;
	case LINK_NULL:
		return DLT_NULL;
	case LINK_COUNT:
		break;
	}
	return -1;
}
