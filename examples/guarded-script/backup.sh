#!/bin/bash
# Packs a directory, as many scripts do. It knows nothing of holdfast.
#
# usage: backup.sh SOURCE TARGET.tar.gz
set -euo pipefail

source=$1
target=$2

# Written beside its place and moved there as a whole, so that a broken one is never taken for good.
tar --create --gzip --file "$target.part" --directory "$source" .
mv "$target.part" "$target"
echo "packed $source"
