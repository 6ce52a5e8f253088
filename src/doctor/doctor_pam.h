/*
 * doctor: inside the check of PAM's configuration.  doctor_pam.c walks the
 * services, doctor_pamline.c checks one line, doctor_reach.c whether its service
 * can read the module's files.  Private to them.
 */
#ifndef CA_DOCTOR_DOCTOR_PAM_H
#define CA_DOCTOR_DOCTOR_PAM_H

#include "doctor/doctor.h"
#include "tool/pamfile.h"

#define OURS "pam_certauth.so"

/* Check a line of the module, or one that includes a file.  audit: the
 * configuration says so. */
void ca_doctor_pam_line(
    struct ca_doctor *d, const struct ca_pam_line *line, bool audit);

/* Can the program of this service read what the module reads for this line? */
void ca_doctor_reach(
    struct ca_doctor *d, const char *service, const struct ca_pam_line *line);

#endif
