#!/bin/bash
# The DPDK input as a user meets it: what cannot be opened is said with the reason and the cure, and
# what can be is read whole. Virtual devices only, no huge pages; prints TAP.
# usage: tests/dpdk/test_input.sh SLUICE

set -u
sluice=$(realpath "$1") || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
# EAL's files go where they can be counted.
export RUNTIME_DIRECTORY=$work/run
mkdir "$RUNTIME_DIRECTORY"

if "$sluice" inputs | grep -q '^dpdk.*not part of this build'; then
	echo "1..0 # SKIP this build has no DPDK input"
	exit 0
fi

n=0
ok() { n=$((n + 1)) && echo "ok $n - $1"; }
skip() { n=$((n + 1)) && echo "ok $n - $1 # SKIP $2"; }
not_ok() {
	n=$((n + 1)) && echo "not ok $n - $1"
	shift
	printf '# %s\n' "$@"
	sed 's/^/# stderr: /' "$work/err"
}

le16() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))"; }
le32() { le16 $(($1 & 65535)) && le16 $(($1 >> 16 & 65535)); }

# capture LINKTYPE FRAMES: a pcap file of UDP packets of 60 octets, a millisecond apart
capture() {
	printf '\xd4\xc3\xb2\xa1' && le16 2 && le16 4 && le32 0 && le32 0 && le32 65535 && le32 "$1"
	for ((i = 0; i < $2; i++)); do
		le32 1700000000 && le32 $((i * 1000)) && le32 60 && le32 60
		printf '\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0' # Ethernet
		printf '\x45\0\0\x2e\0\0\0\0\x40\x11\0\0\x0a\0\0\x01\x0a\0\0\x02' # IPv4, 46 octets
		printf '\x10\0\0\x35\0\x1a\0\0sluice-sluice-slui' # UDP 4096 to 53, 26 octets
	done
}

cat >"$work/sluice.conf" <<-END
	[input]
	backend = dpdk
	workers = 1
	lateness = all
	[dpdk]
	mbufs = 4095
	hugepages = off
	[flow]
	rows = 4096
	[stream flows]
	key = src_ip dest_ip proto
	window = tumbling 1s
	[sink out]
	type = json
	path = records.jsonl
END

conf=$work/sluice.conf
# run DEVICE [SECTION.KEY=VALUE]... (no device: the file's own): leaves $status, $work/err, $work/records.jsonl
run() {
	local args=() set
	[ -z "$1" ] || args=(--set "input.device=$1")
	shift
	for set in "$@"; do args+=(--set "$set"); done
	rm -f "$work/records.jsonl"
	timeout -k 5 60 "$sluice" run "$conf" --duration 2s "${args[@]}" \
		>"$work/out" 2>"$work/err" </dev/null
	status=$?
	[ -e "$work/records.jsonl" ] || : >"$work/records.jsonl"
}

