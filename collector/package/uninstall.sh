#!/bin/sh
# Removes what install.sh installed; for options see --help.
exec sh "$(dirname -- "$0")/conntrack-setup" uninstall "$@"
