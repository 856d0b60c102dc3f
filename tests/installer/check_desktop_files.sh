#!/usr/bin/env bash
# usage: check_desktop_files.sh SOURCE_FOLDER   validates the .desktop file, metainfo, mime type and man pages
set -euo pipefail
folder=$1/resources/desktop
desktop-file-validate "$folder/org.nibble.Nibble.desktop"
appstreamcli validate --no-net "$folder/org.nibble.Nibble.metainfo.xml"
xmllint --noout "$folder"/*.xml "$folder/icons/org.nibble.Nibble.svg"
for size in 16 24 32 48 64 128 256; do
  file "$folder/icons/$size/org.nibble.Nibble.png" | grep "PNG image data, $size x $size" >/dev/null
done
mime=$(mktemp -d); trap 'rm -rf "$mime"' EXIT
mkdir -p "$mime/mime/packages"; cp "$folder/org.nibble.Nibble.mime.xml" "$mime/mime/packages/"
update-mime-database "$mime/mime"
grep -q 'application/x-gguf' "$mime/mime/globs2"
for page in "$1"/resources/man/*.1; do grep -q '^\.SH NAME' "$page"; done
if command -v man >/dev/null; then for page in "$1"/resources/man/*.1; do LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$page" >/dev/null; done; fi
echo "desktop files are valid"
