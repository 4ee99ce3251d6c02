/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings narrowed in files of the shapes that Debian ships. The knowledge is the one that is built in. */
#include "dw_knowledge_read.h"
#include "dw_test.h"
#include "levers-restrict.h"

static const struct dw_narrow loopback = { "127.0.0.1", "::1", true, 0 };

/* The edits made, by a hand of the test's own. */
static const char *applied(struct dw_arena *a, const struct dw_set_file *f)
{
	struct dw_lines it = dw_lines_of(&f->text);
	struct dw_str out = { .arena = a };
	const char *line;
	size_t n, k = 0;

	dw_str_add(&out, "");
	while (dw_lines_next(&it, &line, &n)) {
		for (; k < f->edits.n && f->edits.v[k].line == it.number && !f->edits.v[k].old; k++)
			dw_str_addf(&out, "%s\n", f->edits.v[k].fresh);
		if (k < f->edits.n && f->edits.v[k].line == it.number) {
			DW_CHECK_STR(f->edits.v[k].old, dw_arena_strndup(a, line, n));
			if (f->edits.v[k].fresh)
				dw_str_addf(&out, "%s\n", f->edits.v[k].fresh);
			k++;
			continue;
		}
		dw_str_addf(&out, "%.*s\n", (int)n, line);
	}
	for (; k < f->edits.n; k++) {
		DW_CHECK(!f->edits.v[k].old && f->edits.v[k].line == it.number + 1);
		dw_str_addf(&out, "%s\n", f->edits.v[k].fresh);
	}
	return out.s;
}

static struct dw_bytes bytes(const char *s)
{
	return (struct dw_bytes){ .data = (char *)(uintptr_t)s, .n = strlen(s) };
}

static const struct dw_service_bind *bind_of(const char *service, size_t i)
{
	const struct dw_service *s = dw_knowledge_service(dw_knowledge_builtin(), service);

	return &s->binds[i];
}

/* One file: what becomes of it, or why nothing does. */
static void becomes(const char *service, size_t i, uint32_t port, const char *text,
		    const char *want)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_set_file f = { .path = "/etc/x", .text = bytes(text) };
	struct dw_narrow to = loopback;
	const char *why;

	to.port = port;
	why = dw_set_files(a, bind_of(service, i), &to, &f, 1);
	DW_CHECK_STR(why ? why : applied(a, &f), want);
	if (why)
		return;
	/* narrowed once, there is nothing more to do */
	f = (struct dw_set_file){ .path = "/etc/x", .text = bytes(applied(a, &f)) };
	why = dw_set_files(a, bind_of(service, i), &to, &f, 1);
	DW_CHECK(why && strstr(why, "already"));
}

DW_TEST(postgresql)
{
	becomes("postgresql", 0, 5432,
		"data_directory = '/var/lib/postgresql/15/main'\n"
		"# - Connection Settings -\n\n"
		"#listen_addresses = 'localhost'\t\t# what IP address(es) to listen on;\n"
		"\t\t\t\t\t# comma-separated list of addresses;\n"
		"port = 5432\t\t\t\t# (change requires restart)\n",
		"data_directory = '/var/lib/postgresql/15/main'\n"
		"# - Connection Settings -\n\n"
		"#listen_addresses = 'localhost'\t\t# what IP address(es) to listen on;\n"
		"listen_addresses = '127.0.0.1, ::1'\n"
		"\t\t\t\t\t# comma-separated list of addresses;\n"
		"port = 5432\t\t\t\t# (change requires restart)\n");
	becomes("postgresql", 0, 5432,
		"listen_addresses = 'localhost'\nlisten_addresses='*'  # all\nport = 5432\n",
		"listen_addresses = 'localhost'\nlisten_addresses='127.0.0.1, ::1'  # all\nport = "
		"5432\n");
}

DW_TEST(the_last_file_that_says_it_wins)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_set_file f[3] = {
		{ .path = "/etc/a", .text = bytes("listen_addresses = '*'\n") },
		{ .path = "/etc/b", .text = bytes("listen_addresses = '10.0.0.1'\n") },
		{ .path = "/etc/c", .text = bytes("#listen_addresses = 'x'\n") },
	};

	DW_CHECK_STR(dw_set_files(a, bind_of("postgresql", 0), &loopback, f, 3), NULL);
	DW_CHECK_INT(f[0].edits.n, 0);
	DW_CHECK_STR(applied(a, &f[1]), "listen_addresses = '127.0.0.1, ::1'\n");
	DW_CHECK_INT(f[2].edits.n, 0);
}

