/*
 * sshd_config(5): its lines, through Include and with their Match blocks.
 */
#ifndef CA_DOCTOR_SSHDFILE_H
#define CA_DOCTOR_SSHDFILE_H

#include <stdbool.h>

/* Borrowed, during the visit. */
struct ca_sshd_line {
	const char *file;
	unsigned number;
	const char *match; /* the line of its Match block; empty: none */
	const char *key, *value;
};

typedef void ca_sshd_visit(void *ctx, const struct ca_sshd_line *line);

/* Visit every keyword but Include and Match, in the order of sshd.  Returns the
 * errno of opening the file itself, or 0. */
int ca_sshdfile_walk(const char *path, ca_sshd_visit *visit, void *ctx);

/* Is it a PAM service of sshd, for all users or for some: a PAMServiceName of the
 * file, or `sshd'? */
bool ca_sshdfile_serves(const char *path, const char *service);

#endif
