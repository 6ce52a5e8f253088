/*
 * doctor: inside the check of PAM's configuration.  doctor_pam.c walks the
 * services, doctor_pamline.c checks one line, doctor_reach.c whether its service
 * can read the module's files, doctor_sessions.c whether its sessions are recorded,
 * doctor_desk.c knows greeters and screen lockers.
 * Private to them.
 */
#ifndef CA_DOCTOR_DOCTOR_PAM_H
#define CA_DOCTOR_DOCTOR_PAM_H

#include "doctor/doctor.h"
#include "tool/pamfile.h"

#define OURS "pam_certauth.so"

/* The names of the services, sorted.  False: no configuration can be read (errno). */
bool ca_doctor_pam_services(const struct ca_doctor *d, struct ca_list *names);
void ca_doctor_pam_services_free(struct ca_list *names);

/* Visit the lines of the service, as ca_pamfile_walk. */
CA_MUST_CHECK enum ca_err ca_doctor_pam_walk(const struct ca_doctor *d,
    const char *service, bool follow, ca_pam_visit *visit, void *ctx);

/* The file of the service, for messages. */
void ca_doctor_pam_file(
    const struct ca_doctor *d, const char *service, char text[4200]);

/* Check a line of the module, or one that includes a file.  audit: the
 * configuration says so. */
void ca_doctor_pam_line(
    struct ca_doctor *d, const struct ca_pam_line *line, bool audit);

/* Can the program of this service read what the module reads for this line? */
void ca_doctor_reach(
    struct ca_doctor *d, const char *service, const struct ca_pam_line *line);

/* ---- doctor_desk.c ---- */

#define CA_DESK_GREETER 1U /* it calls PAM without a user name */
#define CA_DESK_USER 2U    /* it runs as the user */
#define CA_DESK_FIELD 4U /* one field and a few words: no request fits there */
#define CA_DESK_FIRST 8U /* the first prompt is answered before it is seen */

struct ca_desk {
	const char *service;
	unsigned kind; /* CA_DESK_ */
};

/* What is known of the service; NULL: it is none at a desk. */
const struct ca_desk *ca_doctor_desk(const char *service);

/* Can users of the service answer what the auth line asks for? */
void ca_doctor_desk_line(
    struct ca_doctor *d, const char *service, const struct ca_pam_line *line);

#endif
