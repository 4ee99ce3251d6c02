/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Could this program open a door? Its dynamic symbols tell: a program that imports neither listen(2), nor
 * bind(2) together with a way to receive, nor a library's server call, does not. See elf(5).
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdint.h>

#include "systemd.h"

#define SYMBOLS_MAX ((size_t)1 << 18) /* of one file */
#define NEEDED_MAX  64                /* libraries of one file */
#define ELF_MAX     ((off_t)1 << 30)

/* Calls that make a door through a library that binds and listens on its own. */
static const char *const servers[] = {
	"sd_listen_fds",
	"sd_listen_fds_with_names", /* libsystemd */
	"evconnlistener_new",
	"evconnlistener_new_bind",
	"evhttp_bind_socket", /* libevent */
	"evhttp_bind_socket_with_handle",
	"uv_listen",
	"uv_udp_bind",
	"uv_tcp_bind", /* libuv */
	"MHD_start_daemon",
	"lws_create_context",
	"zmq_bind",
	"httpAddrListen", /* ... libcups */
	"svc_tli_create",
	"svc_create",
	"svcudp_create",
	"svctcp_create",
	"svc_tp_create", /* libtirpc */
	"g_socket_listen",
	"g_socket_service_new",
	"g_socket_listener_new", /* gio */
	"g_threaded_socket_service_new",
	"soup_server_new",
	"soup_server_listen",
	"init_master_agent",
	"snmp_open",
	"ssh_bind_listen",
	"apr_socket_listen", /* net-snmp, libssh, apr */
	"apr_socket_bind",
	"avahi_server_new",
	"net_listen",
	"net_listen_full", /* avahi, dovecot */
	"isc_nm_listentcpdns",
	"isc_nm_listenudp",
	"ldap_pvt_thread_pool_init", /* bind, slapd */
	"vncserver_init",
	"rfbInitServerWithPthreadsAndZRLE",
	"_ZN10QTcpServer6listenERK12QHostAddresst",
	"_ZN10QUdpSocket4bindERK12QHostAddresst6QFlagsIN15QAbstractSocket8BindFlagEE",
};

/* Libraries that import listen(2) for somebody else's sake: their users are judged by the list above. */
static const char *const general[] = {
	"libc.",     "libpthread.",    "libcrypto.",     "libssl.",  "libgio-",    "libglib-",
	"libdbus-",  "libcurl",        "libsystemd",     "libudev.", "libX11.",    "libxcb.",
	"libtirpc.", "libgnutls.",     "libuv.",         "libev",    "libQt",      "libcups.",
	"libpcap.",  "libldap",        "libnl-",         "libmnl.",  "libkrb5",    "libgssapi",
	"libssh.",   "libavahi-",      "libapr-",        "libpq.",   "libstdc++.", "libm.",
	"libICE.",   "libSM.",         "libpython",      "libperl.", "libruby",    "libnetsnmp",
	"libzmq.",   "libmicrohttpd.", "libwebsockets.", "libsoup",  "libpulse",   "libpam.",
};

struct found {
	bool listen, bind, receive, server;
};

static void look_at_symbol(const char *name, struct found *f)
{
	static const char *const receives[] = { "recv",     "recvfrom",   "recvmsg",
						"recvmmsg", "__recv_chk", "__recvfrom_chk" };

	if (dw_streq(name, "listen"))
		f->listen = true;
	else if (dw_streq(name, "bind"))
		f->bind = true;
	for (size_t i = 0; i < DW_ARRAY_SIZE(receives) && !f->receive; i++)
		f->receive = dw_streq(name, receives[i]);
	for (size_t i = 0; i < DW_ARRAY_SIZE(servers) && !f->server; i++)
		f->server = dw_streq(name, servers[i]);
}

static Elf_Scn *section_of(Elf *elf, uint32_t type, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, ret) && ret->sh_type == type)
			return section;
	return NULL;
}

/* Go's programs call the kernel by themselves, also where they are linked with the C library for its resolver. */
static bool is_go(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &header)
					   ? elf_strptr(elf, names, header.sh_name)
					   : NULL;

		if (name && (dw_streq(name, ".go.buildinfo") || dw_streq(name, ".note.go.buildid")))
			return true;
	}
	return false;
}

/* What the file imports. False: it has no dynamic symbols (a static program, or stripped of its sections). */
static bool read_imports(Elf *elf, struct found *f)
{
	GElf_Shdr header;
	Elf_Scn *section = section_of(elf, SHT_DYNSYM, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	size_t n;

	if (!data || !header.sh_entsize)
		return false;
	n = DW_MIN(data->d_size / header.sh_entsize, SYMBOLS_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *name;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx != SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header.sh_link, symbol.st_name);
		if (name)
			look_at_symbol(name, f);
	}
	return true;
}

