#!/bin/sh
# Installs conntrack.plugin in the Netdata agent of this host; for options see --help.
exec sh "$(dirname -- "$0")/conntrack-setup" install "$@"
