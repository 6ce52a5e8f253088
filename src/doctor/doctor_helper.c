/*
 * doctor: the helper, and its confinement.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "confine/program.h"

bool
ca_doctor_by_command(const struct ca_config *cfg)
{
	return cfg->proof[0] == CA_PROOF_COMMAND ||
	       cfg->proof[1] == CA_PROOF_COMMAND;
}

static bool
host_by_token(const struct ca_config *cfg)
{
	return cfg->host_key != NULL && cfg->host_key[0] != '/';
}

static void
check_program(struct ca_doctor *d)
{
	if (access(d->cfg->helper, X_OK) == 0)
		return;
	int saved = errno;
	const char *origin = ca_doctor_origin(d, "helper proof");
	ca_doctor_find(d, CA_F_HELPER, CA_LEVEL_ERROR,
	    "the helper %s of %s cannot be executed: %s", d->cfg->helper,
	    origin, strerror(saved));
	ca_doctor_drop_where(d);
	ca_doctor_mend(d,
	    "set helper in %s to the path of the installed certauth-sign or "
	    "certauth (`command -v certauth' prints it), or remove the key if "
	    "certauth is installed in its usual place",
	    origin);
}

static void
check_kernel(struct ca_doctor *d)
{
	int lacks = ca_confine_program_lacks();

	if (d->cfg->helper_confine == CA_CONFINED_NO) {
		const char *origin = ca_doctor_origin(d, "helper_confine");
		ca_doctor_find(d, CA_F_HELPER_CONFINED, CA_LEVEL_WARNING,
		    "%s sets helper_confine = no", origin);
		ca_doctor_drop_where(d);
		ca_doctor_mend(d,
		    "remove helper_confine from %s, and list in helper_write what "
		    "the tokens of root and of the host must change",
		    origin);
		return;
	}
	if (lacks == 0)
		return;
	ca_doctor_find(d, CA_F_HELPER_CONFINED, CA_LEVEL_WARNING,
	    "this kernel, or a sandbox around this program, has no %s",
	    lacks == (CA_CONFINE_NO_LANDLOCK | CA_CONFINE_NO_SECCOMP)
		? "Landlock and no filters of system calls"
	    : lacks == CA_CONFINE_NO_LANDLOCK ? "Landlock"
					      : "filters of system calls");
	ca_doctor_mend(d,
	    "use Linux 5.13 or later, with landlock in the list that "
	    "/sys/kernel/security/lsm has (boot option lsm=)");
}

/* ---- PKCS#11 modules that need more than to read ---- */

#define FILE_MAX 65536

/* The value of a line `key = value' or `key: value', to be freed; NULL: none. */
static char *
value_in(const char *path, const char *key)
{
	struct ca_buf text = CA_BUF_INIT(FILE_MAX);
	char *value = NULL, *rest, *line;

	if (ca_file_read(AT_FDCWD, path, FILE_MAX, &text) == CA_OK &&
	    (rest = ca_buf_take(&text, NULL)) != NULL) {
		char *all = rest;

		while (value == NULL && (line = strsep(&rest, "\n")) != NULL) {
			size_t n = strlen(key);

			line += strspn(line, " \t");
			/* a prefix: NOLINTNEXTLINE(bugprone-not-null-*) */
			if (strncmp(line, key, n) != 0)
				continue;
			n += strspn(line + n, " \t");
			if (line[n] != '=' && line[n] != ':')
				continue;
			n += 1 + strspn(line + n + 1, " \t");
			line[n + strcspn(line + n, " \t\r")] = '\0';
			value = strdup(line + n);
		}
		free(all);
	}
	ca_buf_free(&text);
	return value;
}

/* Where SoftHSM has its tokens, to be freed; NULL: unknown. */
static char *
softhsm_dir(void)
{
	char *dir =
	    value_in("/etc/softhsm/softhsm2.conf", "directories.tokendir");

	return dir != NULL
		   ? dir
		   : value_in("/etc/softhsm2.conf", "directories.tokendir");
}

