/*
 * What is compiled in: neither an argument nor the environment changes them.
 */
#include "module/verifier.h"

#ifndef CA_RUNDIR
#define CA_RUNDIR "/run/certauth"
#endif

const char ca_verifier_program[] = CA_LIBEXECDIR "/certauth-verifier";
const char ca_verifier_socket[] = CA_RUNDIR "/verifier.1.sock";
const unsigned ca_verifier_patience = 1;
