/*
 * doctor: how to correct the files of a directory of CAs.
 */
#include "doctor/doctor_ca.h"
#include "doctor/doctor_view.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "verify/cadir.h"
#include "verify/issued.h"

size_t
ca_doctor_ca_in_file(const struct ca_doctor *d, const char *file)
{
	size_t n = 0;

	for (size_t i = 0; i < d->ncas; i++)
		n += strcmp(d->ca[i].file, file) == 0;
	return n;
}

const char *
ca_doctor_ca_split(struct ca_doctor *d, const struct ca_doctor_ca *ca)
{
	static char sentence[8400];
	bool own = true;

	for (size_t i = 0; i < d->ncas; i++)
		if (strcmp(d->ca[i].file, ca->file) == 0)
			own = own && ca_issued_by(d->ca[i].cert, d->ca[i].cert);
	const char *command = ca_doctor_setup_command(
	    d, own || !ca->anchor ? "--ca" : "--anchor", ca->file);
	if (command != NULL)
		return command;
	(void)snprintf(sentence, sizeof sentence,
	    "write each certificate of %s to a PEM file of its own", ca->file);
	return sentence;
}

/* Append the hashed links of the directory to this file.  `openssl rehash' keeps
 * them, although they lead nowhere, if another certificate has that hash. */
static void
put_links(const char *dir, const char *file, char *out, size_t size)
{
	const char *base = strrchr(file, '/');
	DIR *stream = opendir(dir);
	struct dirent *e;
	unsigned long hash;
	char to[256];

	while (stream != NULL && (e = readdir(stream)) != NULL) {
		ssize_t n =
		    readlinkat(dirfd(stream), e->d_name, to, sizeof to - 1);
		size_t used = strlen(out);

		if (n <= 0 ||
		    ca_cadir_name(e->d_name, &hash) != CA_CADIR_HASHED)
			continue;
		to[n] = '\0';
		if (strcmp(to, base != NULL ? base + 1 : file) == 0)
			(void)snprintf(
			    out + used, size - used, " %s/%s", dir, e->d_name);
	}
	if (stream != NULL)
		(void)closedir(stream);
}

void
ca_doctor_ca_mend_remove(struct ca_doctor *d, const struct ca_doctor_ca *ca,
    const char *dir, const char *first, const char *otherwise)
{
	char links[8400] = "";

	if (ca_doctor_ca_in_file(d, ca->file) > 1) {
		ca_doctor_mend(d,
		    "%sremove this certificate from %s, which has others (`%s' "
		    "makes a file of each)%s",
		    first, ca->file, ca_doctor_ca_split(d, ca), otherwise);
		return;
	}
	put_links(dir, ca->file, links, sizeof links);
	ca_doctor_mend(d, "%srm %s%s && openssl rehash %s%s", first,
	    ca_doctor_word("%s", ca->file), links, dir, otherwise);
}

void
ca_doctor_ca_mend_move(struct ca_doctor *d, const struct ca_doctor_ca *ca,
    const char *from, const char *to, const char *otherwise)
{
	char links[8400] = "";

	put_links(from, ca->file, links, sizeof links);
	if (ca_doctor_ca_in_file(d, ca->file) == 1 && ca->rehashed)
		ca_doctor_mend(d,
		    "mv %s %s/ && %s%s%sopenssl rehash %s && openssl rehash "
		    "%s%s",
		    ca_doctor_word("%s", ca->file), to,
		    links[0] != '\0' ? "rm" : "", links,
		    links[0] != '\0' ? " && " : "", from, to, otherwise);
	else
		ca_doctor_mend(d,
		    "move this certificate of %s to a PEM file of its own in "
		    "%s, then run `openssl rehash %s'%s",
		    ca->file, to, to, otherwise);
}