static const struct need {
	const char *module; /* a part of its file's name */
	const char *path;   /* that it changes; NULL: see below */
	bool network;
	enum ca_level level; /* a note: to sign, reading is enough */
} needs[] = {
    {"libsofthsm2", NULL, false, CA_LEVEL_NOTE},
    {"tpm2_pkcs11", "/etc/tpm2_pkcs11", false, CA_LEVEL_WARNING},
    {"opencryptoki", "/var/lib/opencryptoki", false, CA_LEVEL_WARNING},
    {"yubihsm_pkcs11", NULL, true, CA_LEVEL_WARNING},
    {"cloudhsm_pkcs11", NULL, true, CA_LEVEL_WARNING},
    {"libCryptoki2", NULL, true, CA_LEVEL_WARNING},
    {"libcknfast", NULL, true, CA_LEVEL_WARNING},
};

/* A path of helper_write is dir, or above it. */
static bool
may_write(const struct ca_config *cfg, const char *dir)
{
	for (size_t i = 0; i < cfg->helper_write.n; i++) {
		const char *path = cfg->helper_write.v[i];
		size_t n = strlen(path);

		while (n > 1 && path[n - 1] == '/')
			n--;
		if (strncmp(path, dir, n) == 0 &&
		    (n == 1 || dir[n] == '\0' || dir[n] == '/'))
			return true;
	}
	return false;
}

static void
find_store(struct ca_doctor *d, const struct need *need, const char *module)
{
	char *own = need->path == NULL && !need->network ? softhsm_dir() : NULL;
	const char *dir = own != NULL ? own : need->path;

	if (need->network && d->cfg->helper_confine == CA_CONFINED_YES) {
		ca_doctor_find(d, CA_F_HELPER_STORE, need->level,
		    "the PKCS#11 module %s uses the network", module);
		ca_doctor_mend(d,
		    "set helper_confine = network in %s, if root logs in by its "
		    "tokens or they have the host's key",
		    d->view->file);
	} else if (dir != NULL && !may_write(d->cfg, dir)) {
		ca_doctor_find(d, CA_F_HELPER_STORE, need->level,
		    "the PKCS#11 module %s changes files in %s", module, dir);
		ca_doctor_mend(d,
		    "%sset helper_write = %s in %s, if root logs in by its tokens "
		    "or they have the host's key",
		    need->level == CA_LEVEL_NOTE
			? "nothing, if the tokens need only sign; otherwise "
			: "",
		    dir, d->view->file);
	}
	free(own);
}

static void
check_module(struct ca_doctor *d, const char *module)
{
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
		if (strstr(module, needs[i].module) != NULL)
			find_store(d, &needs[i], module);
}

/* The modules of p11-kit's configuration of the system. */
static void
check_modules(struct ca_doctor *d)
{
	static const char *const pattern[] = {
	    "/usr/share/p11-kit/modules/*.module",
	    "/etc/pkcs11/modules/*.module"};
	glob_t found;

	for (size_t p = 0; p < sizeof pattern / sizeof pattern[0]; p++) {
		if (glob(pattern[p], 0, NULL, &found) != 0)
			continue;
		for (size_t i = 0; i < found.gl_pathc; i++) {
			char *module = value_in(found.gl_pathv[i], "module");

			if (module != NULL)
				check_module(d, module);
			free(module);
		}
		globfree(&found);
	}
}

/* Of the applications that ask at the machine, sudo alone passes PAM_SILENT by
 * itself; su, login, polkit and screen lockers do not. */
static void
check_silent(struct ca_doctor *d)
{
	const char *service = d->view->service;

	if (!d->view->line || d->cfg->silent == CA_SILENT_IGNORE ||
	    (strcmp(service, "sudo") != 0 && strcmp(service, "sudo-i") != 0))
		return;
	ca_doctor_find(d, CA_F_HELPER_SILENT, CA_LEVEL_NOTE,
	    "the service %s uses tokens by proof = command, and has silent = "
	    "honour",
	    service);
	ca_doctor_mend(
	    d, "set silent = ignore in [%s] of %s", service, d->view->file);
}

void
ca_doctor_helper(struct ca_doctor *d)
{
	bool command = ca_doctor_by_command(d->cfg);
	bool tokens = (command && d->cfg->pkcs11) || host_by_token(d->cfg);

	if (command)
		check_program(d);
	if (command && d->cfg->pkcs11)
		check_silent(d);
	if (!tokens)
		return;
	check_kernel(d);
	if (d->cfg->helper_confine != CA_CONFINED_NO)
		check_modules(d);
}
