/*
 * certauth ssh: the real ssh, with certauth as its askpass.
 */
#include "client/ssh.h"
#include "base/tr.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/pending.h"
#include "client/sshrun.h"
#include "client/sshway.h"
#include "client/terminal.h"

/* ---- the askpass program: a link to this one, known by its name ---- */

static bool
self(char path[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (len <= 0)
		return false;
	path[len] = '\0';
	return true;
}

/* The installed link, beside this program. */
static bool
installed_askpass(const char *exe, struct ca_buf *out)
{
	const char *slash = strrchr(exe, '/');

	ca_buf_put(out, exe, (size_t)(slash - exe));
	ca_buf_str(out, "/" CA_ASKPASS_NAME);
	const char *path = ca_buf_text(out);
	if (path != NULL && access(path, X_OK) == 0)
		return true;
	ca_buf_reset(out);
	return false;
}

/* SSH_ASKPASS names a program without arguments, hence the link. */
static enum ca_err
askpass_program(const struct ca_log *log, struct ca_buf *out)
{
	enum ca_err rc;
	char exe[PATH_MAX], old[PATH_MAX];
	int dir;

	if (!self(exe))
		return CA_ERR_IO;
	if (installed_askpass(exe, out))
		return CA_OK;
	if ((rc = ca_pending_open(log, 0, out, &dir)) != CA_OK)
		return rc;
	ssize_t len = readlinkat(dir, CA_ASKPASS_NAME, old, sizeof old);
	if (len < 0 || (size_t)len != strlen(exe) ||
	    memcmp(old, exe, (size_t)len) != 0) {
		(void)unlinkat(dir, CA_ASKPASS_NAME, 0);
		if (symlinkat(exe, dir, CA_ASKPASS_NAME) != 0 &&
		    errno != EEXIST)
			rc = CA_ERR_IO;
	}
	(void)close(dir);
	ca_buf_str(out, "/" CA_ASKPASS_NAME);
	return rc != CA_OK ? rc : ca_buf_err(out);
}

/* ---- the environment ---- */

static bool
put_env(const char *name, const char *value)
{
	return (value != NULL ? setenv(name, value, 1) : unsetenv(name)) == 0;
}

/* Keep the askpass that was set before, unless it is this one already. */
static bool
keep_askpass(const char *own)
{
	const char *had = getenv("SSH_ASKPASS");
	const char *require = getenv("SSH_ASKPASS_REQUIRE");
	const char *slash = had != NULL ? strrchr(had, '/') : NULL;

	if (had == NULL || had[0] == '\0' || strcmp(had, own) == 0 ||
	    strcmp(slash != NULL ? slash + 1 : had, CA_ASKPASS_NAME) == 0)
		return true;
	return put_env(CA_ENV_ASKPASS, had) &&
	       put_env(CA_ENV_FIRST,
		   require != NULL && (strcmp(require, "force") == 0 ||
					  strcmp(require, "prefer") == 0)
		       ? "1"
		       : NULL);
}

static bool
put_environment(const struct ca_log *log, struct ca_ssh_way *way, int version)
{
	struct ca_buf own = CA_BUF_INIT(8192);
	const char *hosts = ca_buf_text(&way->hosts);
	const char *logins = ca_buf_text(&way->logins);
	bool ok = false;

	if (hosts == NULL || logins == NULL ||
	    askpass_program(log, &own) != CA_OK || ca_buf_text(&own) == NULL)
		goto out;
	ok = put_env(CA_ENV_HOSTS, hosts) && put_env(CA_ENV_USER, logins) &&
	     put_env(CA_ENV_PROXY, way->proxy ? "1" : NULL) &&
	     put_env(
		 CA_ENV_PREFIX, version >= CA_SSH_PREFIX_SINCE ? "1" : "0") &&
	     keep_askpass(ca_buf_text(&own)) &&
	     put_env("SSH_ASKPASS", ca_buf_text(&own)) &&
	     put_env("SSH_ASKPASS_REQUIRE", "force");
	/* before 8.4 ssh used askpass only if there was a display */
	if (ok && version < CA_SSH_REQUIRE_SINCE && getenv("DISPLAY") == NULL)
		ok = put_env("DISPLAY", ":none");
out:
	ca_buf_free(&own);
	return ok;
}

/* ---- the command ---- */

/* `--cert FILE' and the like.  Returns how many arguments it took; 0: it is not
 * an option of `certauth ssh'; -1: its value is missing. */
static int
own_option(char *const *argv)
{
	static const struct {
		const char *name, *env;
		bool flag;
	} options[] = {{"--cert", CA_ENV_CERT, false},
	    {"--key", CA_ENV_KEY, false}, {"--p12", CA_ENV_P12, false},
	    {"--registered", CA_ENV_REGISTERED, true}};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		if (strcmp(argv[0], options[i].name) != 0)
			continue;
		if (options[i].flag)
			return put_env(options[i].env, "1") ? 1 : -1;
		if (argv[1] == NULL)
			return -1;
		/* askpass may be started in another directory */
		char *path = argv[1][0] == '/' ||
				     strchr(argv[1], ':') != NULL ||
				     strcmp(argv[1], "agent") == 0
				 ? strdup(argv[1])
				 : realpath(argv[1], NULL);
		bool ok =
		    put_env(options[i].env, path != NULL ? path : argv[1]);
		free(path);
		return ok ? 2 : -1;
	}
	return 0;
}

