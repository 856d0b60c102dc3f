#!/usr/bin/env bash
# usage: check_launcher.sh SOURCE_FOLDER BUILD_FOLDER   installs the launcher into an empty home, starts its Exec line, removes it
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_DATA_HOME=$work/share QT_QPA_PLATFORM=offscreen
bash "$1/installer/launcher.sh" install "$2"
desktop=$XDG_DATA_HOME/applications/org.nibble.Nibble.desktop
desktop-file-validate "$desktop"
program=$(sed -n 's/^Exec="\([^"]*\)".*/\1/p' "$desktop")
"$program" --version | grep -i nibble >/dev/null
[ -e "$(sed -n 's/^Icon=//p' "$desktop")" ]
bash "$1/installer/launcher.sh" uninstall
left=$(find "$XDG_DATA_HOME" -name '*ibble*')
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
echo "launcher installs and uninstalls"
