#!/bin/sh
# Compiles the fixtures again. Needs Debian's dconf-cli, dconf-service and dbus.
set -eu
cd "$(dirname "$0")"
dconf compile system system.d

# The user database is written by dconf itself, in a home that exists for a moment.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
HOME=$home XDG_CONFIG_HOME=$home/.config XDG_RUNTIME_DIR=$home dbus-run-session -- sh -eu -c '
dconf write /org/gnome/desktop/session/idle-delay "uint32 0"
dconf write /org/gnome/desktop/screensaver/lock-enabled false
dconf write /org/gnome/desktop/screensaver/lock-delay "uint32 3600"
dconf write /org/gnome/desktop/screensaver/picture-uri "\"\""
'
cp "$home/.config/dconf/user" user
