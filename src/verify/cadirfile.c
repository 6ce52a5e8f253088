/*
 * From which file of a CA directory a certificate comes, for messages.  A file
 * that could not be noted for want of memory is not named; no verdict changes.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "verify/cadirint.h"

struct ca_cadir_origin {
	const X509 *cert; /* borrowed, compared only */
	char *name;
};

void
ca_cadir_note(struct ca_cadir *dir, const char *name,
    const STACK_OF(X509) *certs, int first)
{
	for (int i = first; i < sk_X509_num(certs); i++) {
		struct ca_cadir_origin *v =
		    realloc(dir->origin, (dir->norigins + 1) * sizeof *v);

		if (v == NULL)
			return;
		dir->origin = v;
		v[dir->norigins] = (struct ca_cadir_origin){
		    sk_X509_value(certs, i), strdup(name)};
		if (v[dir->norigins].name == NULL)
			return;
		dir->norigins++;
	}
}

void
ca_cadir_forget(struct ca_cadir *dir)
{
	for (size_t i = 0; i < dir->norigins; i++)
		free(dir->origin[i].name);
	free(dir->origin);
	dir->origin = NULL;
	dir->norigins = 0;
}

bool
ca_cadir_file(const struct ca_cadir *dir, const X509 *cert, struct ca_buf *out)
{
	char to[PATH_MAX];

	/* from the last one: the address of a certificate that was freed may
	 * have been used again */
	for (size_t i = dir->norigins; i-- > 0;) {
		const struct ca_cadir_origin *o = &dir->origin[i];

		if (o->cert != cert)
			continue;
		ca_buf_fmt(out, "%s/%s", dir->path, o->name);
		if (ca_sys_link(dir->fd, o->name, to))
			ca_buf_fmt(out, " (%s)", to);
		return true;
	}
	return false;
}

void
ca_cadir_show(const struct ca_cadir *dir, struct ca_buf *out)
{
	if (dir->held != NULL)
		ca_buf_str(out, "the given CA certificates");
	else
		ca_buf_fmt(out, "%s (%s)", dir->key, dir->path);
}

void
ca_cadir_install(const struct ca_cadir *dir, struct ca_buf *out)
{
	if (dir->held != NULL || strcmp(dir->path, CA_SYSCONFDIR "/ca") == 0)
		ca_buf_str(out, "run `certauth setup --ca FILE` with its "
				"certificate");
	else
		ca_buf_fmt(out,
		    "copy its certificate to %s, or to intermediates_dir if "
		    "it is an intermediate, and run `openssl rehash` with "
		    "that directory",
		    dir->path);
}
