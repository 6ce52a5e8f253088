#include "doctor/doctor.h"
#include "base/tr.h"
#include "doctor/doctor_view.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEARD_MAX ((size_t)1 << 20)

static const char help[] =
    "usage: certauth doctor [OPTIONS]\n"
    "\n"
    "Check the whole set-up of this machine: configuration, permissions, the\n"
    "host certificate, CAs, CRLs, OCSP responses, timers, users file, registered\n"
    "certificates, the directory, PAM services, open sessions, signed passwords,\n"
    "sshd, verifier, clock, libcrypto.  For each finding it prints what is wrong,\n"
    "why that matters, and how to correct it.  It changes nothing.  Run it as root,\n"
    "because only root can read every file.\n"
    "\n"
    "  --config FILE        instead of /etc/certauth/certauth.conf\n"
    "  --pam-dir DIR        instead of /etc/pam.d\n"
    "  --sshd-config FILE   instead of /etc/ssh/sshd_config\n"
    "  --skip CHECK         skip a check (may be repeated): files host ca crl\n"
    "                       timer ocsp directory users ldap registered pam\n"
    "                       sessions password sshd verifier clock libcrypto\n"
    "  --json               print one JSON object\n"
    "\n"
    "Exit status: 0 no warnings or errors, 1 warnings, 2 errors.  certauth(1)\n"
    "lists the codes of the findings.\n"
    "\n"
    "Example:\n"
    "  certauth doctor --skip clock\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_doctor = {
    "doctor", N_("check the set-up of this machine"), help, run};

#define CA_KEYS "ca_dir intermediates_dir"
#define NCHECKS (sizeof checks / sizeof *checks)
static const struct {
	const char *name;
	void (*run)(struct ca_doctor *d);
	/* The keys that the check reads: it runs for each view that differs
	 * in them from every view before.  "": for each view.  NULL: once. */
	const char *keys;
	bool needs_cas; /* of d->ca */
} checks[] = {
    {"config", ca_doctor_keys, "", false},
    {"files", ca_doctor_files, "*", false},
    {"host", ca_doctor_host, "host_* warn_expiry rsa_pkcs1", false},
    {"ca", ca_doctor_cas, CA_KEYS " crl_exempt", false},
    {"crl", ca_doctor_crls, CA_KEYS " crl* revocation", true},
    {"timer", ca_doctor_timer, CA_KEYS " crl*", true},
    {"ocsp", ca_doctor_ocsp, CA_KEYS " users_* crl* revocation ocsp*", true},
    /* before those that look up accounts */
    {"directory", ca_doctor_directory, CA_KEYS " directory", true},
    {"users", ca_doctor_users, CA_KEYS " users*", true},
    {"ldap", ca_doctor_ldap, CA_KEYS " directory*", true},
    {"registered", ca_doctor_registered, "users*", false},
    {"pam", ca_doctor_pam, NULL, false},
    {"sessions", ca_doctor_sessions, NULL, false},
    {"password", ca_doctor_password, NULL, false},
    {"sshd", ca_doctor_sshd, NULL, false},
    {"verifier", ca_doctor_verifier, NULL, false},
    {"clock", ca_doctor_clock, NULL, false},
    {"libcrypto", ca_doctor_libcrypto, NULL, false},
};

/* ---- printing ---- */

static size_t
count(const struct ca_doctor *d, enum ca_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->v[i].level == level;
	return n;
}

static const char *
level_name(enum ca_level level)
{
	static const char *const names[] = {"note", "warning", "error"};

	return names[level];
}

