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
			       "ip-sysctl.rst of the kernel; sysctl.d(5)" },
	  .look = host_kernel_network,
	  .fix = host_kernel_network_fix },
	{ .about = { .id = "kernel-forwarding",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "Only who has somebody to forward for forwards",
		     .severity = DW_SEVERITY_MEDIUM,
		     .reason = "A neighbour that sends its packets to this host reaches what only "
			       "this "
			       "host was to reach.",
		     .source = "CIS Debian Linux 12, Ensure IP forwarding is disabled; "
			       "ip-sysctl.rst of "
			       "the kernel",
		     .advice = "net.ipv4.ip_forward = 0 and net.ipv6.conf.all.forwarding = 0 in "
			       "/etc/sysctl.d, then sysctl --system. doorward leaves it: writing "
			       "it gives "
			       "other settings of all interfaces their defaults again, which no "
			       "undo could "
			       "bring back." },
	  .wants_doors = true,
	  .look = host_kernel_forwarding },
	{ .about = { .id = "kernel-martians",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "Packets from impossible addresses are logged",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Somebody near who sends with addresses that are not its own is "
			       "seen by "
			       "nothing else.",
		     .source = "CIS Debian Linux 12, Ensure suspicious packets are logged; "
			       "ip-sysctl.rst "
			       "of the kernel" },
	  .look = host_kernel_martians,
	  .fix = host_kernel_martians_fix },
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
			       "of Documentation/admin-guide/sysctl; sysctl.d(5)",
		     .advice =
			     "kernel.unprivileged_bpf_disabled of a kernel before 5.13 is yours to "
			     "set: it cannot be taken back before the next boot." },
	  .look = host_kernel_secrets,
	  .fix = host_kernel_secrets_fix },
	{ .about = { .id = "user-namespaces",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "Not every account makes namespaces of users",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Most ways from an account to root of the last years went through "
			       "code "
			       "that only root of such a namespace reaches.",
		     .source = "STIG Ubuntu 22.04, user.max_user_namespaces; user_namespaces(7)",
		     .advice = "Where rootless containers and browsers are at home, leave it." },
	  .look = host_kernel_namespaces,
	  .fix = host_kernel_namespaces_fix },
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
	{ .about = { .id = "services-confined",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "What keeps a door is confined by the security module",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "A service that no profile confines reaches, once taken over, all "
			       "that its "
			       "user may reach.",
		     .source = "CIS Debian Linux 12, Ensure all AppArmor Profiles are enforcing; "
			       "apparmor(7), selinux(8)",
		     .advice =
			     "apt install apparmor-profiles apparmor-profiles-extra brings "
			     "profiles, "
			     "aa-enforce PROGRAM lets one that complains enforce; doorward confine "
			     "suggest UNIT confines a service by systemd." },
	  .needs_doors = true,
	  .look = host_kernel_confined },
	{ .about = { .id = "rare-protocols",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "Protocols that nobody uses stay out of the kernel",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Any account loads them by opening a socket, and with them code "
			       "that few "
			       "ever looked at: several ways to root led through it.",
		     .source = "CIS Debian Linux 12, Configure Network Kernel Modules; "
			       "modprobe.d(5)" },
	  .look = host_kernel_modules,
	  .fix = host_kernel_modules_fix },
	{ .about = { .id = "secure-boot",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "The firmware starts only what is signed",
		     .severity = DW_SEVERITY_LOW,
		     .reason = "Who was root once can put a kernel or boot loader of its own on "
			       "the disk, "
			       "which every later start obeys.",
		     .source = "UEFI specification, 32.3; Debian wiki, SecureBoot",
		     .advice = "Turn it on in the firmware's setup; modules that the distribution "
			       "did not "
			       "sign (DKMS) need a key of yours (mokutil)." },
	  .look = host_kernel_secure_boot },
	{ .about = { .id = "kernel-lockdown",
		     .category = DW_CATEGORY_KERNEL,
		     .title = "Not even root changes the kernel that runs",
		     .severity = DW_SEVERITY_LOW,
		     .reason =
			     "Without lockdown root writes the kernel's memory and loads modules "
			     "that "
			     "nobody signed: a rootkit hides from everything that asks the kernel.",
		     .source = "kernel_lockdown(7)",
		     .advice =
			     "Secure Boot turns it on; else lockdown=integrity on the kernel's "
			     "command "
			     "line. Debuggers of the kernel, hibernation and unsigned modules stop "
			     "working." },
	  .look = host_kernel_lockdown },
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
