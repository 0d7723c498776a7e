#!/bin/sh
# Installs conntrack.plugin into the Netdata agent of this host; --help tells the options.
exec sh "$(dirname -- "$0")/conntrack-setup" install "$@"
