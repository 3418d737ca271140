# Example patterns for traffic in clear text: what protocols look like, and what attackers try.
#
# One pattern a line: id:/regex/flags{extended parameters}. The regex is PCRE without look-around and
# back-references; between the slashes, a slash needs no backslash. Flags:
#   i any case   s . matches line ends   m ^ and $ at every line   H report once   V may match nothing
#   8 UTF-8      W Unicode classes       P approximate             L start of match
#   C combination of other ids (! & |)   Q quiet: only for combinations
# Extended parameters: min_offset, max_offset, min_length, edit_distance, hamming_distance.
# `sluice rules FILE` tells which lines are accepted. A rule counts once for a packet.

# HTTP: a request line, a response line, who asks, what server answers
1:/^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) [^ \r\n]+ HTTP/1\.[01]\r\n/H
2:/^HTTP/1\.[01] [1-5][0-9][0-9]/H
3:/\r\nUser-Agent: (curl|Wget|python-requests|Go-http-client)/iH
4:/^HTTP/1\.[01] 5[0-9][0-9] /H

# DNS: one question with recursion desired (type A, then AAAA, class IN), and the answer that the
# name does not exist. Offsets count from the payload's start, to the end of the match.
5:/^..\x01[\x00\x20]\x00\x01\x00\x00\x00\x00\x00[\x00\x01].{1,255}\x00\x00\x01\x00\x01/sH{max_offset=300}
6:/^..\x01[\x00\x20]\x00\x01\x00\x00\x00\x00\x00[\x00\x01].{1,255}\x00\x00\x1c\x00\x01/sH{max_offset=300}
7:/^..[\x81\x83\x85\x87][\x03\x13\x23\x83\x93\xa3]\x00\x01/sH{max_offset=6}

# TLS: ClientHello, ServerHello, the server name in clear text, versions that nobody should offer
8:/^\x16\x03[\x00-\x04]..\x01\x00/sH{max_offset=7}
9:/^\x16\x03[\x00-\x04]..\x02\x00/sH{max_offset=7}
10:/^\x16\x03[\x00-\x04]..\x01.*\x00\x00..\x00.\x00\x00.[a-z0-9-]+\.[a-z0-9.-]+/siH
11:/^\x16\x03[\x00-\x04]..\x02\x00..\x03[\x00-\x02]/sH{max_offset=11}

# SSH: the banner, and the first version of the protocol
12:/^SSH-2\.0-[!-~]+/H
13:/^SSH-1\.[0-9]+-/H

# Redis: a command as an array of strings, and the commands that hurt
14:/^\*[1-9][0-9]*\r\n\$[0-9]+\r\n(GET|SET|DEL|INCR|EXPIRE|LPUSH|RPUSH|HSET|HGET|PING)\r\n/iH
15:/^\*[1-9][0-9]*\r\n\$[0-9]+\r\n(FLUSHALL|FLUSHDB|CONFIG|DEBUG|SHUTDOWN|SLAVEOF|REPLICAOF)\r\n/iH

# Credentials in clear text: HTTP basic authentication, FTP and POP3 log-ins, forms
16:/\r\nAuthorization: Basic [A-Za-z0-9+\/]{4,}=*\r\n/iH
17:/^(USER|PASS) [^\r\n]+\r\n/iH
18:/[?&\n](pass|passwd|password|pwd)=[^&\r\n ]{1,128}/iH

# Attempts: path traversal, shellshock, log4shell, SQL injection, a shell brought along
19:/(\.\.|%2e%2e)(\/|\\|%2f|%5c)(\.\.|%2e%2e)(\/|\\|%2f|%5c)/iH
20:/\(\)\s*\{[^}\r\n]{0,64}\}\s*;/H
21:/\$\{(jndi:(ldap|rmi|dns|iiop)|[^\r\n]{0,64}\$\{(lower|upper|env|::-)[^\r\n]{0,128}(ldap|rmi|dns|iiop))/iH
22:/union(\s|\+|%20|\/\*.{0,32}\*\/)+(all(\s|\+|%20)+)?select/iH
23:/\/bin\/(ba|da|z|k)?sh\b/H

# Two at once: a form with a password, sent without TLS. The first is quiet: alone it says nothing.
24:/^POST [^ \r\n]+ HTTP/1\.[01]\r\n/Q
25:/[?&\n](user|username|login|email)=[^&\r\n ]{1,128}/iQ
26:/24 & 25/C