static void
put_text(const struct ca_doctor *d, struct ca_buf *out)
{
	size_t errors = count(d, CA_LEVEL_ERROR);
	size_t warnings = count(d, CA_LEVEL_WARNING);

	for (size_t i = 0; i < d->n; i++) {
		const struct ca_finding *f = &d->v[i];

		ca_buf_fmt(out, "%s %s: ", level_name(f->level), f->id);
		ca_buf_printable(out, f->what, strlen(f->what));
		if (f->where != NULL) {
			ca_buf_str(out, " (in ");
			ca_buf_printable(out, f->where, strlen(f->where));
			ca_buf_str(out, ")");
		}
		ca_buf_fmt(out, "\n    why:  %s\n", f->why);
		if (f->mend != NULL) {
			ca_buf_str(out, "    mend: ");
			ca_buf_printable(out, f->mend, strlen(f->mend));
			ca_buf_str(out, "\n");
		}
	}
	ca_buf_fmt(out, "%zu error%s, %zu warning%s\n", errors,
	    errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

static void
put_json(const struct ca_doctor *d, struct ca_buf *out)
{
	/* certauth(1), JSON, says what a change of the number means */
	ca_buf_fmt(out,
	    "{\"schema\":1,\"errors\":%zu,\"warnings\":%zu,\"findings\":[",
	    count(d, CA_LEVEL_ERROR), count(d, CA_LEVEL_WARNING));
	for (size_t i = 0; i < d->n; i++) {
		const struct ca_finding *f = &d->v[i];

		ca_buf_fmt(out,
		    "%s{\"check\":\"%s\",\"code\":\"%s\","
		    "\"level\":\"%s\",\"what\":",
		    i > 0 ? "," : "", f->check, f->id, level_name(f->level));
		ca_buf_json(out, f->what, strlen(f->what));
		if (f->where != NULL) {
			ca_buf_str(out, ",\"where\":");
			ca_buf_json(out, f->where, strlen(f->where));
		}
		ca_buf_str(out, ",\"why\":");
		ca_buf_json(out, f->why, strlen(f->why));
		if (f->mend != NULL) {
			ca_buf_str(out, ",\"mend\":");
			ca_buf_json(out, f->mend, strlen(f->mend));
		}
		ca_buf_str(out, "}");
	}
	ca_buf_str(out, "]}\n");
}

static int
print(const struct ca_doctor *d, bool json)
{
	struct ca_buf out = CA_BUF_INIT((size_t)256 << 20);
	const char *text;

	if (json)
		put_json(d, &out);
	else
		put_text(d, &out);
	text = ca_buf_text(&out);
	bool bad =
	    text == NULL || fputs(text, stdout) == EOF || fflush(stdout) != 0;
	ca_buf_free(&out);
	if (bad)
		return ca_cli_fail("cannot write the findings");
	if (count(d, CA_LEVEL_ERROR) > 0)
		return 2;
	return count(d, CA_LEVEL_WARNING) > 0 ? 1 : 0;
}

/* ---- options ---- */

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"pam-dir", required_argument, NULL, 'p'},
    {"sshd-config", required_argument, NULL, 's'},
    {"skip", required_argument, NULL, 'x'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int
skip(bool skipped[NCHECKS], const char *name)
{
	for (size_t i = 0; i < NCHECKS; i++)
		if (strcmp(checks[i].name, name) == 0) {
			skipped[i] = true;
			return CA_EXIT_OK;
		}
	struct ca_buf all = CA_BUF_INIT(1024);
	for (size_t i = 0; i < NCHECKS; i++)
		ca_buf_fmt(&all, "%s%s", i > 0 ? ", " : "", checks[i].name);
	const char *text = ca_buf_text(&all);
	int status = ca_cli_usage(&ca_cmd_doctor,
	    "there is no check %s; the checks are %s", name,
	    text != NULL ? text : "?");
	ca_buf_free(&all);
	return status;
}

static int
parse_args(struct ca_doctor *d, bool skipped[NCHECKS], bool *json, int argc,
    char **argv)
{
	int c, status;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			d->config = optarg;
			break;
		case 'p':
			d->pam_dir = optarg;
			break;
		case 's':
			d->sshd_config = optarg;
			break;
		case 'x':
			if ((status = skip(skipped, optarg)) != CA_EXIT_OK)
				return status;
			break;
		case 'j':
			*json = true;
			break;
		default:
			return ca_cli_usage(&ca_cmd_doctor,
			    "%s: unknown option, or its value is missing",
			    argv[optind - 1]);
		}
	}
	if (optind < argc)
		return ca_cli_usage(
		    &ca_cmd_doctor, "certauth doctor takes no arguments");
	return CA_EXIT_OK;
}

