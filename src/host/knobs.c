/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at settings of the kernel, now and at the next boot. */
#include "knobs.h"

#include <errno.h>

static bool parse(const char *digits, int64_t *ret)
{
	bool minus = digits[0] == '-';
	uint64_t v;

	if (!dw_parse_u64(digits + minus, 10, INT32_MAX, &v))
		return false;
	*ret = minus ? -(int64_t)v : (int64_t)v;
	return true;
}

bool host_knob_now(struct knobs *k, const char *name, int64_t *ret)
{
	const char *path = dw_arena_printf(k->q.l->a, "/proc/sys/%s", name);
	struct dw_bytes text = { 0 };

	if (!k->running || !host_ask_text(&k->q, path, &text))
		return false;
	if (parse(dw_trim(dw_arena_strndup(k->q.l->a, text.data, text.n)), ret))
		return true;
	if (k->q.e.code == 0)
		(void)dw_error_set(&k->q.e, -EBADMSG, "%s holds no number", path);
	return false;
}

static bool forwards(struct knobs *k, bool at_boot)
{
	const struct host_sysctl *by = host_sysctl_of(&k->files, "net/ipv4/ip_forward");
	int64_t v = 0;

	if (!by)
		by = host_sysctl_of(&k->files, "net/ipv4/conf/all/forwarding");
	if (at_boot && by)
		return parse(by->value, &v) && v != 0;
	return host_knob_now(k, "net/ipv4/ip_forward", &v) && v != 0;
}

void host_knobs_open(struct host_look *l, struct knobs *ret)
{
	*ret = (struct knobs){ .q = { .l = l }, .running = dw_sys_is_running(l->sys) };
	host_sysctl_read(&ret->q, &ret->files);
	ret->forwards_now = forwards(ret, false);
	ret->forwards_at_boot = forwards(ret, true);
	ret->blind = ret->q.e.code != 0;
}

/* --- interfaces ------------------------------------------------------------------------------------------ */

const char *host_knob_name(struct knobs *k, const struct knob *x, const char *interface)
{
	return x->tree ? dw_arena_printf(k->q.l->a, "net/%s/conf/%s/%s", x->tree, interface,
					 x->name)
		       : x->name;
}

const char *host_knob_object(struct knobs *k, const struct knob *x, const char *interface)
{
	return x->tree ? dw_arena_printf(k->q.l->a, "%s.%s.%s", x->tree, interface, x->name)
		       : host_sysctl_dotted(k->q.l->a, x->name);
}

void host_knob_interfaces(struct knobs *k, const char *tree, struct dw_strings *ret)
{
	struct dw_arena *a = k->q.l->a;
	struct dw_strings names = { 0 };
	bool any = !k->running;

	*ret = (struct dw_strings){ 0 };
	if (k->running)
		host_ask_list(&k->q, dw_arena_printf(a, "/proc/sys/net/%s/conf", tree), &names);
	for (size_t i = 0; i < names.n; i++) {
		bool is_default = dw_streq(names.v[i], "default");

		any |= is_default;
		if (!is_default && !dw_streq(names.v[i], "all") && !dw_streq(names.v[i], "lo"))
			dw_vec_push(a, ret, names.v[i]);
	}
	if (any)
		dw_vec_push(a, ret, "default");
}

/* --- one value of two ------------------------------------------------------------------------------------- */

static enum knob_how how_of(struct knobs *k, const struct knob *x, bool at_boot)
{
	bool forward = at_boot ? k->forwards_at_boot : k->forwards_now;

	/* one that forwards takes redirects only where all and the interface say so */
	return forward && x->how == KNOB_EITHER && dw_streq(x->name, "accept_redirects") ? KNOB_BOTH
											 : x->how;
}

static int64_t combined(enum knob_how how, int64_t all, int64_t own)
{
	switch (how) {
	case KNOB_MAXIMUM:
		return DW_MAX(all, own);
	case KNOB_MINIMUM:
		return DW_MIN(all, own);
	case KNOB_EITHER:
		return all || own;
	case KNOB_BOTH:
		return all && own;
	case KNOB_PLAIN:
	case KNOB_ALONE:
		break;
	}
	return own;
}

static bool needs_all(const struct knob *x)
{
	return x->how != KNOB_PLAIN && x->how != KNOB_ALONE;
}

static struct knob_value now_of(struct knobs *k, const struct knob *x, const char *interface)
{
	struct knob_value value = { 0 };
	int64_t all = 0;

