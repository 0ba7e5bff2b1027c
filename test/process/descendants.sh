#!/bin/sh
# Starts the six kinds of descendants of a command, and waits. They sleep, for so many seconds that the number
# tells them apart, in whatever pid namespace: the kind, and then the digits of $1.

sleeper='exec sleep "$1"'

# 1: a child.
sh -c "$sleeper" sh "1$1" &
# 2: a child's child.
sh -c 'sh -c "$0" sh "$1" & wait' "$sleeper" "2$1" &
# 3: in a session of its own.
setsid sh -c "$sleeper" sh "3$1" &
# 4: a daemon: in a session of its own, and its parent has ended.
(setsid sh -c "$sleeper" sh "4$1" &)
# 5: takes no SIGTERM.
sh -c "trap '' TERM; $sleeper" sh "5$1" &
# 6: a daemon with an empty environment.
(env -i PATH="$PATH" setsid sh -c "$sleeper" sh "6$1" &)

wait
