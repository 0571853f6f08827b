#!/bin/sh
# Of the tags on standard input, one a line, the newest release of the same major version as the given tag.
set -eu
major="${1%%.*}"
sed 's,^refs/tags/,,' | grep -E "^$major\.[0-9]+\.[0-9]+$" | sort -V | tail -n 1
