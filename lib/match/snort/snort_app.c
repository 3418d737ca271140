// The table of application protocols with the ports that IANA or custom gives them.

#include "snort_app.h"

#include "snort_rule.h"

static const struct snort_app apps[] = {
	{"http", SNORT_TCP, "[$HTTP_PORTS,80,3128,8000,8008,8080,8081,8088,8888]"},
	{"http1", SNORT_TCP, "[$HTTP_PORTS,80,3128,8000,8008,8080,8081,8088,8888]"},
	{"http2", SNORT_TCP, "[$HTTP_PORTS,80,443,8080,8443]"},
	{"tls", SNORT_TCP, "[443,465,563,636,853,989,990,992:995,5061,8443,9443]"},
	{"ssl", SNORT_TCP, "[443,465,563,636,853,989,990,992:995,5061,8443,9443]"},
	{"quic", SNORT_UDP, "443"},
	{"dns", SNORT_TCP | SNORT_UDP, "53"},
	{"mdns", SNORT_UDP, "5353"},
	{"doh2", SNORT_TCP, "443"},
	{"smtp", SNORT_TCP, "[25,465,587,2525]"},
	{"imap", SNORT_TCP, "[143,993]"},
	{"pop3", SNORT_TCP, "[110,995]"},
	{"ftp", SNORT_TCP, "[$FTP_PORTS,21]"},
	{"ftp-data", SNORT_TCP, NULL}, // negotiated
	{"tftp", SNORT_UDP, "69"},
	{"ssh", SNORT_TCP, "[$SSH_PORTS,22]"},
	{"telnet", SNORT_TCP, "23"},
	{"smb", SNORT_TCP, "[139,445]"},
	{"dcerpc", SNORT_TCP | SNORT_UDP, NULL}, // handed out by the endpoint mapper
	{"nfs", SNORT_TCP | SNORT_UDP, "[111,2049]"},
	{"krb5", SNORT_TCP | SNORT_UDP, "88"},
	{"ldap", SNORT_TCP | SNORT_UDP, "[389,3268]"},
	{"snmp", SNORT_UDP, "[161,162]"},
	{"ntp", SNORT_UDP, "123"},
	{"dhcp", SNORT_UDP, "[67,68]"},
	{"ike", SNORT_UDP, "[500,4500]"},
	{"sip", SNORT_TCP | SNORT_UDP, "$SIP_PORTS"},
	{"rdp", SNORT_TCP, "3389"},
	{"rfb", SNORT_TCP, "[5900:5909]"},
	{"mqtt", SNORT_TCP, "1883"},
	{"modbus", SNORT_TCP, "$MODBUS_PORTS"},
	{"dnp3", SNORT_TCP | SNORT_UDP, "$DNP3_PORTS"},
	{"enip", SNORT_TCP | SNORT_UDP, "[2222,44818]"},
	{"pgsql", SNORT_TCP, "5432"},
	{"mysql", SNORT_TCP, "3306"},
	{"irc", SNORT_TCP, "[194,6660:6669,7000]"},
	{"websocket", SNORT_TCP, "[$HTTP_PORTS,80,8000,8080]"},
	{"bittorrent-dht", SNORT_UDP, NULL},
};

const struct snort_app *snort_app_find(struct snort_text name) {
	for (unsigned i = 0; i < sizeof(apps) / sizeof(apps[0]); i++) {
		if (snort_text_is(name, apps[i].name))
			return &apps[i];
	}
	return NULL;
}