	value.known = host_knob_now(k, host_knob_name(k, x, interface), &value.v) &&
		      (!needs_all(x) || host_knob_now(k, host_knob_name(k, x, "all"), &all));
	if (value.known)
		value.v = combined(how_of(k, x, false), all, value.v);
	return value;
}

/* What a file sets it to; what no file sets and no default is known of is not known. */
static struct knob_value set_at_boot(struct knobs *k, const struct knob *x, const char *interface)
{
	struct knob_value value = { .by = host_sysctl_of(&k->files,
							 host_knob_name(k, x, interface)) };

	/* an interface begins with what default is when it appears */
	if (!value.by && x->tree && !dw_streq(interface, "all"))
		value.by = host_sysctl_of(&k->files, host_knob_name(k, x, "default"));
	if (value.by) {
		value.known = parse(value.by->value, &value.v);
	} else if (x->otherwise != HOST_AS_BUILT) {
		value.known = true;
		value.v = x->otherwise;
	}
	return value;
}

static struct knob_value boot_of(struct knobs *k, const struct knob *x, const char *interface)
{
	struct knob_value own = set_at_boot(k, x, interface), all;

	if (!needs_all(x))
		return own;
	all = set_at_boot(k, x, "all");
	own.known = own.known && all.known;
	own.v = combined(how_of(k, x, true), all.v, own.v);
	if (!own.by || (all.by && x->how != KNOB_MINIMUM && all.v == own.v))
		own.by = all.by ? all.by : own.by;
	return own;
}

/* --- telling ---------------------------------------------------------------------------------------------- */

static bool is_bad(const struct knob *x, const struct knob_value *value)
{
	return value->known && (value->v < x->least || value->v > x->most);
}

static void tell(struct knobs *k, struct dw_host_result *r, const struct knob *x,
		 const char *interface, const struct knob_value *now, const struct knob_value *boot)
{
	struct host_look *l = k->q.l;
	const char *object = host_knob_object(k, x, interface);
	const char *path = dw_arena_printf(l->a, "/proc/sys/%s", host_knob_name(k, x, interface));
	long long is = now->v, becomes = boot->v;
	bool bad = is_bad(x, now), worse = is_bad(x, boot);

	if (bad && !worse && boot->known && boot->by)
		host_seen(l, r, path, 0, object,
			  "it is %lld until the next boot, when %s:%u makes it %lld: %s", is,
			  boot->by->file, boot->by->line, becomes, x->text);
	else if (bad && worse && boot->by)
		host_seen(l, r, boot->by->file, boot->by->line, object,
			  "it is %lld, now and at the next boot: %s", is, x->text);
	else if (bad)
		host_seen(l, r, path, 0, object, "it is %lld, and no file sets it at boot: %s", is,
			  x->text);
	else if (worse && boot->by)
		host_seen(l, r, boot->by->file, boot->by->line, object,
			  "at the next boot it is %lld: %s", becomes, x->text);
	else if (worse)
		host_seen(l, r, path, 0, object,
			  "no file sets it, and at the next boot it is %lld: %s", becomes, x->text);
}

static void look_at(struct knobs *k, struct dw_host_result *r, const struct knob *x,
		    const char *interface)
{
	struct knob_value now = now_of(k, x, interface), boot = boot_of(k, x, interface);

	/* a kernel that has no such setting now will not have it at the next boot */
	if (k->running && !now.known)
		return;
	if (!k->running && !boot.known)
		k->as_built = x;
	k->found += now.known || boot.by;
	if (is_bad(x, &now) || is_bad(x, &boot))
		tell(k, r, x, interface, &now, &boot);
}

void host_knobs_look(struct knobs *k, struct dw_host_result *r, const struct knob *v, size_t n)
{
	for (size_t i = 0; i < n && !k->blind; i++) {
		struct dw_strings names = { 0 };

		if (!v[i].tree)
			look_at(k, r, &v[i], "");
		else
			host_knob_interfaces(k, v[i].tree, &names);
		for (size_t m = 0; m < names.n; m++)
			look_at(k, r, &v[i], names.v[m]);
	}
}

bool host_knobs_could_look(struct knobs *k, struct dw_host_result *r)
{
	if (r->evidence.n)
		return true;
	if (host_asked_in_vain(&k->q, r))
		return false;
	if (k->running && k->found == 0)
		host_say(k->q.l, r, DW_HOST_UNKNOWN, "/proc/sys has none of these settings.");
	else if (k->as_built)
		host_say(k->q.l, r, DW_HOST_UNKNOWN,
			 "no file sets %s, and what the kernel takes then depends on how it was "
			 "built",
			 host_sysctl_dotted(k->q.l->a, k->as_built->name));
	else
		return true;
	return false;
}