static void
warn_about(
    const struct ca_log *log, const struct ca_ssh_host *host, int version)
{
	if (host->batch)
		ca_log_warning(log,
		    "warning: BatchMode is on for this host, so ssh does not "
		    "try keyboard-interactive authentication, which a login "
		    "by certificate needs. `sftp -b' and `scp -B' turn "
		    "BatchMode on; use `sftp -oBatchMode=no -b', and scp "
		    "without -B");
	else if (!host->keyboard)
		ca_log_warning(log,
		    "warning: keyboard-interactive authentication, which a "
		    "login by certificate needs, is off for this host "
		    "(KbdInteractiveAuthentication or PreferredAuthentications "
		    "in the configuration or the options of ssh). For ansible, "
		    "set both in ssh_args");
	if (version < CA_SSH_REQUIRE_SINCE)
		ca_log_warning(log,
		    "warning: this ssh is older than OpenSSH 8.4 and may ask "
		    "on the terminal; if it does, paste the line into "
		    "`certauth sign --pieces'");
}

/* There is nobody to ask: no terminal, and no other askpass program. */
static bool
alone(const struct ca_ssh_host *host)
{
	static const struct ca_log quiet = {NULL, NULL, false};
	struct ca_client_conf *conf = NULL;
	bool other = getenv(CA_ENV_ASKPASS) != NULL;

	if (other || ca_terminal_present())
		return false;
	/* certauth-askpass reports a mistake in the configuration */
	if (ca_client_conf_load((const char *const *)host->names.v,
		host->names.n, &quiet, &conf) == CA_OK)
		other = conf->askpass != NULL;
	ca_client_conf_free(conf);
	return !other;
}

/* Returns the exit status; CA_EXIT_OK: ssh may be started.  *once: a failed
 * login would fail again, since nobody is there to answer otherwise. */
static int
prepare(const struct ca_log *log, char *const *argv, bool *once)
{
	struct ca_ssh_way way = CA_SSH_WAY(log);
	struct ca_ssh_host host;
	int status = CA_EXIT_OK;

	/* if ssh rejects its arguments, let ssh say so */
	if (ca_ssh_resolve(argv, &host) != CA_OK)
		return status;
	int version = ca_ssh_version();
	warn_about(log, &host, version);
	enum ca_err rc = ca_ssh_way_find(&way, argv, version, &host);
	if (rc == CA_DENIED)
		status = CA_EXIT_NO;
	else if (rc != CA_OK)
		status = ca_cli_fail(
		    "cannot resolve the hosts: %s", _(ca_err_text(rc)));
	else if (!put_environment(log, &way, version))
		status =
		    ca_cli_fail("cannot set up askpass: %s", strerror(errno));
	else
		*once = host.tries && alone(&host);
	ca_ssh_way_clear(&way);
	ca_ssh_host_clear(&host);
	return status;
}

static int
start(char *const *argv)
{
	struct ca_log log = ca_cli_log(false);
	bool once = false;
	int status = prepare(&log, argv, &once);

	return status != CA_EXIT_OK ? status : ca_ssh_run(argv, once);
}

int
ca_ssh_by_name(char *const *argv)
{
	return start(argv + 1);
}

static int
run(int argc, char **argv)
{
	int took, at = 1;

	while (at < argc && (took = own_option(argv + at)) != 0) {
		if (took < 0)
			return ca_cli_usage(
			    &ca_cmd_ssh, "%s needs a value", argv[at]);
		at += took;
	}
	if (at == argc)
		return ca_cli_usage(&ca_cmd_ssh, "give a host");
	return start(argv + at);
}

const struct ca_command ca_cmd_ssh = {"ssh",
    N_("log in by ssh with a certificate"),
    N_("usage: certauth ssh [OPTIONS] SSH ARGUMENTS...\n"
       "\n"
       "Runs the real ssh with certauth as its askpass: prompts of pam_certauth\n"
       "are answered after the client rules are checked; every other question\n"
       "goes to the terminal, or to the SSH_ASKPASS that was set before.\n"
       "\n"
       "  --cert FILE     certificate (PEM or DER), with intermediates in any order\n"
       "  --key KEY       FILE in PEM, `agent', or a PKCS#11 URI (pkcs11:...)\n"
       "  --p12 FILE      certificate and key in a PKCS#12 file\n"
       "  --registered    send no certificate: the host has it registered\n"
       "\n"
       "Give these before the arguments for ssh.  Set their defaults, also for\n"
       "single hosts, in ~/.config/certauth/config.  CERTAUTH_SSH names the ssh\n"
       "to run; without it, ssh is searched in PATH.  certauth-ssh is the same\n"
       "command in one word, without options of its own, for other programs:\n"
       "\n"
       "  certauth ssh web1\n"
       "  scp -S certauth-ssh file web1:\n"
       "  GIT_SSH=certauth-ssh git pull\n"
       "  rsync -e certauth-ssh file web1:\n"),
    run, true};
