#!/usr/bin/env bash
# Puts a double-click launcher into the user's own menu, without root, or takes it away again.
# usage: launcher.sh install BUILD_FOLDER | uninstall
set -euo pipefail
data=${XDG_DATA_HOME:-$HOME/.local/share}
program=$data/nibble-program
list=$program/installed-files

refresh() {
  command -v update-desktop-database >/dev/null && update-desktop-database -q "$data/applications" 2>/dev/null || true
  command -v update-mime-database >/dev/null && [ -d "$data/mime/packages" ] && update-mime-database "$data/mime" 2>/dev/null || true
  command -v gtk-update-icon-cache >/dev/null && gtk-update-icon-cache -qt "$data/icons/hicolor" 2>/dev/null || true
}

uninstall() {
  [ -e "$list" ] || { echo "Nibble is not installed in $data."; return 0; }
  while read -r file; do rm -f -- "$file"; done < "$list"
  rm -rf -- "$program"
  refresh
  echo "The launcher is gone. Settings and chats were left where they are."
}

install() {
  local build=$1 file target
  [ -x "$build/bin/nibble" ] || { echo "There is no built program in $build: run ./run.sh --build-only first." >&2; exit 1; }
  rm -rf -- "$program"; mkdir -p "$program"
  cmake --install "$build" --prefix "$program" >/dev/null
  : > "$list"
  (cd "$program/share" && find icons mime applications -type f) | while read -r file; do
    target=$data/$file
    mkdir -p "${target%/*}"
    cp "$program/share/$file" "$target"
    echo "$target" >> "$list"
  done
  sed -i "s|^Exec=nibble|Exec=\"$program/bin/nibble\"|; s|^Icon=.*|Icon=$program/share/icons/hicolor/scalable/apps/org.nibble.Nibble.svg|" \
    "$data/applications/org.nibble.Nibble.desktop"
  refresh
  echo "Nibble is in your applications menu now ($program). ./run.sh --uninstall takes it away."
}

case ${1:-} in
  install) install "${2:?build folder}" ;;
  uninstall) uninstall ;;
  *) sed -n '2,3s/^# //p' "$0" >&2; exit 2 ;;
esac
