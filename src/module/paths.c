/*
 * What is compiled in: neither an argument nor the environment changes them.
 */
#include "channel/channel.h"
#include "module/verifier.h"

const char ca_verifier_program[] = CA_LIBEXECDIR "/certauth-verifier";
const char ca_channel_confiner[] = CA_LIBEXECDIR "/certauth-confine";
const char ca_verifier_socket[] = CA_OP_SOCKET;
const unsigned ca_verifier_patience = 1;
