#!/bin/sh
# Guards backup.sh: this is the line for the crontab. Every flag may stand in holdfast.config.ts instead.
#
# usage: nightly.sh SOURCE TARGET.tar.gz
here=$(dirname "$0")
exec holdfast exec \
  --name nightly-backup \
  --lock nightly-backup --lock-wait skip \
  --attempts 3 --backoff exponential:1s..60s \
  --timeout 2h --grace 30s \
  --verify "gzip --test '$2'" \
  --min-size "$2=100B" \
  --undo "rm -f '$2' '$2.part'" \
  --cleanup "rm -f '$2.part'" \
  -- "$here/backup.sh" "$1" "$2"
