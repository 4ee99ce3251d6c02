/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libnftables(3). Its types are declared here: the library is opened by name, and its header is not needed to build. A
 * context has a netlink socket of the namespace in which it was made, and the library may make another one while it
 * works: so all of it happens inside.
 */
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "dw_scratch.h"
#include "nft_private.h"
#include "sys_private.h"

#define LIBRARY "libnftables.so.1"

/* nftables/libnftables.h */
struct nft_ctx;
#define TABLE_TRIES      16
#define OUTPUT_STATELESS (1U << 2) /* NFT_CTX_OUTPUT_STATELESS: no counters, no used quota */

struct nft_library {
	struct nft_ctx *(*create)(uint32_t flags);
	void (*destroy)(struct nft_ctx *c);
	int (*buffer_output)(struct nft_ctx *c);
	int (*buffer_error)(struct nft_ctx *c);
	const char *(*output)(struct nft_ctx *c);
	const char *(*error)(struct nft_ctx *c);
	void (*set_flags)(struct nft_ctx *c, unsigned flags);
	int (*run)(struct nft_ctx *c, const char *commands);
};

static int load(struct nft_library *l, struct dw_error *e)
{
	const struct {
		const char *name;
		void *slot;
	} symbols[] = {
		{ "nft_ctx_new", &l->create },
		{ "nft_ctx_free", &l->destroy },
		{ "nft_ctx_buffer_output", &l->buffer_output },
		{ "nft_ctx_buffer_error", &l->buffer_error },
		{ "nft_ctx_get_output_buffer", &l->output },
		{ "nft_ctx_get_error_buffer", &l->error },
		{ "nft_ctx_output_set_flags", &l->set_flags },
		{ "nft_run_cmd_from_buffer", &l->run },
	};
	/* NODELETE: it keeps memory for its life, which must stay reachable */
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!handle)
		return dw_error_set(e, -ENOTSUP,
				    LIBRARY " cannot be opened: install nftables "
					    "(Debian: apt-get install nftables)");
	for (size_t i = 0; i < DW_ARRAY_SIZE(symbols); i++) {
		void *address = dlsym(handle, symbols[i].name);

		if (!address)
			return dw_error_set(e, -ENOTSUP, LIBRARY " has no %s", symbols[i].name);
		memcpy(symbols[i].slot, &address, sizeof(address));
	}
	return 0;
}

struct running {
	struct dw_sys *sys;
	struct nft_library lib;
	const char *commands;
	struct dw_arena *arena; /* with a context, `ret` gets what was written */
	struct dw_bytes *ret;
};

/* "FILE:1:2-3: Error: Could not process rule: ..." and pages of what it points to: the first line says it. */
static int refused(struct running *k, struct nft_ctx *c, struct dw_error *e)
{
	const char *text = k->lib.error(c), *message;

	text = text && *text ? text : "no reason was given";
	message = strstr(text, "Error: ");
	message = message ? message + strlen("Error: ") : text;
	if (strstr(text, "Operation not permitted"))
		return dw_error_set(e, -EPERM, "the packet filter may only be changed by root");
	return dw_error_set(e, -EINVAL, "nf_tables refuses the rules: %.*s",
			    (int)DW_MIN(strcspn(message, "\n"), (size_t)300), message);
}

static int keep(struct running *k, struct nft_ctx *c, struct dw_error *e)
{
	const char *text = k->lib.output(c);
	size_t n = text ? strlen(text) : 0;

	if (n > DW_NFT_TABLE_MAX)
		return dw_error_set(e, -EFBIG, "the table is larger than %zu MiB",
				    DW_NFT_TABLE_MAX >> 20);
	*k->ret = (struct dw_bytes){ .data = dw_arena_strndup(k->arena, text ? text : "", n),
				     .n = n };
	return 0;
}

static int run_here(void *arg, struct dw_error *e)
{
	struct running *k = arg;
	struct nft_ctx *c;
	int r = dw_sys_fault(k->sys);

	if (r < 0)
		return dw_error_errno(e, r, "nf_tables");
	c = k->lib.create(0);
	if (!c)
		return dw_error_set(e, -EIO, LIBRARY " does not start");
	k->lib.set_flags(c, OUTPUT_STATELESS);
	if (k->lib.buffer_output(c) != 0 || k->lib.buffer_error(c) != 0)
		r = dw_error_set(e, -ENOMEM, LIBRARY " has no memory");
	else if (k->lib.run(c, k->commands) != 0)
		r = refused(k, c, e);
	else if (k->ret)
		r = keep(k, c, e);
	k->lib.destroy(c);
	return r;
}

