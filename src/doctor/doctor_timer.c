/*
 * doctor: the timers that fetch CRLs and OCSP responses.
 */
#include "doctor/doctor.h"
#include "crladmin/crlbook.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMER "certauth-crl-update.timer"
#define OCSP_TIMER "certauth-ocsp-update.timer"

extern char **environ;

static bool
has_address(const struct ca_doctor *d)
{
	char path[4096];

	for (size_t i = 0; i < d->ncas; i++)
		if (X509_get_ext_by_NID(
			d->ca[i].cert, NID_crl_distribution_points, -1) >= 0)
			return true;
	/* addresses that were learnt from other certificates */
	(void)snprintf(
	    path, sizeof path, "%s/" CA_CRLADMIN_BOOK_NAME, d->cfg->crl_dir);
	return d->cfg->crl_url.n > 0 || access(path, F_OK) == 0;
}

bool
ca_doctor_timer_inactive(const char *timer)
{
	const char *const argv[] = {
	    "systemctl", "is-active", "--quiet", timer, NULL};
	posix_spawn_file_actions_t quiet;
	int status = 0;
	pid_t pid;

	if (access("/run/systemd/system", F_OK) != 0 ||
	    posix_spawn_file_actions_init(&quiet) != 0)
		return false;
	(void)posix_spawn_file_actions_addopen(
	    &quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_adddup2(
	    &quiet, STDOUT_FILENO, STDERR_FILENO);
	int rc = posix_spawnp(&pid, argv[0], &quiet, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&quiet);
	return rc == 0 && waitpid(pid, &status, 0) == pid &&
	       !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void
ca_doctor_timer(struct ca_doctor *d)
{
	if (d->cfg->crl == CA_CRL_OFF || !has_address(d) ||
	    !ca_doctor_timer_inactive(TIMER))
		return;
	ca_doctor_find(d, CA_F_CRL_TIMER, CA_LEVEL_WARNING,
	    "addresses of CRLs are known, but " TIMER " is not active");
	ca_doctor_mend(d, "systemctl enable --now " TIMER);
}

void
ca_doctor_ocsp_timer(struct ca_doctor *d)
{
	if (!ca_doctor_timer_inactive(OCSP_TIMER))
		return;
	ca_doctor_find(d, CA_F_OCSP_TIMER, CA_LEVEL_WARNING,
	    "%s contains OCSP responses, but " OCSP_TIMER " is not active",
	    d->cfg->ocsp_dir);
	ca_doctor_mend(d, "systemctl enable --now " OCSP_TIMER);
}