DW_TEST(mariadb)
{
	becomes("mysql", 0, 3306,
		"[server]\n\n[mysqld]\n#user = mysql\npid-file                = "
		"/run/mysqld/mysqld.pid\n"
		"# localhost which is more compatible and is not less secure.\n"
		"bind-address            = 0.0.0.0\n[embedded]\n[mariadb]\n",
		"[server]\n\n[mysqld]\n#user = mysql\npid-file                = "
		"/run/mysqld/mysqld.pid\n"
		"# localhost which is more compatible and is not less secure.\n"
		"bind-address            = 127.0.0.1\n[embedded]\n[mariadb]\n");
	/* another spelling, and a section that does not count */
	becomes("mysql", 0, 3306, "[client]\nbind-address=::\n[mysqld]\nbind_address=*\n",
		"[client]\nbind-address=::\n[mysqld]\nbind_address=127.0.0.1\n");
	becomes("mysql", 0, 3306, "[server]\n[mysqld]\nport=3306\n",
		"[server]\n[mysqld]\nbind-address = 127.0.0.1\nport=3306\n");
	becomes("mysql", 0, 3306, "[client]\nport=3306\n",
		"/etc/x has no section for bind-address");
}

DW_TEST(redis_and_memcached)
{
	becomes("redis", 0, 6379,
		"# bind 192.168.1.100 10.0.0.5     # listens on two specific IPv4 addresses\n"
		"# bind * -::*                     # like the default, all available interfaces\n"
		"#\n# ~~~ WARNING ~~~\nbind 0.0.0.0\nport 6379\n",
		"# bind 192.168.1.100 10.0.0.5     # listens on two specific IPv4 addresses\n"
		"# bind * -::*                     # like the default, all available interfaces\n"
		"#\n# ~~~ WARNING ~~~\nbind 127.0.0.1 ::1\nport 6379\n");
	becomes("redis", 0, 6379, "port 6379\nbind-source-addr 10.0.0.1\n",
		"bind 127.0.0.1 ::1\nport 6379\nbind-source-addr 10.0.0.1\n");
	becomes("memcached", 0, 11211, "-d\n-L\n# it listens on\n-l 0.0.0.0\n-p 11211",
		"-d\n-L\n# it listens on\n-l 127.0.0.1,::1\n-p 11211\n");
}

DW_TEST(yaml)
{
	becomes("mongodb", 0, 27017,
		"storage:\n  dbPath: /var/lib/mongodb\n\n# network interfaces\nnet:\n  port: "
		"27017\n"
		"  bindIp: 0.0.0.0  # all\nprocessManagement:\n  bindIp: no\n",
		"storage:\n  dbPath: /var/lib/mongodb\n\n# network interfaces\nnet:\n  port: "
		"27017\n"
		"  bindIp: 127.0.0.1  # all\nprocessManagement:\n  bindIp: no\n");
	becomes("mongodb", 0, 27017, "net:\n    port: 27017\n",
		"net:\n    bindIp: 127.0.0.1\n    port: 27017\n");
	becomes("elasticsearch", 0, 9200,
		"# Set the bind address to a specific IP (IPv4 or IPv6):\n#network.host: "
		"192.168.0.1\n"
		"#http.port: 9200\n",
		"# Set the bind address to a specific IP (IPv4 or IPv6):\n#network.host: "
		"192.168.0.1\n"
		"network.host: 127.0.0.1\n#http.port: 9200\n");
}

DW_TEST(shell)
{
	becomes("exim", 0, 25,
		"dc_eximconfig_configtype='internet'\ndc_local_interfaces=''\ndc_readhost=''\n",
		"dc_eximconfig_configtype='internet'\ndc_local_interfaces='127.0.0.1 ; ::1'\n"
		"dc_readhost=''\n");
	becomes("tftp", 0, 69,
		"# /etc/default/tftpd-hpa\n\nTFTP_USERNAME=\"tftp\"\nTFTP_ADDRESS=\":69\"\n",
		"# "
		"/etc/default/"
		"tftpd-hpa\n\nTFTP_USERNAME=\"tftp\"\nTFTP_ADDRESS=\"127.0.0.1:69\"\n");
	becomes("rabbitmq", 0, 5672, "#NODENAME=rabbit\n\n#NODE_IP_ADDRESS=127.0.0.1\n",
		"#NODENAME=rabbit\n\n#NODE_IP_ADDRESS=127.0.0.1\nNODE_IP_ADDRESS=127.0.0.1\n");
}

