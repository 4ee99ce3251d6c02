/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors whose closing waits. A packet socket or an XDP link is given back only when no processor uses it any
 * more (synchronize_net() in net/packet/af_packet.c, synchronize_rcu() behind a link): 5 to 30 ms, each after the
 * other. They wait for the same thing, so all at once wait no longer than one.
 */
#include <pthread.h>
#include <unistd.h>

#include "sys_private.h"

void dw_sys_close_late(struct dw_sys *s, int fd)
{
	if (fd < 0)
		return;
	if (s->n_late < DW_SYS_LATE_MAX)
		s->late[s->n_late++] = fd;
	else
		(void)close(fd);
}

static void *close_it(void *data)
{
	(void)close(*(const int *)data);
	return NULL;
}

void dw_sys_close_all_late(struct dw_sys *s)
{
	pthread_t threads[DW_SYS_LATE_MAX];
	unsigned n = 0;

	for (unsigned i = 1; i < s->n_late; i++) {
		if (pthread_create(&threads[n], NULL, close_it, &s->late[i]) == 0)
			n++;
		else
			(void)close(s->late[i]);
	}
	if (s->n_late > 0)
		(void)close(s->late[0]);
	for (unsigned i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	s->n_late = 0;
}
