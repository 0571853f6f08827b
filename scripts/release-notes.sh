#!/bin/sh
# Prints what CHANGELOG.md says of a version:  scripts/release-notes.sh v1.2.3
# Fails where it says nothing.
set -eu
version="${1#v}"
notes=$(awk -v head="## [$version]" '
  index($0, head) == 1 { found = 1; next }
  found && (/^## / || /^\[[^]]+\]: /) { exit }
  found { print }
' "$(dirname "$0")/../CHANGELOG.md")
if [ -z "$(printf %s "$notes" | tr -d '[:space:]')" ]; then
  echo "CHANGELOG.md has no section \"## [$version]\" with text." >&2
  exit 1
fi
printf '%s\n' "$notes"
