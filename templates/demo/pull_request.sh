
# A pull request, a draft, that is open when the play of the gatekeepers begins.
branch=agent/greet-the-world
title='Greet the world if no name is given'
git checkout -q -b $branch
# shellcheck disable=SC2016
printf '%s\n' '#!/bin/sh' '# Greets by name, or the world.' 'echo Hello, ${1:-world}!' >greet.sh
git -c user.name=ada -c user.email=ada@localhost commit -q -a -m "$title"
git push -q origin $branch
git checkout -q main
git branch -q -D $branch
printf ada >../github/user
gh pr create --repo acme/widgets --draft --base main --head $branch --title "$title" --body 'As README.md wants it.' >/dev/null
printf demo >../github/user
printf '%s\n' "Pull request #1 of ada, a draft: $title" "  branch $branch, changes greet.sh"