static void read_needed(Elf *elf, struct dw_arena *a, struct dw_strings *needed,
			const char **ret_runpath)
{
	GElf_Shdr header;
	Elf_Scn *section = section_of(elf, SHT_DYNAMIC, &header);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

	if (!data || !header.sh_entsize)
		return;
	for (size_t i = 0; i < data->d_size / header.sh_entsize && needed->n < NEEDED_MAX; i++) {
		const char *text;
		GElf_Dyn entry;

		if (!gelf_getdyn(data, (int)i, &entry) || entry.d_tag == DT_NULL)
			return;
		if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RUNPATH &&
		    entry.d_tag != DT_RPATH)
			continue;
		text = elf_strptr(elf, header.sh_link, (size_t)entry.d_un.d_val);
		if (text && entry.d_tag == DT_NEEDED)
			dw_vec_push(a, needed, dw_arena_strdup(a, text));
		else if (text)
			*ret_runpath = dw_arena_strdup(a, text);
	}
}

static bool is_general(const char *library)
{
	for (size_t i = 0; i < DW_ARRAY_SIZE(general); i++)
		if (dw_starts_with(library, general[i]))
			return true;
	return false;
}

/* Only the first word of a run path, and the places where distributions keep libraries. */
static int open_library(struct dw_sys *s, struct dw_arena *a, const char *name, const char *runpath)
{
	static const char *const dirs[] = { "/usr/lib64",
					    "/usr/lib",
					    "/lib64",
					    "/lib",
					    "/usr/local/lib",
					    "/usr/lib/x86_64-linux-gnu",
					    "/usr/lib/aarch64-linux-gnu",
					    "/usr/lib/arm-linux-gnueabihf",
					    "/usr/lib/i386-linux-gnu",
					    "/usr/lib/powerpc64le-linux-gnu",
					    "/usr/lib/s390x-linux-gnu",
					    "/usr/lib/riscv64-linux-gnu",
					    "/usr/lib/systemd" };

	if (strchr(name, '/'))
		return -EINVAL;
	if (runpath && *runpath == '/') {
		int fd = dw_sys_file_open(
			s, dw_arena_printf(a, "%.*s/%s", (int)strcspn(runpath, ":"), runpath, name),
			O_RDONLY | O_NONBLOCK, NULL);

		if (fd >= 0)
			return fd;
	}
	for (size_t i = 0; i < DW_ARRAY_SIZE(dirs); i++) {
		int fd = dw_sys_file_open(s, dw_arena_printf(a, "%s/%s", dirs[i], name),
					  O_RDONLY | O_NONBLOCK, NULL);

		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

static Elf *begin(int fd)
{
	struct stat st;
	Elf *elf;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > ELF_MAX)
		return NULL;
	/* read, not mapped: a file that shrinks under us must not raise SIGBUS */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		return elf;
	(void)elf_end(elf);
	return NULL;
}

/* A daemon that keeps its body in a library of its own (smbd, dovecot): that one is looked at too. */
static bool library_listens(struct dw_sys *s, struct dw_arena *a, const char *name,
			    const char *runpath)
{
	_cleanup_fd_ int fd = open_library(s, a, name, runpath);
	struct found f = { 0 };
	Elf *elf = fd >= 0 ? begin(fd) : NULL;

	if (!elf)
		return false;
	(void)read_imports(elf, &f);
	(void)elf_end(elf);
	return f.listen;
}

int dw_elf_may_listen(struct dw_sys *s, const char *path)
{
	_cleanup_arena_ struct dw_arena *a = dw_arena_new();
	_cleanup_fd_ int fd = dw_sys_file_open(s, path, O_RDONLY | O_NONBLOCK, NULL);
	struct dw_strings needed = { 0 };
	const char *runpath = NULL;
	struct found f = { 0 };
	bool dynamic, go;
	Elf *elf;

	if (fd < 0)
		return fd;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOTSUP;
	elf = begin(fd);
	if (!elf)
		return -ENOEXEC;
	dynamic = read_imports(elf, &f);
	go = is_go(elf);
	read_needed(elf, a, &needed, &runpath);
	(void)elf_end(elf);
	if (f.listen || f.server || (f.bind && f.receive))
		return 1;
	if (!dynamic || !needed.n || go)
		return -ENOTSUP;
	for (size_t i = 0; i < needed.n; i++)
		if (!is_general(needed.v[i]) && library_listens(s, a, needed.v[i], runpath))
			return 1;
	return 0;
}
