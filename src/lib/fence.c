/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fence of the public API. */
#include <errno.h>

#include "facade-private.h"
#include "dw_fence.h"
#include "dw_str.h"

struct doorward_fence {
	struct dw_arena *arena; /* the object itself lies in it */
	enum dw_fence_style style;
	const char *text;
};

/* -EINVAL: there is none of that name. */
static int style_of(const char *name, enum dw_fence_style *ret, struct dw_error *e)
{
	for (unsigned s = 0; s < DW_FENCE_STYLE_COUNT; s++)
		if (dw_streq(name, dw_fence_style_name((enum dw_fence_style)s))) {
			*ret = (enum dw_fence_style)s;
			return 0;
		}
	return dw_error_set(e, -EINVAL,
			    "no such style: %s; there are nft, iptables, ufw and firewalld", name);
}

int doorward_fence_make(struct doorward *d, struct doorward_audit *a,
			const struct doorward_fence_options *o, struct doorward_fence **ret)
{
	struct dw_error *e = dw_facade_begin(d);
	enum dw_fence_style style = DW_FENCE_NFT;
	int r = o && o->style ? style_of(o->style, &style, e) : 0;

	if (r < 0)
		return r;
	if (!a->audit->policy)
		return dw_error_set(e, -ENOENT,
				    "there is no policy that says what is to be let in");
	(void)ret;
	return dw_error_set(e, -ENOTSUP, "rules cannot be written yet");
}

void doorward_fence_free(struct doorward_fence *f)
{
	if (f)
		dw_arena_free(f->arena);
}

int doorward_fence_write(struct doorward *d, const struct doorward_fence *f,
			 enum doorward_format format, FILE *out)
{
	struct dw_error *e = dw_facade_begin(d);

	(void)format;
	return fputs(f->text, out) < 0 || fflush(out) != 0 ? dw_error_errno(e, -EIO, "the output")
							   : 0;
}

void doorward_fence_tell(const struct doorward_fence *f,
			 void (*tell)(void *data, const char *kind, const char *text), void *data)
{
	(void)f;
	(void)tell;
	(void)data;
}
