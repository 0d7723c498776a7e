# For the scripts that run in the guest: what they do with `check`, and where they write what they saw.
# shellcheck shell=bash
mkdir -p /root/results
cd /root/results || exit
exec >>log 2>&1
# Even if the script fails.
trap 'systemctl poweroff' EXIT
conf=/etc/systemd/system/netdata.service.d

say() {
  echo "$(cut -d ' ' -f 1 /proc/uptime) $*" | tee -a steps >/dev/console
}

# wait_for SECONDS COMMAND...: runs the command until it succeeds.
wait_for() {
  local left=$1
  shift
  while ! "$@" >/dev/null && [ "$left" -gt 0 ]; do
    sleep 1
    left=$((left - 1))
  done
  [ "$left" -gt 0 ] && return
  echo "$*" >>timeouts
  say "gave up: $*"
}

api() { curl --silent "http://localhost:19999/api/v1/$1"; }

# The ids of the plugin's charts.
charts() { api charts | grep -o '"id": *"conntrack[^"]*"' | sort; }

has_chart() { charts | grep -q "\"conntrack\.$1\""; }

plugin() { pgrep -f '^[^ ]*/conntrack.plugin [0-9]'; }

capabilities() { grep '^Cap' "/proc/$(plugin)/status"; }

# Commands are the only lines of a report that begin after 12 blanks, or after 14 where one continues.
commands() { sed -n 's/^ \{12\}\(\(  \)\?[^ ]\)/\1/p' "$1"; }

is_well() { grep -qx 'ok: all enabled modules work' "$1"; }

# look NAME COMMAND...: runs a check.
look() {
  local name=$1
  shift
  "$@" check >"$name.report"
  echo "$?" >"$name.code"
  commands "$name.report" >"$name.commands"
}

# type_it NAME: types what that check printed.
type_it() {
  bash -e "$1.commands" >"$1.output" 2>&1
  echo "$?" >"$1.exit"
  say "$1"
}

# repair NAME: types what check prints until it has nothing more to say.
repair() {
  local round
  for round in 1 2 3 4 5 6 7 8; do
    look "$1.$round" conntrack.plugin
    is_well "$1.$round.report" && break
    type_it "$1.$round"
    # An agent that has just started may not have started the plugin yet.
    sleep 10
  done
}

# limit LINE: adds a setting to the agent's service, or removes it again if LINE is empty.
limit() {
  rm -f "$conf/guest.conf"
  if [ -n "$1" ]; then printf '[Service]\n%s\n' "$1" >"$conf/guest.conf"; fi
  systemctl daemon-reload
  systemctl restart netdata
  wait_for 60 plugin
}

# install WORDS...: runs apt, which has no network, and waits for the plugin of the package.
install() {
  apt-get -q -y "$@"
  echo "$?" >>apt.codes
  wait_for 150 plugin
}

# files: all that a package may leave behind.
files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /root -o -path /var/log \
    -o -path /var/tmp -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/netdata \
    -o -path /var/lib/systemd \) -prune -o -print | sort
}
