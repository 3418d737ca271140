// Loading as a whole, and the configurations that come with the project.

#include "load.h"

#include <dirent.h>

Test(conf, everything_that_is_wrong_is_told_at_once_in_order_of_line) {
	static const char *const sets[] = {"flow.panes=1", "sink.y.path=/q", NULL};
	expect_errors(
		"[sink x]\n"
		"path = /q\n"
		"streams = flow\n"
		"[stream flows]\n"
		"window = tumbling 15ms\n"
		"key = src_ip\n"
		"[stream flow2]\n"
		"window = tumbling 10ms\n"
		"[nothing]\n"
		"a = b\n"
		"[input]\n"
		"worker = 2\n"
		"pace = 0\n",
		sets,
		"test.conf:3: sink.x.streams: flow: unknown stream, did you mean flows? (accepted: flows, "
		"flow2)\n"
		"test.conf:7: stream.flow2.key: is missing (accepted: src_ip, dest_ip, src_port, dest_port, "
		"proto, vlan, vlan_inner, mpls, vni, tos, in_port, icmp_type, icmp_code, rule; of addresses also "
		"networks, src_ip/24 of IPv4, src_ip/24/64 of IPv4 and IPv6)\n"
		"test.conf:8: stream.flow2.window: tumbling 10ms: stream.flows (15ms) and stream.flow2 (10ms) "
		"ask for panes of 5ms together (accepted: sizes with a common divisor of at least 10ms)\n"
		"test.conf:9: nothing: unknown section (accepted: [input], [dpdk], [match], [vars], [flow], [stream "
		"NAME], [alert NAME], [sink NAME], [state], [control])\n"
		"test.conf:11: input.device: is missing (accepted: PCI addresses, vdev strings, interfaces or "
		"capture files, at most 255)\n"
		"test.conf:12: input.worker: 2: unknown key, did you mean workers? (accepted: backend, device, "
		"workers, cpus, dispatch, xdp_mode, xdp_attach, xdp_poll, filter, snaplen, pace, lateness, "
		"late, max_ahead, tunnels)\n"
		"test.conf:13: input.pace: 0: out of range (accepted: max, real, or packets a second, 1 to "
		"1000000000)\n"
		"--set:1: flow.panes: 1: out of range (accepted: 2 to 64)\n"
		"--set:2: sink.y.path: /q: sink.x writes there already (accepted: a file of its own for each "
		"sink)\n"
	);
}

Test(conf, mistakes_of_syntax_come_first_and_alone) {
	static const char *const sets[] = {"nothing", NULL};
	expect_errors(
		"[input]\nworkers = 0\nwhat\n", sets,
		"test.conf:3: what: no equal sign (accepted: [section], key = value or # comment, each on one "
		"line)\n"
		"--set:1: nothing: no equal sign (accepted: section.key=value or section.name.key=value)\n"
	);
}

Test(conf, freeing_nothing_is_fine) {
	struct conf_errors errors = {0};
	conf_free(NULL);
	conf_errors_fini(&errors);
}

// The project's folder conf/, wherever the test runs: beside this source as the compiler saw it, or
// in a folder above the working directory.
static DIR *open_conf_folder(char path[4096]) {
	const char *slash = strrchr(__FILE__, '/');
	int len = slash != NULL ? (int)(slash - __FILE__) : 0;
	snprintf(path, 4096, "%.*s/../../../conf", len, __FILE__);
	for (int up = 0; access(path, R_OK) < 0 && up < 8; up++) {
		path[0] = '\0';
		for (int i = 0; i < up; i++)
			strcat(path, "../");
		strcat(path, "conf");
	}
	return opendir(path);
}

Test(conf, every_configuration_of_the_project_loads) {
	char folder[4096], path[8192];
	DIR *dir = open_conf_folder(folder);
	cr_assert_not_null(dir, "the folder conf/ is not found");
	uint32_t n = 0;
	for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
		size_t len = strlen(e->d_name);
		if (len < 5 || strcmp(e->d_name + len - 5, ".conf") != 0)
			continue;
		struct conf_errors errors;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		struct conf *conf = conf_load(path, NULL, 0, &errors);
		char *text = load_join(&errors);
		cr_expect_not_null(conf, "%s", text);
		free(text);
		conf_free(conf);
		conf_errors_fini(&errors);
		n++;
	}
	closedir(dir);
	cr_expect_geq(n, 4);
}

// What a configuration prints as, and frees it.
static char *print(struct conf *conf) {
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	conf_print(conf, out);
	fclose(out);
	conf_free(conf);
	return text;
}

Test(conf, the_reference_has_every_key_with_its_default) {
	char folder[4096], path[8192];
	struct conf_errors errors;
	DIR *dir = open_conf_folder(folder);
	cr_assert_not_null(dir);
	closedir(dir);
	snprintf(path, sizeof(path), "%s/sluice.conf", folder);
	FILE *f = fopen(path, "r");
	cr_assert_not_null(f);
	static char reference[65536];
	reference[fread(reference, 1, sizeof(reference) - 1, f)] = '\0';
	fclose(f);
	struct conf *conf = conf_load(path, NULL, 0, &errors);
	cr_assert_not_null(conf);
	conf_errors_fini(&errors);
	// What must be given is taken from the reference; the rest is what nobody gives.
	const char *const sets[] = {
		"input.backend=pcap",
		"stream.flows.key=src_ip dest_ip src_port dest_port proto",
		"stream.flows.window=tumbling 10s",
		"alert.busy.stream=flows",
		"alert.busy.when=packets > 100000",
		"sink.out.path=x",
		"sink.out.streams=flows",
		"input.device=x",
	};
	char device[4096], output[4096];
	snprintf(device, sizeof(device), "input.device=%s", conf->input.device.item[0]);
	snprintf(output, sizeof(output), "sink.out.path=%s", conf->sink[0].path);
	const char *all[sizeof(sets) / sizeof(sets[0]) + 2];
	memcpy(all, sets, sizeof(sets));
	const uint32_t n = sizeof(sets) / sizeof(sets[0]);
	all[n] = device;
	all[n + 1] = output;
	struct conf *preset = conf_load("/dev/null", all, n + 2, &errors);
	cr_assert_not_null(preset);
	conf_errors_fini(&errors);
	char *printed = print(conf), *wanted = print(preset);
	cr_expect_str_eq(printed, wanted);
	// Each line "key = value" that is printed has its key in the reference.
	for (char *line = strtok(printed, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		char key[64];
		if (line[0] == '#' || line[0] == '[' || sscanf(line, "%62s", key + 1) != 1)
			continue;
		key[0] = '\n';
		cr_expect_not_null(strstr(reference, key), "%s", line);
	}
	free(printed);
	free(wanted);
}
