/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an address is this host's: the kernel lets only those be bound (ip(7), but for ip_nonlocal_bind). */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "dw_refused.h"
#include "sys_private.h"

bool dw_sys_is_own_address(struct dw_sys *s, int family, const uint8_t *address)
{
	_cleanup_fd_ int fd =
		s->kind == DW_SYS_LIVE ? socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (fd < 0)
		return false;
	memcpy(&v4.sin_addr, address, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, address, sizeof(v6.sin6_addr));
	return (family == AF_INET ? bind(fd, (const struct sockaddr *)&v4, sizeof(v4))
				  : bind(fd, (const struct sockaddr *)&v6, sizeof(v6))) == 0;
}
