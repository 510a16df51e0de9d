#!/bin/sh
# Says what is wrong and fails, or says how many cases passed.
expect() {
    [ "$1" = "$2" ] || { echo "expected '$2', got '$1'"; exit 1; }
}
expect "$(sh greet.sh Ada)" "Hello, Ada!"
expect "$(sh greet.sh)" "Hello, world!"
expect "$(sh greet.sh '')" "Hello, world!"
echo "3 cases passed"