DW_TEST(options)
{
	becomes("rpcbind", 0, 111, "# rpcbind\nOPTIONS=\"-w\"\n",
		"# rpcbind\nOPTIONS=\"-w -h 127.0.0.1\"\n");
	becomes("rpcbind", 0, 111, "OPTIONS=\"-h 10.0.0.1 -w -h0.0.0.0\"\n",
		"OPTIONS=\"-w -h 127.0.0.1\"\n");
	becomes("node-exporter", 0, 9100, "# Set the command-line arguments\nARGS=\"\"\n",
		"# Set the command-line arguments\nARGS=\"--web.listen-address=127.0.0.1:9100\"\n");
	becomes("node-exporter", 0, 9100, "ARGS='--collector.x --web.listen-address=:9100'\n",
		"ARGS='--collector.x --web.listen-address=127.0.0.1:9100'\n");
	becomes("node-exporter", 0, 9100, "ARGS=\"--path=\\\"a b\\\"\"\n",
		"the value of ARGS in line 1 of /etc/x has quotes or signs of a shell in it");
	becomes("node-exporter", 0, 9100, "ARGS=\"--a \\\n",
		"the value of ARGS in line 1 of /etc/x has quotes or signs of a shell in it");
}

DW_TEST(mail)
{
	becomes("postfix", 0, 25,
		"mydestination = $myhostname,\n  localhost\ninet_interfaces = all\ninet_protocols "
		"= all\n",
		"mydestination = $myhostname,\n  localhost\ninet_interfaces = loopback-only\n"
		"inet_protocols = all\n");
	becomes("postfix", 0, 25, "inet_interfaces = 10.0.0.1,\n\t10.0.0.2\n  10.0.0.3\nx = y\n",
		"inet_interfaces = loopback-only\nx = y\n");
	becomes("postfix", 0, 25, "# See /usr/share/postfix\n\nx = y\n",
		"# See /usr/share/postfix\n\ninet_interfaces = loopback-only\nx = y\n");
}

DW_TEST(listen_lines)
{
	becomes("cups", 0, 631,
		"LogLevel warn\nPort 631\nListen /run/cups/cups.sock\nListen *:8631\n",
		"LogLevel warn\nListen 127.0.0.1:631\nListen [::1]:631\n"
		"Listen /run/cups/cups.sock\nListen *:8631\n");
	becomes("apache2", 0, 443,
		"Listen 80\n\n<IfModule ssl_module>\n\tListen 443 https\n</IfModule>\n#Listen "
		"443\n",
		"Listen 80\n\n<IfModule ssl_module>\n\tListen 127.0.0.1:443 https\n"
		"\tListen [::1]:443 https\n</IfModule>\n#Listen 443\n");
	/* two that would become the same line */
	becomes("apache2", 0, 80, "Listen 0.0.0.0:80\nListen [::]:80\nListen 10.0.0.1:80\n",
		"Listen 127.0.0.1:80\nListen [::1]:80\n");
	becomes("nginx", 0, 80,
		"server {\n\tlisten 80 default_server;\n\tlisten [::]:80 default_server;\n"
		"\tlisten 443 ssl;\n\tlisten unix:/run/x;\n}\nserver { }\nserver {\n\tlisten "
		"80;\n}\n",
		"server {\n\tlisten 127.0.0.1:80 default_server;\n\tlisten [::1]:80 "
		"default_server;\n"
		"\tlisten 443 ssl;\n\tlisten unix:/run/x;\n}\nserver { }\nserver {\n"
		"\tlisten 127.0.0.1:80;\n}\n");
	becomes("squid", 0, 3128, "# http_port 3128\nhttp_port 3128\n",
		"# http_port 3128\nhttp_port 127.0.0.1:3128\nhttp_port [::1]:3128\n");
	becomes("nginx", 0, 81, "listen 80;\n", "no line of /etc/x opens port 81");
}

DW_TEST(names)
{
	becomes("dnsmasq", 0, 53, "#listen-address=\n#bind-interfaces\nport=53\n",
		"#listen-address=\nlisten-address=127.0.0.1\nlisten-address=::1\n#bind-interfaces\n"
		"bind-interfaces\nport=53\n");
	becomes("dnsmasq", 0, 53,
		"listen-address=10.0.0.1\nlisten-address=10.0.0.2\nbind-interfaces\n",
		"listen-address=127.0.0.1\nlisten-address=::1\nbind-interfaces\n");
	becomes("dnsmasq", 0, 53, "interface=eth0\n",
		"interface in line 1 of /etc/x says by other means where it listens");
	becomes("unbound", 0, 53,
		"server:\n    # of all\n    interface: 0.0.0.0\n    interface: ::0\n"
		"remote-control:\n    control-enable: yes\n",
		"server:\n    # of all\n    interface: 127.0.0.1\n    interface: ::1\n"
		"remote-control:\n    control-enable: yes\n");
	becomes("bind", 0, 53,
		"options {\n\tdirectory \"/var/cache/bind\";\n\n\t// listen-on { old; };\n"
		"\tlisten-on-v6 { any; };\n};\nview \"x\" {\n\tlisten-on { no; };\n};\n",
		"options {\n\tdirectory \"/var/cache/bind\";\n\n\t// listen-on { old; };\n"
		"\tlisten-on { 127.0.0.1; };\n"
		"\tlisten-on-v6 { ::1; };\n};\nview \"x\" {\n\tlisten-on { no; };\n};\n");
	becomes("bind", 0, 53,
		"options {\n    listen-on {\n        any;\n    };\n    recursion no;\n};\n",
		"options {\n    listen-on-v6 { ::1; };\n    listen-on { 127.0.0.1; };\n    "
		"recursion no;\n};\n");
}

