/*
 * doctor: certauth-verifier.  Its program and its user, its socket and who answers
 * there, what the kernel has to confine it, and which files the module must open for
 * it.  A request is made by each way that a module has.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"

#include <linux/seccomp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module/rootpath.h"
#include "module/verifier.h"

#define VERIFIER_USER "_certauth"
#define SOCKET_UNIT "certauth-verifier.socket"

/* ---- the program and its user ---- */

static void
check_program(struct ca_doctor *d)
{
	int fd = -1;

	if (ca_spawn_open(ca_verifier_program, &d->log, &fd) == CA_OK)
		(void)close(fd);
	else
		ca_doctor_heard(d, CA_F_VERIFIER_PROGRAM, CA_LEVEL_ERROR,
		    ca_verifier_program,
		    "install the package of the verifier again, or run: make "
		    "install");
	ca_buf_reset(&d->heard);
}

static void
check_user(struct ca_doctor *d)
{
	const struct passwd *pw = getpwnam(VERIFIER_USER);

	if (pw == NULL) {
		ca_doctor_find(d, CA_F_VERIFIER_USER, CA_LEVEL_ERROR,
		    "user " VERIFIER_USER " does not exist");
		ca_doctor_mend(d,
		    "systemd-sysusers, or useradd --system --no-create-home "
		    "--home-dir / --shell /usr/sbin/nologin " VERIFIER_USER);
	} else if (pw->pw_uid == 0 || pw->pw_gid == 0) {
		ca_doctor_find(d, CA_F_VERIFIER_USER, CA_LEVEL_ERROR,
		    "user " VERIFIER_USER " has root's user or group id");
		ca_doctor_mend(d,
		    "give user " VERIFIER_USER " ids of its own in /etc/passwd "
		    "and /etc/group");
	}
}

/* ---- a login ---- */

/* Make a request by that way.  The configuration may have a mistake: the answer says
 * so, and it is an answer. */
static void
try_request(struct ca_doctor *d, enum ca_verifier_way way)
{
	char config[4200];
	struct ca_verifier_args args = {.way = way};
	struct ca_verifier v;
	struct ca_op_answer answer;
	struct ca_op_body body = {.user = "root", .now = (uint64_t)d->now};

	if (d->config != NULL) {
		(void)snprintf(config, sizeof config, "config=%s", d->config);
		args.argv.v[args.argv.n++] = config;
		args.own = true;
	}
	ca_buf_reset(&d->heard);
	ca_verifier_init(&v, &args, &d->log, "certauth-doctor");
	enum ca_err rc = ca_verifier_ask(&v, CA_OP_REQUEST, &body, &answer);
	ca_verifier_clear(&v);
	if (rc != CA_OK)
		ca_doctor_heard(d, CA_F_VERIFIER_LOGIN,
		    way == CA_VERIFIER_SPAWN ? CA_LEVEL_ERROR
					     : CA_LEVEL_WARNING,
		    way == CA_VERIFIER_SPAWN
			? "a verifier that was started answered no request"
			: "the resident verifier answered no request",
		    way == CA_VERIFIER_SPAWN
			? "correct the other findings about the verifier; "
			  "dmesg shows a worker that a filter has killed"
			: "journalctl -u certauth-verifier; systemctl restart "
			  "certauth-verifier.service");
	ca_buf_reset(&d->heard);
}

/* ---- the socket ---- */