static int run_in(struct dw_sys *s, const struct dw_netns *ns, struct running *k,
		  struct dw_error *e)
{
	int r;

	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "nothing runs here that filters packets");
	k->sys = s;
	r = load(&k->lib, e);
	return r < 0 ? r : dw_netns_run(s, ns, run_here, k, e);
}

int dw_nft_run(struct dw_sys *s, const struct dw_netns *ns, const char *commands,
	       struct dw_error *e)
{
	struct running k = { .commands = commands };

	return run_in(s, ns, &k, e);
}

int dw_nft_table(struct dw_sys *s, const struct dw_netns *ns, struct dw_arena *a,
		 struct dw_bytes *ret, struct dw_error *e)
{
	struct running k = { .commands = "list table " DW_NFT_FAMILY " " DW_NFT_TABLE,
			     .arena = a,
			     .ret = ret };
	struct dw_error why = { 0 };
	int r, tries = 0;

	*ret = (struct dw_bytes){ 0 };
	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "nothing runs here that filters packets");
	do { /* it may go between the two questions: a trial that ends by itself */
		r = dw_nft_is_there(s, ns, e);
		if (r <= 0)
			return r;
		r = run_in(s, ns, &k, &why);
	} while (r == -EINVAL && ++tries < TABLE_TRIES);
	return r < 0 ? dw_error_set(e, r, "%s", why.message) : 0;
}

/* --- in its place --------------------------------------------------------------------------------------- */

static int fill(struct dw_sys *s, const struct dw_netns *ns, const struct dw_bytes *table,
		bool in_place, struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_str commands = { .arena = a };
	struct dw_error why = { 0 };
	int r = in_place ? dw_nft_emptying(s, ns, &commands, &why) : -ENOTSUP;

	if (r == -ENOTSUP) {
		commands = (struct dw_str){ .arena = a };
		dw_str_add(&commands, "delete table " DW_NFT_FAMILY " " DW_NFT_TABLE "\n");
	} else if (r < 0) {
		return dw_error_set(e, r, "%s", why.message);
	}
	dw_str_addn(&commands, table->data, table->n);
	return dw_nft_run(s, ns, commands.s, e);
}

/* What an emptied table keeps (its flags, a comment of its own) is not in the rules: then it is made anew. */
static int refill(struct dw_sys *s, const struct dw_netns *ns, const struct dw_bytes *table,
		  struct dw_error *e)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	struct dw_bytes now = { 0 };
	int r = fill(s, ns, table, true, e);

	if (r == 0)
		r = dw_nft_table(s, ns, a, &now, e);
	if (r < 0 || dw_bytes_equal(&now, table))
		return r;
	return fill(s, ns, table, false, e);
}

int dw_nft_replace(struct dw_sys *s, const struct dw_netns *ns, const struct dw_bytes *table,
		   struct dw_error *e)
{
	int there;

	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "nothing runs here that filters packets");
	there = dw_nft_is_there(s, ns, e);
	if (there < 0)
		return there;
	if (!table->data)
		return there ? dw_nft_run(s, ns,
					  "delete table " DW_NFT_FAMILY " " DW_NFT_TABLE "\n", e)
			     : 0;
	return there ? refill(s, ns, table, e) : dw_nft_run(s, ns, table->data, e);
}

/* --- what it would be ------------------------------------------------------------------------------------ */

int dw_nft_canonical(struct dw_sys *s, const char *commands, struct dw_arena *a,
		     struct dw_bytes *ret, struct dw_error *e)
{
	struct dw_netns scratch = { .fd = -1 };
	int r;

	*ret = (struct dw_bytes){ 0 };
	if (s->kind != DW_SYS_LIVE)
		return dw_error_set(e, -ENOTSUP, "nothing runs here that filters packets");
	r = dw_scratch_open(s, &scratch, e);
	if (r == 0)
		r = dw_nft_run(s, &scratch, commands, e);
	if (r == 0)
		r = dw_nft_table(s, &scratch, a, ret, e);
	dw_scratch_close(&scratch);
	return r;
}
