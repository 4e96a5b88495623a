#!/bin/sh
# Outlives the process that started it, to end what that process left behind.
#
# Reads one order per line on standard input:
#   watch <pid>     a process group to end
#   forget <pid>    it has ended by itself
#   folder <path>   a folder to remove
#   keep <path>     it is gone already, or is to stay
# End of input means that the other side is dead, however it died: the kernel closes the pipe also after kill -9.
# Then every watched group gets SIGTERM, after a bound SIGKILL, and the folders are removed.

trap '' HUP INT TERM PIPE
set -f
IFS='
'
grace_tenths=30
pids=
folders=

without() { # prints the lines of $1 that are not $2
  for line in $1; do
    [ "$line" = "$2" ] || printf '%s\n' "$line"
  done
}

alive() { # a zombie is as good as ended: nobody may be left to reap it
  kill -0 "$1" 2>/dev/null || return 1
  [ -r "/proc/$1/stat" ] || return 0
  read -r stat <"/proc/$1/stat" 2>/dev/null || return 1
  case $stat in *') Z '* | *') X '*) return 1 ;; esac
}

any_alive() {
  for pid in $pids; do
    alive "$pid" && return 0
  done
  return 1
}

signal_all() {
  for pid in $pids; do
    kill -s "$1" -- "-$pid" 2>/dev/null
  done
}

while IFS=' ' read -r order value; do
  case $order in
    watch) pids="$pids
$value" ;;
    forget) pids=$(without "$pids" "$value") ;;
    folder) folders="$folders
$value" ;;
    keep) folders=$(without "$folders" "$value") ;;
  esac
done

signal_all TERM
signal_all CONT
while [ "$grace_tenths" -gt 0 ] && any_alive; do
  grace_tenths=$((grace_tenths - 1))
  sleep 0.1
done
signal_all KILL
for folder in $folders; do
  rm -rf -- "$folder" 2>/dev/null || { sleep 0.5; rm -rf -- "$folder"; }
done
