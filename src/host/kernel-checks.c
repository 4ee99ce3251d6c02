/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel.h"

const struct host_check host_checks_kernel[] = {
	{ .about = { .id = "kernel-network",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "The network's settings trust nobody",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "A host that takes redirects, source routes or forged addresses "
			       "lets its neighbours "
			       "choose where its packets go.",
		     .source = "CIS Debian Linux 12, Configure Network Kernel Parameters; "
			       "ip-sysctl.rst of the kernel",
		     .advice = "Write the lines NAME = VALUE into /etc/sysctl.d/60-network.conf "
			       "(each interface, and "
			       "default for those to come), then sysctl --system." },
	  .look = host_kernel_network },
	{ .about = { .id = "kernel-secrets",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "The kernel keeps its secrets",
		     .severity = DW_SEVERITY_LOW,
		     .reason =
			     "Who has one account here looks for the way to root: where the "
			     "kernel's functions lie, what "
			     "other programs keep in memory, whose files can be put under a link.",
		     .source = "CIS Debian Linux 12, Configure Additional Process Hardening; "
			       "kernel.rst, fs.rst, net.rst "
			       "of Documentation/admin-guide/sysctl",
		     .advice = "Write the lines NAME = VALUE into /etc/sysctl.d/60-kernel.conf, "
			       "then sysctl --system." },
	  .look = host_kernel_secrets },
	{ .about = { .id = "security-module",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "A security module confines programs",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "Behind a door that stays open, AppArmor or SELinux is what keeps "
			       "an intruder within the "
			       "files of one service.",
		     .source = "CIS Debian Linux 12, Configure AppArmor; lsm.rst of the kernel",
		     .advice = "apt install apparmor, and take apparmor=0 or lsm= from the "
			       "kernel's command line." },
	  .look = host_kernel_lsm },
	{ .about = { .id = "processor-mitigations",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "Known weaknesses of the processor are worked round",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "A program that may run here, a visitor's script included, reads "
			       "memory of the kernel and "
			       "of others.",
		     .source = "Documentation/admin-guide/hw-vuln of the kernel",
		     .advice = "Update the kernel and the processor's microcode (intel-microcode, "
			       "amd64-microcode), and "
			       "take mitigations=off from the kernel's command line." },
	  .look = host_kernel_mitigations },
	{ .about = { .id = NULL } },
};
