/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A whole scan over an interface that takes live frames. */
#include "doorward/doorward.h"
#include "dw_test.h"
#include "lab.h"

static const uint16_t listeners[] = { 7, 80 };

static struct doorward_scan *scanned(struct doorward *d, const char *tcp, const char *udp)
{
	static const char *const targets[] = { "10.9.0.2" };
	const struct doorward_scan_options o = { .size = sizeof(o),
						 .targets = targets,
						 .n_targets = 1,
						 .tcp_ports = tcp,
						 .udp_ports = udp,
						 .no_identify = 1,
						 .load = "lab",
						 .sender = "auto" };
	struct doorward_scan *scan = NULL;

	DW_CHECK_INT(doorward_scan_run(d, &o, &scan), 0);
	return scan;
}

/* Live frames are for TCP: other protocols of the same scan go another way, and none is left out. */
DW_TEST(udp_is_asked_beside_live_frames)
{
	const struct dw_lab_options o = { .ports = listeners, .n_ports = 2 };
	struct doorward *d = doorward_new();
	struct doorward_scan *scan;
	struct dw_lab l;

	if (!DW_HAVE_BPF || dw_lab_open(&o, &l) < 0) {
		printf("SKIPPED: namespaces\n");
		doorward_free(d);
		return;
	}
	scan = scanned(d, "7,9,80", "9");
	DW_CHECK_STR(doorward_scan_get(scan, "notes.0"), NULL);
	DW_CHECK_STR(doorward_scan_get(scan, "hosts.0.complete"), "true");
	DW_CHECK_STR(doorward_scan_get(scan, "hosts.0.tcp.open"), "2");
	DW_CHECK_STR(doorward_scan_get(scan, "hosts.0.udp.closed"), "1");
	doorward_scan_free(scan);
	scan = scanned(d, NULL, "9");
	DW_CHECK_STR(doorward_scan_get(scan, "sender"), "packet");
	DW_CHECK_STR(doorward_scan_get(scan, "hosts.0.udp.closed"), "1");
	doorward_scan_free(scan);
	doorward_free(d);
	dw_lab_close(&l);
}

DW_TEST_MAIN
