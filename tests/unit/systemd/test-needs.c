/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who needs a unit and what wakes it: by unit files, and as a recorded manager answers. */
#include "dw_str.h"
#include "host.h"

static void add(struct dw_str *text, const struct dw_relation *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dw_str_addf(text, "%s%s:%s", i ? " " : "", v[i].unit, v[i].how);
}

/* "NEEDED_BY | WOKEN_BY" */
static const char *related(struct host *h, enum dw_starter_kind kind, const char *id)
{
	const struct dw_starter starter = { .kind = kind, .id = id, .also = id };
	const struct dw_starter *list[] = { &starter };
	const struct dw_relations *found[1];
	struct dw_str text = { .arena = h->s.arena };

	dw_starters_needed_by(&h->s, list, 1, found);
	DW_CHECK(h->s.systemd == NULL);
	if (!found[0])
		return "not known";
	add(&text, found[0]->needed_by, found[0]->n_needed_by);
	dw_str_add(&text, " | ");
	add(&text, found[0]->woken_by, found[0]->n_woken_by);
	return text.s;
}

#define ROOT DW_TEST_PATH("roots/systemd-needs/root")
#define FAKE DW_TEST_PATH("roots/systemd-needs")

DW_TEST(by_unit_files)
{
	struct host h = host_open(ROOT, false, NULL);

	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SERVICE, "mapd.service"),
		     "share.service:requires mount.service:binds-to look.service:requisite "
		     "part.service:part-of share.target:wants | mapd.socket:socket "
		     "nightly.timer:timer mapd.path:path keeper.service:upholds "
		     "org.example.Map:dbus");
	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SOCKET, "mapd.socket"),
		     "share.service:requires mount.service:binds-to look.service:requisite "
		     "part.service:part-of share.target:wants | "
		     "nightly.timer:timer mapd.path:path keeper.service:upholds "
		     "org.example.Map:dbus");
	DW_CHECK_STR(related(&h, DW_STARTER_SYSV, "portmap.service"),
		     "share.service:requires mount.service:binds-to look.service:requisite "
		     "part.service:part-of share.target:wants | mapd.socket:socket "
		     "nightly.timer:timer mapd.path:path keeper.service:upholds "
		     "org.example.Map:dbus");
	/* what is not enabled needs nothing, and nothing needs it */
	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SERVICE, "off.service"), " | ");
	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SERVICE, "gone.service"), " | ");
	DW_CHECK_STR(related(&h, DW_STARTER_INETD, "mapd.service"), "not known");
	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SERVICE, NULL), "not known");
	host_close(&h);
}

DW_TEST(by_the_manager)
{
	struct host h = host_open(FAKE, true, "systemd");

	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SERVICE, "mapd.service"),
		     "share.service:requires fs.service:requires mount.service:binds-to "
		     "part.service:part-of export.target:wants | mapd.socket:socket "
		     "mapd.path:path stopped.timer:timer keeper.service:upholds "
		     "org.example.Map:dbus");
	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SOCKET, "mapd.socket"),
		     "fs.service:requires share.service:requires mount.service:binds-to "
		     "part.service:part-of export.target:wants | mapd.path:path "
		     "stopped.timer:timer keeper.service:upholds org.example.Map:dbus");
	/* a unit that the manager does not know: what its files say */
	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SERVICE, "off.service"), " | ");
	host_close(&h);
}

DW_TEST(a_host_without_systemd)
{
	struct host h = host_open(DW_TEST_PATH("roots/packages-needed"), false, NULL);

	DW_CHECK_STR(related(&h, DW_STARTER_SYSTEMD_SERVICE, "mapd.service"), "not known");
	host_close(&h);
}

DW_TEST_MAIN
