// The variables that rules can count on when nobody defines any.

#include "snort_vars.h"

static const struct snort_var defaults[] = {
	{"HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"},
	{"EXTERNAL_NET", "!$HOME_NET"},
	{"HTTP_SERVERS", "$HOME_NET"},
	{"SMTP_SERVERS", "$HOME_NET"},
	{"SQL_SERVERS", "$HOME_NET"},
	{"DNS_SERVERS", "$HOME_NET"},
	{"TELNET_SERVERS", "$HOME_NET"},
	{"FTP_SERVERS", "$HOME_NET"},
	{"SSH_SERVERS", "$HOME_NET"},
	{"SIP_SERVERS", "$HOME_NET"},
	{"DC_SERVERS", "$HOME_NET"},
	{"AIM_SERVERS", "$EXTERNAL_NET"},
	{"DNP3_SERVER", "$HOME_NET"},
	{"DNP3_CLIENT", "$HOME_NET"},
	{"MODBUS_SERVER", "$HOME_NET"},
	{"MODBUS_CLIENT", "$HOME_NET"},
	{"ENIP_SERVER", "$HOME_NET"},
	{"ENIP_CLIENT", "$HOME_NET"},
	{"HTTP_PORTS", "80"},
	{"SHELLCODE_PORTS", "!80"},
	{"ORACLE_PORTS", "1521"},
	{"SSH_PORTS", "22"},
	{"FTP_PORTS", "21"},
	{"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
	{"SIP_PORTS", "[5060,5061]"},
	{"DNP3_PORTS", "20000"},
	{"MODBUS_PORTS", "502"},
	{"GTP_PORTS", "[2123,2152,3386]"},
	{"GENEVE_PORTS", "6081"},
	{"VXLAN_PORTS", "4789"},
	{"TEREDO_PORTS", "3544"},
};

const struct snort_var *snort_vars_default(uint32_t *n) {
	*n = sizeof(defaults) / sizeof(defaults[0]);
	return defaults;
}
