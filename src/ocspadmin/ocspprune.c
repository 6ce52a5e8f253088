#include "ocspadmin/ocspprune.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

bool
ca_ocspadmin_is_response(const char *name)
{
	return strlen(name) == CA_OCSP_FILE_LEN - 1 &&
	       strspn(name, "0123456789abcdef") == 64 &&
	       strcmp(name + 64, ".ocsp") == 0;
}

static bool
is_needed(const struct ca_ocspadmin_targets *targets, const char *name)
{
	for (size_t i = 0; i < targets->n; i++)
		if (strcmp(targets->v[i].file, name) == 0)
			return true;
	return false;
}

/* A revocation holds however old the response is: without it, a client could log in
 * by a good response that it has kept. */
static bool
revokes(int dir, const char *name)
{
	struct ca_buf der = CA_BUF_INIT(CA_OCSP_MAX);
	bool yes = ca_file_read(dir, name, CA_OCSP_MAX, &der) == CA_OK &&
		   ca_ocsp_says_revoked(&(struct ca_bytes){der.p, der.len});

	ca_buf_free(&der);
	return yes;
}

static bool
is_old(const struct ca_ocspadmin_run *run, int dir, const char *name)
{
	const uint64_t age = revokes(dir, name) ? CA_OCSPADMIN_REVOKED_KEEP
						: run->base.cfg->ocsp_max_age;
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime < run->now &&
	       (uint64_t)(run->now - st.st_mtime) > age;
}

void
ca_ocspadmin_prune(
    struct ca_ocspadmin_run *run, const struct ca_ocspadmin_targets *targets)
{
	int fd = openat(run->base.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (list == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((e = readdir(list)) != NULL)
		if (ca_ocspadmin_is_response(e->d_name) &&
		    !is_needed(targets, e->d_name) &&
		    is_old(run, fd, e->d_name) &&
		    unlinkat(run->base.dir, e->d_name, 0) == 0 &&
		    !run->base.quiet)
			printf("%s/%s: removed, because no certificate of this "
			       "host needs it\n",
			    run->base.cfg->ocsp_dir, e->d_name);
	(void)closedir(list);
}
