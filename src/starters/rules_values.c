/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports and addresses as firewall rules write them. */
#include <arpa/inet.h>

#include "dw_str.h"
#include "rules.h"

bool dw_rule_span_parse(const char *s, size_t n, struct dw_rule_span *ret)
{
	size_t cut = strcspn(s, "-:");
	uint64_t first, last;

	cut = cut < n ? cut : n;
	if (!dw_parse_u64n(s, cut, 10, 65535, &first))
		return false;
	last = first;
	if (cut < n && !dw_parse_u64n(s + cut + 1, n - cut - 1, 10, 65535, &last))
		return false;
	*ret = (struct dw_rule_span){ (uint32_t)first, (uint32_t)last };
	return first <= last;
}

bool dw_rule_address_parse(const char *s, size_t n, struct dw_rule_address *ret)
{
	char text[INET6_ADDRSTRLEN];

	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	memset(ret, 0, sizeof(*ret));
	ret->family = strchr(text, ':') ? DW_FAMILY_IPV6 : DW_FAMILY_IPV4;
	return inet_pton(ret->family == DW_FAMILY_IPV6 ? AF_INET6 : AF_INET, text, ret->bytes) == 1;
}

bool dw_rule_target_parse(const char *s, struct dw_rule_target *ret)
{
	const char *port = NULL;
	size_t n = strlen(s);

	*ret = (struct dw_rule_target){ 0 };
	if (*s == '[') {
		n = strcspn(s + 1, "]");
		if (!s[n + 1])
			return false;
		port = s[n + 2] == ':' ? s + n + 3 : NULL;
		ret->has_address = dw_rule_address_parse(s + 1, n, &ret->address);
	} else if (dw_rule_span_parse(s, n, &ret->port)) {
		return ret->has_port = true; /* --to-ports 80-90 */
	} else if (dw_rule_address_parse(s, n, &ret->address)) {
		return ret->has_address = true;
	} else {
		port = strchr(s, ':');
		n = port ? (size_t)(port - s) : n;
		port = port ? port + 1 : NULL;
		ret->has_address = dw_rule_address_parse(s, n, &ret->address);
		if (!ret->has_address && n && !dw_starts_with(s, "local") && *s != '*')
			return false;
	}
	ret->has_port = port && dw_rule_span_parse(port, strlen(port), &ret->port);
	return ret->has_address || ret->has_port;
}
