#!/bin/sh
# 200 rounds of kill -9 against a chat being written (ctest runs 15). usage: tests/app/kill_rounds.sh BUILD_FOLDER [ROUNDS]
set -eu
NIBBLE_KILL_ROUNDS=${2:-200} QTEST_FUNCTION_TIMEOUT=1800000 "$1/tests/bin/app_chat_crash"
