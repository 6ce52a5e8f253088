#!/bin/sh
# In the root of a release: bring it up to date, install what tests need.
set -eu
apt-get update -qq
apt-get dist-upgrade -y -qq >/dev/null
tests/lib/deps.sh check services package
tests/lib/samples.sh build
apt-get clean