static bool
has_systemd(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

/* The first directory of the path that only root may change, and is not so. */
static bool
find_open_directory(struct ca_doctor *d)
{
	char part[sizeof CA_OP_SOCKET + 64];
	const char *wrong;

	for (const char *p = ca_verifier_socket;
	     (p = strchr(p, '/')) != NULL && p[1] != '\0'; p++) {
		(void)snprintf(part, sizeof part, "%.*s",
		    (int)(p - ca_verifier_socket) + 1, ca_verifier_socket);
		wrong = ca_rootpath_distrust(part);
		if (wrong == NULL || strcmp(wrong, "does not exist") == 0)
			continue;
		ca_doctor_find(d, CA_F_VERIFIER_SOCKET, CA_LEVEL_WARNING,
		    "directory %s, above the verifier's socket, %s", part,
		    wrong);
		ca_doctor_mend(d, "chown root %s; chmod go-w %s", part, part);
		return true;
	}
	return false;
}

/* False: the module does not use the socket, which was recorded. */
static bool
check_socket_file(struct ca_doctor *d)
{
	const char *wrong = NULL;
	struct stat st;

	if (find_open_directory(d))
		return false;
	if (lstat(ca_verifier_socket, &st) != 0) {
		ca_doctor_find(d, CA_F_VERIFIER_SOCKET,
		    has_systemd() ? CA_LEVEL_WARNING : CA_LEVEL_NOTE,
		    "there is no socket %s, so each login starts a verifier of "
		    "its own",
		    ca_verifier_socket);
		ca_doctor_mend(d, "%s",
		    has_systemd()
			? "systemctl enable --now " SOCKET_UNIT
			: "to have a resident verifier without systemd, run "
			  "certauth-verifier --listen as root under the "
			  "supervisor of this machine");
		return false;
	}
	if (!S_ISSOCK(st.st_mode))
		wrong = "is not a socket";
	else if (st.st_uid != 0)
		wrong = "is not root's";
	else if ((st.st_mode & S_IWOTH) == 0)
		wrong = "cannot be used by all users, so screen lockers start "
			"a verifier of their own";
	if (wrong == NULL)
		return true;
	ca_doctor_find(d, CA_F_VERIFIER_SOCKET, CA_LEVEL_WARNING, "%s %s",
	    ca_verifier_socket, wrong);
	ca_doctor_mend(d, "%s",
	    st.st_uid == 0 && S_ISSOCK(st.st_mode)
		? "chmod 666 " CA_OP_SOCKET
		: "systemctl stop " SOCKET_UNIT "; rm " CA_OP_SOCKET
		  "; systemctl start " SOCKET_UNIT);
	return st.st_uid == 0 && S_ISSOCK(st.st_mode);
}

static void
check_socket(struct ca_doctor *d)
{
	struct ca_verifier_args args = {.way = CA_VERIFIER_RESIDENT};
	struct ucred peer = {0};
	socklen_t len = sizeof peer;
	struct ca_verifier v;
	int fd = -1;

	if (!check_socket_file(d))
		return;
	ca_buf_reset(&d->heard);
	ca_verifier_init(&v, &args, &d->log, "certauth-doctor");
	enum ca_err rc = ca_verifier_connect(&v, &fd);
	if (rc == CA_OK &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		ca_doctor_find(d, CA_F_VERIFIER_SOCKET, CA_LEVEL_NOTE,
		    "a verifier answers at %s with version %d of the messages; "
		    "process %ld of user id %u listens there",
		    ca_verifier_socket, CA_OP_VERSION, (long)peer.pid,
		    (unsigned)peer.uid);
	else
		ca_doctor_heard(d, CA_F_VERIFIER_SOCKET, CA_LEVEL_WARNING,
		    "no verifier answers at " CA_OP_SOCKET,
		    "systemctl restart " SOCKET_UNIT
		    "; journalctl -u certauth-verifier");
	if (fd >= 0)
		(void)close(fd);
	ca_verifier_clear(&v);
	if (rc == CA_OK)
		try_request(d, CA_VERIFIER_RESIDENT);
}

/* ---- the kernel ---- */

static bool
has_landlock(void)
{
#ifdef SYS_landlock_create_ruleset
	return syscall(SYS_landlock_create_ruleset, NULL, 0UL, 1U) > 0;
#else
	return syscall(444, NULL, 0UL, 1U) > 0;
#endif
}

static bool
has_seccomp(void)
{
	unsigned action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0;
}

static void
check_kernel(struct ca_doctor *d)
{
	const bool has[] = {has_landlock(), has_seccomp()};
	static const char *const names[] = {"Landlock", "seccomp filters"};
	bool must = false;

	for (size_t i = 0; i < d->nviews; i++)
		must =
		    must || d->views[i]->cfg->confine == CA_CONFINEMENT_REQUIRE;
	for (size_t i = 0; i < 2; i++) {
		if (has[i])
			continue;
		ca_doctor_find(d, CA_F_VERIFIER_KERNEL,
		    must ? CA_LEVEL_ERROR : CA_LEVEL_NOTE,
		    "this kernel, or a sandbox around this process, has no %s",
		    names[i]);
		ca_doctor_mend(d, "%s",
		    must ? "set confine = prefer, or use a kernel that has it"
			 : "use a kernel that has it (Landlock: Linux 5.13, "
			   "with landlock in the list lsm=)");
	}
}

/* ---- files ---- */

static void
check_files(struct ca_doctor *d)
{
	for (size_t v = 0; v < d->nviews; v++) {
		const struct ca_config *cfg = d->views[v]->cfg;
		const char *path[] = {d->views[v]->file, cfg->ca_dir,
		    cfg->intermediates_dir, cfg->crl_dir, cfg->users,
		    cfg->users_dir,
		    cfg->directory == CA_DIRECTORY_LDAP ? cfg->directory_index
							: NULL,
		    cfg->host_cert,
		    cfg->revocation == CA_SOURCES_CRL ? NULL : cfg->ocsp_dir};

		d->view = d->views[v];
		for (size_t i = 0; i < sizeof path / sizeof path[0]; i++)
			if (path[i] != NULL && path[i][0] == '/')
				ca_doctor_verifier_reads(d, path[i]);
	}
	d->view = NULL;
}

void
ca_doctor_verifier(struct ca_doctor *d)
{
	check_program(d);
	check_user(d);
	check_socket(d);
	check_kernel(d);
	check_files(d);
	if (geteuid() != 0 || getpwnam(VERIFIER_USER) != NULL)
		try_request(d, CA_VERIFIER_SPAWN);
}