# refused FACT TEXT...: the run before ended with status 1, nothing on stdout, and said each TEXT
refused() {
	local fact=$1 text missing=()
	shift
	for text in "$@"; do
		grep -qF -- "$text" "$work/err" || missing+=("not said: $text")
	done
	[ "$status" = 1 ] || missing+=("exit status $status instead of 1")
	[ ! -s "$work/out" ] || missing+=("something on stdout")
	if [ ${#missing[@]} = 0 ]; then ok "$fact"; else not_ok "$fact" "${missing[@]}"; fi
}

# packets N: what the records count
counted() {
	local sum
	sum=$(grep -o '"packets":[0-9]*' "$work/records.jsonl" | cut -d: -f2 | paste -sd+ | bc)
	[ "${sum:-0}" = "$1" ]
}

# read_whole FACT N: the run before ended well and counted N packets
read_whole() {
	if [ "$status" = 0 ] && counted "$2"; then
		ok "$1"
	else
		not_ok "$1" "exit status $status" "$(head -3 "$work/records.jsonl")"
	fi
}

capture 1 100 >"$work/good.pcap"
capture 1 70 >"$work/more.pcap"
capture 113 3 >"$work/cooked.pcap"
head -c 5000 "$work/good.pcap" >"$work/cut.pcap" # in its 66th frame
echo "no capture" >"$work/text.pcap"
: >"$work/empty.pcap"

run 0000:ff:1f.7
refused "a PCI device that is not there is named" 0000:ff:1f.7 "no PCI device"

bound=
for dev in /sys/bus/pci/devices/*; do
	[ -e "$dev/class" ] && [[ $(<"$dev/class") == 0x02* ]] && [ -e "$dev/driver" ] || continue
	case $(basename "$(readlink "$dev/driver")") in
	vfio-pci | igb_uio | uio_pci_generic | mlx[45]_core | mana) ;;
	*) bound=$(basename "$dev") ;;
	esac
done
fact="a PCI device that the kernel drives is refused with the command that frees it"
if [ -n "$bound" ]; then
	run "$bound"
	refused "$fact" "$bound" "$(basename "$(readlink "/sys/bus/pci/devices/$bound/driver")")" \
		"dpdk-devbind.py -b vfio-pci $bound"
else
	skip "$fact" "no PCI network device bound to a kernel driver"
fi

run "net_pcap0,rx_pcap=$work/none.pcap"
refused "a capture that is not there is named" "$work/none.pcap" "No such file or directory"
run "net_pcap0,rx_pcap=$work/cooked.pcap"
refused "a link type other than Ethernet is refused by name" "$work/cooked.pcap" LINUX_SLL EN10MB
run "net_pcap0,rx_pcap=$work/text.pcap"
refused "a file that is no capture is refused" "$work/text.pcap" "not a capture file"
run "net_pcap0,rx_pcap=$work/empty.pcap"
refused "an empty file is refused" "$work/empty.pcap" "not a capture file"
run "net_pcap0,rx_pcap=$work/good.pcap,b.pcap"
refused "a comma in a path is explained" '"b.pcap"' "comma"
run "net_pcap0,rx_pcap=$work/good.pcap net_pcap0,rx_pcap=$work/more.pcap"
refused "a device named twice is refused" net_pcap0 "named twice"
run "net_nosuch0"
refused "a virtual device without a driver is named" net_nosuch0 "cannot open"
run "net_null0" "dpdk.args=--no-such-argument"
refused "an argument that EAL does not know is named" --no-such-argument dpdk.args
run "net_null0" "dpdk.args=-h"
refused "an argument that would end the program is refused" dpdk.args -h
run "net_pcap0,rx_iface=sluice-none"
refused "an interface that is not there is named" sluice-none

run "net_pcap0,rx_pcap=$work/good.pcap" input.workers=2 input.dispatch=rss
refused "dispatch = rss without RSS is refused with the cure" input.dispatch net_pcap0 \
	"input.dispatch = software"
run "net_ring0" input.workers=2 input.dispatch=rss
refused "dispatch = rss with another number of queues than workers is refused" net_ring0 \
	"input.dispatch = software"
run "net_null0" input.workers=4 input.dispatch=software dpdk.mbufs=1024
refused "too few mbufs for the workers are refused with a number that does" dpdk.mbufs "cure: dpdk.mbufs ="

run "net_pcap0,rx_pcap=$work/cut.pcap"
refused "a cut capture ends the run with file and offset" "$work/cut.pcap" "cut or corrupt" octet
if counted 65; then
	ok "what could be read of a cut capture is in the records"
else
	not_ok "what could be read of a cut capture is in the records" "$(cat "$work/records.jsonl")"
fi

run "net_pcap0,rx_pcap=$work/good.pcap"
read_whole "a capture is read whole" 100
conf=$work/relative.conf
sed 's/^workers/device = net_pcap0,rx_pcap=more.pcap\n&/' "$work/sluice.conf" >"$conf"
run ""
read_whole "a relative path counts from the configuration's folder" 70
conf=$work/sluice.conf
run "net_pcap0,rx_pcap=$work/good.pcap net_pcap1,rx_pcap=$work/more.pcap"
read_whole "several captures are one input" 170
run "net_pcap0,rx_pcap=$work/good.pcap,rx_pcap=$work/more.pcap" input.workers=2 input.dispatch=rss
read_whole "as many files as workers are a queue each" 170
run "net_pcap0,rx_pcap=$work/good.pcap" input.workers=2 input.dispatch=auto
read_whole "dispatch = auto spreads in software where there is no RSS" 100
if grep -q "dispatch: auto: software.*net_pcap0" "$work/err"; then
	ok "dispatch = auto says why it spreads in software"
else
	not_ok "dispatch = auto says why it spreads in software"
fi
run "net_null0,size=64" input.workers=2 input.dispatch=rss input.lateness=1s
if [ "$status" = 0 ] && grep -q "net_null0.*2 queues by symmetric RSS" "$work/err"; then
	ok "dispatch = rss gives each worker a queue"
else
	not_ok "dispatch = rss gives each worker a queue" "exit status $status"
fi

# among CPU LIST: whether a processor is in a list like 0-3,8
among() {
	awk -v cpu="$1" -v list="$2" 'BEGIN {
		n = split(list, part, ",")
		for (i = 1; i <= n; i++) {
			m = split(part[i], end, "-")
			if (cpu + 0 >= end[1] + 0 && cpu + 0 <= end[m] + 0)
				exit 0
		}
		exit 1
	}'
}
# threads_apart FACT ARGUMENT...: whether a worker has a processor that none of the other threads may run on
threads_apart() {
	local fact=$1 pid task name cpus worker="" wrong=() n_others=0
	shift
	"$sluice" run "$conf" --set input.device=net_null0,no-rx=1 --set input.lateness=1s --duration 30s "$@" \
		>"$work/out" 2>"$work/err" </dev/null &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		grep -qsx sluice-worker /proc/$pid/task/*/comm && break
		sleep 0.1
	done
	sleep 0.2
	worker=$(awk 'FNR == 1 { is = $2 == "sluice-worker" } is && /^Cpus_allowed_list/ { print $2 }' /proc/$pid/task/*/status)
	for task in /proc/$pid/task/*; do
		read -r name <"$task/comm"
		cpus=$(awk '/^Cpus_allowed_list/ { print $2 }' "$task/status")
		case $name in
		sluice-worker | eal-*) continue ;; # EAL's own sleep
		esac
		n_others=$((n_others + 1))
		among "$worker" "$cpus" && wrong+=("$name may run on $cpus")
	done
	kill -TERM $pid
	wait $pid
	if [[ $worker =~ ^[0-9]+$ && $n_others -ge 2 && ${#wrong[@]} = 0 ]]; then
		ok "$fact"
	else
		not_ok "$fact" "the worker: $worker, others: $n_others" "${wrong[@]}"
	fi
}
if [ "$(nproc)" -gt 1 ]; then
	threads_apart "a worker that polls has its processor for itself" --set state.path="$work/state"
else
	skip "a worker that polls has its processor for itself" "one processor"
fi

if "$sluice" inputs >"$work/out" 2>"$work/err" && grep -q '^dpdk  *able' "$work/out" \
	&& grep -q 'huge pages' "$work/out" && grep -q '^pcap  *able' "$work/out"; then
	ok "sluice inputs tells what there is"
else
	not_ok "sluice inputs tells what there is"
fi
"$sluice" inputs surplus >"$work/out" 2>"$work/err"
status=$?
if [ $status = 2 ] && grep -q surplus "$work/err"; then
	ok "sluice inputs takes no argument"
else
	not_ok "sluice inputs takes no argument" "exit status $status"
fi
left=$(find "$RUNTIME_DIRECTORY" -mindepth 2 | head -3)
: >"$work/err"
if [ -z "$left" ]; then ok "nothing is left behind"; else not_ok "nothing is left behind" "$left"; fi
echo "1..$n"
