#!/bin/sh
# Prints the commit of the work tree, with -dirty if tracked files differ from it. Prints nothing outside of the project's
# repository, for instance in an unpacked source archive, even if that is inside of another repository.
git ls-files --error-unmatch package.json >/dev/null 2>&1 || exit 0
git describe --always --dirty --abbrev=12 --exclude='*'
