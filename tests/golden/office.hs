1:/GET \/[^\r\n]*\.\.\//
2:/\$\{jndi:(ldap|rmi|dns):/i
3:/Authorization: Basic /i
4:/^SSH-2\.0-/
5:/CONFIG SET dbfilename/
6:/UNION(\s|%20)+SELECT/i
7:/\x04data\x06office\x00/
8:/HTTP\/1\.1 404/
9:/User-Agent: sqlmap/i
