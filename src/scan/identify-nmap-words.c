/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "dw_str.h"
#include "identify_nmap.h"

#define RANGES_MAX 512U

typedef DW_VEC(struct dw_nmap_range) ranges;

const char *dw_nmap_delimited(struct dw_arena *a, const char **s)
{
	char delimiter = **s;
	const char *end, *start = *s + 1;

	if (!delimiter || delimiter == ' ')
		return NULL;
	end = strchr(start, delimiter);
	if (!end)
		return NULL;
	*s = end + 1;
	return dw_arena_strndup(a, start, (size_t)(end - start));
}

bool dw_nmap_unescape(struct dw_arena *a, const char *s, struct dw_bytes *ret)
{
	return dw_parse_escapes(a, s, "0abfnrtv\\", "\0\a\b\f\n\r\t\v\\", ret);
}

bool dw_nmap_ranges(struct dw_arena *a, const char *s, void *ret_vec)
{
	ranges *to = ret_vec;

	while (*s) {
		size_t n = strcspn(s, ",");
		uint64_t first = 0, last = 0;

		if (!dw_parse_range(s, n, UINT16_MAX, &first, &last) || to->n >= RANGES_MAX)
			return false;
		*dw_vec_add(a, to) = (struct dw_nmap_range){ (uint16_t)first, (uint16_t)last };
		s += n + (s[n] == ',');
	}
	return true;
}

bool dw_nmap_in_ranges(const struct dw_nmap_range *r, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (port >= r[i].first && port <= r[i].last)
			return true;
	return false;
}

/* Names of services as IANA registers them, and ours. */
static const struct {
	const char *theirs, *ours;
} names[] = {
	{ "domain", "dns" },
	{ "microsoft-ds", "smb" },
	{ "netbios-ssn", "smb" },
	{ "ms-wbt-server", "rdp" },
	{ "ms-sql-s", "mssql" },
	{ "ms-sql-m", "mssql-browser" },
	{ "ajp13", "ajp" },
	{ "iscsi", "iscsi-target" },
	{ "X11", "x11" },
	{ "oracle-tns", "oracle" },
	{ "rmiregistry", "java-rmi" },
	{ "kerberos-sec", "kerberos" },
	{ "jabber", "xmpp" },
	{ "xmpp-client", "xmpp" },
	{ "svn", "svnserve" },
	{ "git", "git-daemon" },
	{ "upnp", "ssdp" },
	{ "http-proxy", "http" },
	{ "zabbix", "zabbix-agent" },
	{ "gearman", "gearmand" },
	{ "memcache", "memcached" },
	{ "telnets", "telnet" },
	{ "auth", "ident" },
	{ "sieve", "managesieve" },
	{ "netbios-dgm", "netbios-dgm" },
};

const char *dw_nmap_our_name(const char *service)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(names); i++)
		if (dw_streq(names[i].theirs, service))
			return names[i].ours;
	return service;
}
