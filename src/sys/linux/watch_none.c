/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A build without clang or bpftool: who would watch must poll, and nothing is counted. */
#include <errno.h>

#include "watch_private.h"

int dw_watch_live_open(const struct dw_watch_options *o, struct dw_watch_live **ret,
		       struct dw_error *e)
{
	(void)dw_error_set(e, -ENOTSUP, "built without BPF");
	return -ENOTSUP;
}

int dw_watch_live_fd(const struct dw_watch_live *w)
{
	return -1;
}

int dw_watch_live_read(struct dw_watch_live *w, struct dw_bpf_watch *ret, size_t n,
		       struct dw_error *e)
{
	(void)dw_error_set(e, -ENOTSUP, "built without BPF");
	return -ENOTSUP;
}

void dw_watch_live_status(const struct dw_watch_live *w, struct dw_watch_status *ret)
{
	*ret = (struct dw_watch_status){ 0 };
}

void dw_watch_live_close(struct dw_watch_live *w)
{
}

int dw_usage_live_open(unsigned without, struct dw_usage_live **ret, struct dw_error *e)
{
	(void)dw_error_set(e, -ENOTSUP, "built without BPF");
	return -ENOTSUP;
}

int dw_usage_live_read(struct dw_usage_live *u,
		       int (*fn)(void *data, const struct dw_bpf_usage_key *k,
				 const struct dw_bpf_usage *v),
		       void *data, struct dw_error *e)
{
	(void)dw_error_set(e, -ENOTSUP, "built without BPF");
	return -ENOTSUP;
}

void dw_usage_live_forget(struct dw_usage_live *u, const struct dw_bpf_usage_key *k)
{
}

void dw_usage_live_status(struct dw_usage_live *u, struct dw_usage_status *ret)
{
	*ret = (struct dw_usage_status){ 0 };
}

void dw_usage_live_close(struct dw_usage_live *u)
{
}