static void
clear(struct ca_doctor *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].what);
		free(d->v[i].mend);
		free(d->v[i].where);
	}
	free(d->v);
	ca_doctor_cas_clear(d);
	ca_buf_free(&d->heard);
	ca_doctor_views_clear(d);
	ca_crypto_free(d->crypto);
}

/* ---- the checks ---- */

static void
run_check(struct ca_doctor *d, size_t c)
{
	d->check = checks[c].name;
	checks[c].run(d);
	ca_buf_reset(&d->heard);
}

/* Did no view before number v have the same values for this check? */
static bool
is_new(const struct ca_doctor *d, size_t c, size_t v)
{
	for (size_t i = 0; i < v && checks[c].keys[0] != '\0'; i++)
		if (strcmp(d->views[i]->file, d->views[v]->file) == 0 &&
		    ca_doctor_view_same(
			d->views[i], d->views[v], checks[c].keys))
			return false;
	return true;
}

static void
check_view(struct ca_doctor *d, const bool skipped[NCHECKS], size_t v)
{
	bool read = false;

	d->view = d->views[v];
	d->cfg = d->view->cfg;
	for (size_t c = 0; c < NCHECKS; c++) {
		if (checks[c].keys == NULL || skipped[c] || !is_new(d, c, v))
			continue;
		if (checks[c].needs_cas && !read) {
			/* the check of CAs was skipped, or is done */
			d->quiet = true;
			ca_doctor_cas_clear(d);
			ca_doctor_cas(d);
			d->quiet = false;
		}
		if (checks[c].run == ca_doctor_cas)
			ca_doctor_cas_clear(d);
		run_check(d, c);
		read = read || checks[c].needs_cas ||
		       checks[c].run == ca_doctor_cas;
	}
	d->view = NULL;
	d->cfg = NULL;
}

static void
check_all(struct ca_doctor *d, const bool skipped[NCHECKS])
{
	d->check = "config";
	ca_doctor_views(d);
	for (size_t v = 0; v < d->nviews; v++)
		check_view(d, skipped, v);
	for (size_t c = 0; c < NCHECKS; c++)
		if (checks[c].keys == NULL && !skipped[c])
			run_check(d, c);
}

/* The module takes absolute paths only.  False: the path is too long. */
static bool
make_absolute(struct ca_doctor *d, char full[PATH_MAX])
{
	char here[PATH_MAX];

	if (d->config == NULL || d->config[0] == '/')
		return true;
	if (getcwd(here, sizeof here) == NULL ||
	    snprintf(full, PATH_MAX, "%s/%s", here, d->config) >= PATH_MAX)
		return false;
	d->config = full;
	return true;
}

static int
run(int argc, char **argv)
{
	struct ca_doctor d = {.pam_dir = "/etc/pam.d",
	    .sshd_config = "/etc/ssh/sshd_config",
	    .heard = CA_BUF_INIT(HEARD_MAX),
	    .now = time(NULL)};
	bool skipped[NCHECKS] = {false}, json = false;
	char config[PATH_MAX];
	int status = parse_args(&d, skipped, &json, argc, argv);

	if (status != CA_EXIT_OK)
		return status;
	if (!make_absolute(&d, config))
		return ca_cli_fail("%s: the path is too long", d.config);
	ca_doctor_listen(&d);
	if (ca_crypto_new(&d.crypto) != CA_OK) {
		clear(&d);
		return ca_cli_fail("libcrypto cannot be initialised");
	}
	for (size_t c = 0; c < NCHECKS; c++) {
		if (checks[c].run == ca_doctor_pam)
			d.no_pam = skipped[c];
		if (checks[c].run == ca_doctor_keys)
			skipped[c] = false;
	}
	check_all(&d, skipped);
	status = print(&d, json);
	clear(&d);
	return status;
}
