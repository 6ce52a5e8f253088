#!/bin/sh
# Run another program as a child.  Tests copy this script under the name of ssh,
# sudo or another program, so that the kernel reports that name for the parent.
# usage: NAME PROGRAM [ARG ...]
"$@"
exit $?
