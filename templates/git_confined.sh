#!/bin/sh
# git for a confined run. To remove CHERRY_PICK_HEAD and the like git wants a lock in the repository's git directory, which is
# out of its reach there: they would stay, and it would take what is over for unfinished. What it was done with goes here.
'@GIT@' "$@"
code=$?
[ $code = 0 ] || exit $code
case " $* " in
  *' commit '* | *' rebase '* | *' cherry-pick '* | *' revert '* | *' merge '* | *' am '*) ;;
  *) exit 0 ;;
esac
dir=$('@GIT@' rev-parse --absolute-git-dir 2>/dev/null) || exit 0
[ -d "$dir/rebase-merge" ] || [ -d "$dir/rebase-apply" ] || [ -d "$dir/sequencer" ] ||
  rm -f "$dir/CHERRY_PICK_HEAD" "$dir/REVERT_HEAD" "$dir/REBASE_HEAD" "$dir/AUTO_MERGE"
exit 0
