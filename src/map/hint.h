/*
 * What an administrator can do about a certificate that the rules did not map to
 * the login.  Private to this room.
 */
#ifndef CA_MAP_HINT_H
#define CA_MAP_HINT_H

#include "map/mapint.h"
#include "report/report.h"

/*
 * Add the next commands to the failure of CA_CHECK_MAPPING in report, by its
 * reason.  The commands contain no text that a client chooses, because people
 * copy them from the log; they name the users file unless it is the one that they
 * read without --file.
 */
void ca_map_hint(const struct ca_map_decision *d, struct ca_report *report);

#endif
