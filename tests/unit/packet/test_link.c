// Link types: both ways through libpcap's numbers.

#include "packet/link.h"

#include <criterion/criterion.h>
#include <pcap/pcap.h>

Test(link, knows_the_contracts_types) {
	static const struct {
		int dlt;
		enum link link;
	} t[] = {
		{DLT_EN10MB, LINK_ETHERNET}, {DLT_RAW, LINK_RAW},       {DLT_IPV4, LINK_RAW},
		{DLT_IPV6, LINK_RAW},        {DLT_LINUX_SLL, LINK_SLL}, {DLT_LINUX_SLL2, LINK_SLL2},
		{DLT_NULL, LINK_NULL},       {DLT_LOOP, LINK_NULL},
	};
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		cr_assert_eq(link_from_dlt(t[i].dlt), t[i].link);
}

Test(link, knows_no_other) {
	cr_assert_eq(link_from_dlt(DLT_IEEE802_11_RADIO), LINK_COUNT);
	cr_assert_eq(link_from_dlt(-1), LINK_COUNT);
	cr_assert_eq(link_to_dlt(LINK_COUNT), -1);
}

Test(link, goes_to_a_number_and_back) {
	for (enum link l = 0; l < LINK_COUNT; l++)
		cr_assert_eq(link_from_dlt(link_to_dlt(l)), l);
}
