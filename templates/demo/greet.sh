#!/bin/sh
# Greets by name.
echo "Hello, $1!"
