#!/usr/bin/env bash
# The program as a person meets it: a virtual display, real keys and clicks, the bundled sample model. Starts it, loads the
# model, types a question, waits for the answer in the profile's database of chats, quits; a restart finds the chat again.
# usage: smoke_xvfb.sh PATH/TO/nibble [PICTURE_FOLDER]     status 77: skipped
set -euo pipefail
program=$1 pictures=${2:-}
for tool in Xvfb xdotool sqlite3; do
  command -v "$tool" > /dev/null || { echo "skipped: $tool is missing"; exit 77; }
done

chat_row=112  # of the list's first chat in the window, below the search box and the day's heading
profile=$(mktemp -d)
server='' window='' app=''
finish() {
  [ -z "$app" ] || kill "$app" 2> /dev/null || true
  [ -z "$server" ] || kill "$server" 2> /dev/null || true
  rm -rf "$profile"
}
trap finish EXIT
fail() {
  echo "FAIL: $1"
  [ ! -s "$profile/stderr" ] || tail -20 "$profile/stderr"
  picture failed
  exit 1
}
picture() {
  [ -z "$pictures" ] || import -window root "$pictures/smoke-$1.png" 2> /dev/null || true
}

# Xvfb finds a free display by itself and tells its number. Without -noreset it starts anew when its last client leaves,
# which a look for the window may be, and refuses the program meanwhile.
exec {numbers}<> <(:)
Xvfb -displayfd "$numbers" -screen 0 1280x800x24 -noreset -nolisten tcp 2> /dev/null &
server=$!
read -r -t 30 -u "$numbers" number || fail "Xvfb did not start"
export DISPLAY=:$number
unset WAYLAND_DISPLAY QT_QPA_PLATFORM
export QT_QPA_PLATFORM=xcb LC_ALL=C.UTF-8

# usage: wait_for SECONDS WHAT COMMAND...
wait_for() {
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $limit ] || fail "waited in vain: $what"
    kill -0 "$app" 2> /dev/null || fail "the program ended while waiting: $what"
    sleep 0.3
  done
}
start() {
  "$program" --profile "$profile" 2> "$profile/stderr" &
  app=$!
  wait_for 60 "the window" xdotool search --onlyvisible --pid "$app" --name Nibble
  window=$(xdotool search --onlyvisible --pid "$app" --name Nibble | tail -1)
  xdotool windowfocus --sync "$window"
}
quit() {
  xdotool key ctrl+q
  local limit=$((SECONDS + 30))
  while kill -0 "$app" 2> /dev/null; do
    [ $SECONDS -lt $limit ] || fail "Ctrl+Q did not end the program"
    sleep 0.2
  done
  wait "$app" || fail "the program ended with status $?"
  app=''
}
title_has() { xdotool getwindowname "$window" | grep -F "$1" >/dev/null; }
# The database is locked while the program runs: what is asked is a copy, with the log that belongs to it.
ask_chats() {
  rm -rf "$profile/copy" && mkdir "$profile/copy"
  cp "$profile"/data/chats.sqlite* "$profile/copy/" 2> /dev/null
  sqlite3 "$profile/copy/chats.sqlite" "$1"
}
answered() {
  [ "$(ask_chats "SELECT count(*) FROM messages WHERE role='assistant' AND state=0 AND length(content) > 20 AND new_tokens > 5")" -ge "$1" ]
}

click() { xdotool mousemove --window "$window" "$1" "$2" click 1; }
ask() {
  xdotool key ctrl+j
  xdotool type --delay 20 "$1"
  xdotool key Return
}
load() {
  xdotool key ctrl+l
  wait_for 60 "the model's name in the title" title_has "Llama-Nibble-Tales-13M"
}

start
picture start
load
ask "Tell me a story about a red ball."
wait_for 120 "an answer in the database" answered 1
picture answered
question=$(ask_chats "SELECT content FROM messages WHERE role='user'")
[ "$question" = "Tell me a story about a red ball." ] || fail "the question arrived as: $question"
quit
[ "$(sqlite3 "$profile/data/chats.sqlite" 'PRAGMA integrity_check')" = ok ] || fail "the database is damaged"
answer=$(sqlite3 "$profile/data/chats.sqlite" "SELECT content FROM messages WHERE role='assistant'")

start
load
xdotool key ctrl+n            # an empty chat; a click on the first one in the list brings that back
sleep 1
click 90 "$chat_row"
sleep 1
picture restarted
ask "And then?"
wait_for 120 "a second answer in the database" answered 2
picture again
quit
facts=$(sqlite3 "$profile/data/chats.sqlite" "SELECT (SELECT count(*) FROM chats), count(*), (SELECT count(*) FROM messages m WHERE m.parent IN
  (SELECT id FROM messages WHERE role='assistant') AND m.content='And then?') FROM messages")
[ "$facts" = "1|4|1" ] || fail "chats|messages|follow-ups are $facts instead of 1|4|1: the restarted program did not open the chat that was clicked"
sqlite3 "$profile/data/chats.sqlite" "SELECT content FROM messages" | grep -F "${answer:0:40}" >/dev/null || fail "the first answer changed by a restart"
echo "answer: ${answer:0:100}…"
echo "ok"
