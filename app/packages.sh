# The Debian packages that Sluice is built, tested and measured with, and how they are installed: for
# app/quickstart, tests/run and perf/run, which source this file.

packages_build() {
	echo gcc libc6-dev meson ninja-build pkg-config python3
	echo libdpdk-dev libpcap-dev zlib1g-dev libini-config-dev libpcre2-dev libsqlite3-dev libzstd-dev
	echo clang libbpf-dev libxdp-dev libcap-ng-dev
	# Vectorscan is Hyperscan for processors other than Intel's and AMD's.
	case $(dpkg --print-architecture) in
	amd64) echo libhyperscan-dev ;;
	*) echo libvectorscan-dev ;;
	esac
}

packages_test() {
	echo libcriterion-dev clang-format
	# for network namespaces and privileges
	echo iproute2 iputils-ping procps util-linux
	# clients whose traffic is observed, and who else sees it
	echo curl bind9-dnsutils tcpdump
}

# What perf/run compares with: dpdk-testpmd, tcpdump, softflowd; and for network namespaces.
packages_perf() {
	echo dpdk-dev tcpdump softflowd
	echo iproute2
}

# Installs those of the named packages that are not there. Says nothing when all are.
packages_install() {
	local missing=() name log as=()
	for name in "$@"; do
		dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "Installing ${#missing[@]} packages: ${missing[*]}" >&2
	if [ "$(id -u)" != 0 ]; then
		if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
			echo "This needs root: apt-get install --no-install-recommends ${missing[*]}" >&2
			return 1
		fi
		as=(sudo -n)
	fi
	log=$(mktemp)
	as+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
	if ! "${as[@]}" install --no-install-recommends "${missing[@]}" </dev/null >"$log" 2>&1; then
		# The lists may be old, or, in a fresh container, not there at all.
		if ! "${as[@]}" update </dev/null >"$log" 2>&1 \
			|| ! "${as[@]}" install --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1; then
			tail -n 20 "$log" >&2
			rm -f "$log"
			echo "apt-get could not install: ${missing[*]}" >&2
			return 1
		fi
	fi
	rm -f "$log"
}