DW_TEST(others)
{
	becomes("ssh", 0, 22,
		"Include /etc/ssh/sshd_config.d/*.conf\n\n#Port 22\n#ListenAddress 0.0.0.0\n"
		"#ListenAddress ::\n\nMatch User x\n\tX11Forwarding no\n",
		"Include /etc/ssh/sshd_config.d/*.conf\n\n#Port 22\n#ListenAddress 0.0.0.0\n"
		"#ListenAddress ::\nListenAddress 127.0.0.1\nListenAddress ::1\n\nMatch User x\n"
		"\tX11Forwarding no\n");
	becomes("snmp", 0, 161, "sysLocation    Here\nagentaddress  udp:161,udp6:[::1]:161\n",
		"sysLocation    Here\nagentaddress  127.0.0.1,[::1]\n");
	becomes("rsync", 0, 873,
		"# motd\nuid = nobody\n\n[pub]\n\taddress = 1.2.3.4\n\tpath = /srv\n",
		"# motd\naddress = 127.0.0.1\nuid = nobody\n\n[pub]\n\taddress = 1.2.3.4\n\tpath = "
		"/srv\n");
	becomes("ftp", 0, 21, "listen=NO\nlisten_ipv6=YES\n# x\nanonymous_enable=NO\n",
		"listen_address=127.0.0.1\nlisten=YES\nlisten_ipv6=NO\n# x\nanonymous_enable=NO\n");
	becomes("ftp", 1, 21, "Include /etc/proftpd/modules.conf\n# DefaultAddress x\n",
		"SocketBindTight on\nInclude /etc/proftpd/modules.conf\n# DefaultAddress x\n"
		"DefaultAddress 127.0.0.1\n");
	becomes("grafana", 0, 3000, "[paths]\n[server]\n;http_addr =\n;http_port = 3000\n",
		"[paths]\n[server]\n;http_addr =\nhttp_addr = 127.0.0.1\n;http_port = 3000\n");
	becomes("smb", 0, 445,
		"[global]\n   workgroup = WORKGROUP\n;   interfaces = 127.0.0.0/8 eth0\n"
		";   bind interfaces only = yes\n[homes]\n",
		"[global]\n   workgroup = WORKGROUP\n;   interfaces = 127.0.0.0/8 eth0\n"
		"interfaces = lo\n;   bind interfaces only = yes\nbind interfaces only = "
		"yes\n[homes]\n");
	becomes("xrdp", 0, 3389, "[Globals]\nport=3389\n[Xorg]\nport=-1\n",
		"[Globals]\nport=tcp://127.0.0.1:3389\n[Xorg]\nport=-1\n");
	becomes("chrony", 0, 123, "confdir /etc/chrony/conf.d\nallow 10.0.0.0/8\n",
		"bindaddress 127.0.0.1\nbindaddress ::1\nconfdir /etc/chrony/conf.d\nallow "
		"10.0.0.0/8\n");
}

DW_TEST(hosts_without_ipv6)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	const struct dw_narrow v4 = { "127.0.0.1", NULL, true, 53 };
	struct dw_set_file f = { .path = "/etc/x", .text = bytes("options {\n};\n") };

	DW_CHECK_STR(dw_set_files(a, bind_of("bind", 0), &v4, &f, 1), NULL);
	DW_CHECK_STR(applied(a, &f),
		     "options {\n    listen-on { 127.0.0.1; };\n    listen-on-v6 { none; };\n};\n");
	f = (struct dw_set_file){ .path = "/etc/x", .text = bytes("bind *\n") };
	DW_CHECK_STR(dw_set_files(a, bind_of("redis", 0), &v4, &f, 1), NULL);
	DW_CHECK_STR(applied(a, &f), "bind 127.0.0.1\n");
}

DW_TEST_MAIN
