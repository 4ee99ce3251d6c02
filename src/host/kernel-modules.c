/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Protocols that hardly anybody uses, and that any account can have the kernel load by opening a socket. */
#include <errno.h>

#include "kernel.h"
#include "modprobe.h"
#include "settings.h"

#define ALIASES_MAX ((size_t)64 * 1024 * 1024)

static const struct rare {
	const char *module, *text;
} protocols[] = {
	{ "dccp", "the Datagram Congestion Control Protocol" },
	{ "sctp", "the Stream Control Transmission Protocol" },
	{ "rds", "Reliable Datagram Sockets" },
	{ "tipc", "Transparent Inter-Process Communication" },
};

struct modules {
	struct host_asking q;
	struct host_modprobes settings;
	struct dw_bytes loaded;     /* /proc/modules */
	struct dw_strings releases; /* kernels whose modules may be loaded */
};

enum use { NOT_LOADED = 0, UNUSED, USED };

/* proc_modules(5): "sctp 479232 2 - Live 0x...": name, size, users, the modules among them. */
static enum use use_of(struct host_look *l, const struct dw_bytes *text, const char *module)
{
	struct dw_lines it = dw_lines_of(text);
	char *line;

	while ((line = dw_lines_next_trimmed(&it, l->a)) != NULL) {
		char *name = dw_word_next(&line), *size = name ? dw_word_next(&line) : NULL,
		     *users = size ? dw_word_next(&line) : NULL,
		     *by = users ? dw_word_next(&line) : NULL;
		uint64_t n, modules = 0;

		if (!by || !dw_streq(name, module))
			continue;
		for (; *by; by++)
			modules += *by == ',';
		/* a kernel that cannot unload does not count: "-" */
		return dw_parse_u64(users, 10, UINT32_MAX, &n) && n <= modules ? UNUSED : USED;
	}
	return NOT_LOADED;
}

static bool open_modules(struct host_look *l, struct dw_host_result *r, struct modules *ret)
{
	struct dw_bytes text = { 0 };

	*ret = (struct modules){ .q = { .l = l } };
	if (host_kernel_is_machine(&ret->q, r))
		return false;
	host_modprobe_read(&ret->q, &ret->settings);
	if (!dw_sys_is_running(l->sys)) {
		host_ask_list(&ret->q, "/lib/modules", &ret->releases);
	} else {
		(void)host_ask_text(&ret->q, "/proc/modules", &ret->loaded);
		if (host_ask_text(&ret->q, "/proc/sys/kernel/osrelease", &text))
			dw_vec_push(l->a, &ret->releases,
				    dw_trim(dw_arena_strndup(l->a, text.data, text.n)));
	}
	if (host_asked_in_vain(&ret->q, r))
		return false;
	if (ret->releases.n)
		return true;
	host_say(l, r, dw_sys_is_running(l->sys) ? DW_HOST_UNKNOWN : DW_HOST_NOT_APPLICABLE,
		 "No kernel is known whose modules could be loaded.");
	return false;
}

static void look_at(struct modules *m, struct dw_host_result *r, const char *file,
		    const struct dw_bytes *aliases, const struct rare *p)
{
	struct host_look *l = m->q.l;
	enum use use = m->loaded.data ? use_of(l, &m->loaded, p->module) : NOT_LOADED;
	const char *alias = host_modprobe_alias(l->a, aliases, &m->settings, p->module);

	for (size_t i = 0; i < r->evidence.n; i++)
		if (dw_streq(r->evidence.v[i].object, p->module))
			return;
	if (use == UNUSED)
		host_seen(l, r, "/proc/modules", 0, p->module,
			  "%s is loaded, and no socket is open%s", p->text,
			  alias ? "; it would be loaded again" : "");
	else if (use == NOT_LOADED && alias)
		host_seen(l, r, file, 0, p->module, "%s is loaded for whoever asks for it, as %s",
			  p->text, alias);
}

void host_kernel_modules(struct host_look *l, struct dw_host_result *r)
{
	struct modules m;

	if (!open_modules(l, r, &m))
		return;
	for (size_t i = 0; i < m.releases.n; i++) {
		const char *file =
			dw_arena_printf(l->a, "/lib/modules/%s/modules.alias", m.releases.v[i]);
		struct dw_bytes text = { 0 };
		struct dw_error e = { 0 };
		int code = dw_sys_file_read(l->sys, file, ALIASES_MAX, l->a, &text, &e);

		/* a kernel without modules loads none */
		if (code < 0 && code != -ENOENT && code != -ENOTDIR) {
			r->evidence.n = 0;
			host_unknown(l, r, &e);
			return;
		}
		for (size_t k = 0; k < DW_ARRAY_SIZE(protocols); k++)
			look_at(&m, r, file, &text, &protocols[k]);
	}
	host_conclude(l, r, "One protocol that nobody uses is there for whoever asks for it.",
		      "protocols that nobody uses are there for whoever asks for them.",
		      "No protocol that nobody uses is loaded by asking for it.");
}

static void keep_out(struct host_look *l, struct dw_host_result *r, const char *module)
{
	struct dw_edit *edit = dw_new(l->a, struct dw_edit);

	*edit = (struct dw_edit){ .line = host_line_count(l, HOST_MODPROBE_OWN) + 1,
				  .fresh = dw_arena_printf(l->a, "install %s /bin/false", module) };
	*dw_vec_add(l->a, &r->changes) = (struct dw_host_change){
		.phase = DW_PHASE_BOOT,
		.manager = "file",
		.object = HOST_MODPROBE_OWN,
		.edits = edit,
		.n_edits = 1,
		.label = HOST_MODPROBE_OWN,
		.why = "protocols that nobody uses are not loaded any more",
		.source = HOST_MODPROBE_OWN,
		.text = dw_arena_printf(l->a, HOST_MODPROBE_OWN " says %s", edit->fresh),
	};
}

void host_kernel_modules_fix(struct host_look *l, struct dw_host_result *r)
{
	bool there = dw_sys_file_exists(l->sys, "/etc/modprobe.d");
	struct modules m;

	if (!open_modules(l, &(struct dw_host_result){ 0 }, &m))
		return;
	for (size_t i = 0; i < r->evidence.n; i++) {
		const struct dw_host_evidence *e = &r->evidence.v[i];
		bool loaded = dw_streq0(e->file, "/proc/modules");

		if (e->accepted)
			continue;
		if (loaded)
			dw_vec_push(l->a, &r->held,
				    dw_arena_printf(
					    l->a,
					    "modprobe -r %s takes it out of the kernel that runs",
					    e->object));
		if (host_modprobe_is_off(&m.settings, e->object) ||
		    (loaded && !strstr(e->text, "again")))
			continue;
		if (there)
			keep_out(l, r, e->object);
		else
			dw_vec_push(l->a, &r->held, "there is no /etc/modprobe.d to write into");
	}
}
