#!/bin/sh
# dist/certauth-VERSION.tar.gz of the committed tree.        (make dist)
# usage: packaging/dist.sh VERSION
# The same commit gives the same bytes: names, owners and times come from git.
set -eu
cd "$(dirname "$0")/.."
out=dist/certauth-$1.tar.gz

fail() {
	echo "make dist: $*" >&2
	exit 1
}
command -v git >/dev/null ||
	fail 'git is not installed; it knows which files belong to the tarball.' \
		'Install it (apt-get install git), then run make dist again.'
# git says itself why it takes this folder for no repository
prefix=$(git rev-parse --show-prefix) ||
	fail "$PWD is not a git repository." \
		'Run make dist in a git clone of the project.'
# a tree that was unpacked within the repository of something else
[ -z "$prefix" ] ||
	fail "$PWD is not the top folder of its git repository." \
		'Run make dist in a git clone of the project.'
commit=$(git rev-parse --verify --quiet 'HEAD^{commit}') ||
	fail "the git repository $PWD has no commit. Run git commit first."

mkdir -p dist
tmp=$(mktemp -d dist/tmp.XXXXXX)
trap 'rm -rf "$tmp"' EXIT
git archive --format=tar --prefix="certauth-$1/" "$commit" >"$tmp/tar" ||
	fail "git archive failed. The repository may be incomplete: git fsck."
gzip -n9 "$tmp/tar"
mv "$tmp/tar.gz" "$out"

echo "$out has the tree of commit $commit."
git status --porcelain >"$tmp/changes"
if [ -s "$tmp/changes" ]; then
	echo 'make dist: these changes are not committed, and not in the tarball:' >&2
	sed 's/^/  /' "$tmp/changes" >&2
fi
sha256sum "$out"
