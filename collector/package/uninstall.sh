#!/bin/sh
# Removes what install.sh installed; --help tells the options.
exec sh "$(dirname -- "$0")/conntrack-setup" uninstall "$@"
