#!/bin/sh
# The program that asks: run another one as its child.  Copied under the name
# of ssh, sudo or anything else, that is what the kernel calls the parent.
# usage: NAME PROGRAM [ARG ...]
"$@"
exit $?
