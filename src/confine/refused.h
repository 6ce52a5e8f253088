/* Private to src/confine: calls that the filter answers by SIGSYS. */
#ifndef CA_CONFINE_REFUSED_H
#define CA_CONFINE_REFUSED_H

#include <stdbool.h>

/* Whether a handler of SIGSYS can give a call a result on this architecture. */
bool ca_confine_refused_works(void);

/* Begin to record: SIGSYS is handled, and not blocked.  0, or -1 with errno. */
int ca_confine_refused_start(void);

#endif
