#!/bin/sh
# git for a confined run. To remove CHERRY_PICK_HEAD and the like git wants a lock in the repository's git directory, which is
# out of its reach there: they would stay, and it would take what is over for unfinished. What it was done with goes here.
# What it says of that lock isn't told: whoever reads it looks for what is wrong, and nothing is.
case " $* " in
  *' commit '* | *' rebase '* | *' cherry-pick '* | *' revert '* | *' merge '* | *' am '*) ;;
  *) exec '@GIT@' "$@" ;;
esac
errors=${TMPDIR:-/tmp}/git-said.$$
if (: >"$errors") 2>/dev/null; then
  '@GIT@' "$@" 2>"$errors"
  code=$?
  grep -v 'packed-refs\.lock' "$errors" >&2
  rm -f "$errors"
else
  '@GIT@' "$@"
  code=$?
fi
[ $code = 0 ] || exit $code
dir=$('@GIT@' rev-parse --absolute-git-dir 2>/dev/null) || exit 0
[ -d "$dir/rebase-merge" ] || [ -d "$dir/rebase-apply" ] || [ -d "$dir/sequencer" ] ||
  rm -f "$dir/CHERRY_PICK_HEAD" "$dir/REVERT_HEAD" "$dir/REBASE_HEAD" "$dir/AUTO_MERGE"
exit 0
