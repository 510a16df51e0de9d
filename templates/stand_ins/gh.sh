#!/bin/sh
# A stand-in for the GitHub CLI: the calls that a scheduler needs, answered from a folder of plain files
# as the real one answers, with its exit codes and its words on stderr. Faults are injected by files.
# The folder is ../github/ of where it is.
stage=${0%/*}/../github
# Which repository it has; where that isn't the one that is pushed to, that is a fork of it.
repository=acme/widgets
[ ! -f "$stage/repository" ] || repository=$(cat "$stage/repository")
site=https://github.com/$repository

[ -d "$stage/prs" ] || mkdir -p "$stage/calls" "$stage/faults" "$stage/prs"
first_free() { number=$(($# + 1)); [ -e "$1" ] || number=1; }
first_free "$stage/calls"/*
while ! mkdir "$stage/calls/$number" 2>/dev/null; do number=$((number + 1)); done
call=$stage/calls/$number
pwd >"$call/cwd"
env >"$call/env"
printf '%s\0' "$@" >"$call/args"
echo $$ >"$call/pid"

fail() { # EXIT TEXT
  printf '%s\n' "$2" >&2
  exit "$1"
}
complain() { # what the real gh would refuse or this one does not know: the test fails for it
  echo "gh call $number: $1" >>"$stage/../complaints"
  fail 1 "$1"
}
json() { # text as the inside of a JSON string
  case $1 in
    *[\\\"[:cntrl:]]*) ;;
    *) printf '%s' "$1"; return ;;
  esac
  printf '%s' "$1" | LC_ALL=C tr -d '\000-\010\013\014\016-\037' | LC_ALL=C sed -e ':a' -e '$!{N;ba' -e '}' \
    -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/$(printf '\t')/\\\\t/g" -e "s/$(printf '\r')/\\\\r/g" -e 's/\n/\\n/g'
}
# One call at a time touches the files; a call that was killed leaves the lock, its pid tells.
lock() {
  until mkdir "$stage/lock" 2>/dev/null; do
    holder=$(cat "$stage/lock/pid" 2>/dev/null)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then rm -rf "$stage/lock"; fi
    sleep 0.02
  done
  echo $$ >"$stage/lock/pid"
}
unlock() { rm -rf "$stage/lock"; }

[ "${1-}" != --version ] || { echo "gh version 2.103.3 (2025-01-01)"; exit 0; }
command=${1-} sub=
[ $# = 0 ] || shift
case $command in
  pr | issue | auth) sub=${1-}; [ $# = 0 ] || shift ;;
  api) ;;
  *) complain "unknown command \"$command\" for \"gh\"" ;;
esac

# ---------------------------------------------------------------- faults: a file each, MODE|GLOB|COUNT
fault=
choose_fault() {
  for file in "$stage/faults"/*; do
    [ -f "$file" ] || continue
    IFS='|' read -r mode glob count <"$file"
    # shellcheck disable=SC2254
    case "$command $sub" in $glob) ;; *) continue ;; esac
    fault=$mode
    if [ "$count" = 1 ]; then rm "$file"; elif [ "$count" -gt 1 ]; then echo "$mode|$glob|$((count - 1))" >"$file"; fi
    return
  done
}
[ -z "$(ls "$stage/faults")" ] || { lock; choose_fault; unlock; }
api=https://api.github.com/graphql
case $fault in
  '' | lost_reply | no_draft) ;;
  not_logged_in) fail 4 "To get started with GitHub CLI, please run:  gh auth login
Alternatively, populate the GH_TOKEN environment variable with a GitHub API authentication token." ;;
  401) fail 1 "HTTP 401: Bad credentials ($api)
Try authenticating with:  gh auth login" ;;
  403) fail 1 "HTTP 403: API rate limit exceeded for user ID 1. ($api)" ;;
  429) fail 1 "HTTP 429: You have exceeded a secondary rate limit. ($api)" ;;
  500) fail 1 "HTTP 500: Internal Server Error ($api)" ;;
  # What gh 2.23 says where it writes.
  write_500) fail 1 "failed to create review: non-200 OK status code: 500 Internal Server Error body: \"{}\"" ;;
  write_404) fail 1 "failed to create review: non-200 OK status code: 404 Not Found body: \"{}\"" ;;
  404) fail 1 "gh: Not Found (HTTP 404)" ;;
  refused) fail 1 "error connecting to api.github.com
check your internet connection or https://githubstatus.com" ;;
  foreign) fail 1 "none of the git remotes configured for this repository point to a known GitHub host. To tell gh about a new GitHub host, please use \`gh auth login\`" ;;
  bad_json) echo '[{"number":'; exit 0 ;;
  hang)
    sleep 600 &
    trap 'kill $! 2>/dev/null; exit 143' TERM
    wait
    exit 1
    ;;
  *) complain "unknown fault $fault" ;;
esac

# ---------------------------------------------------------------- flags
repo='' host='' head='' base='' state=open title='' body='' draft=false fields='' limit=30 undo='' verdict='' method='' positional='' has_title='' has_body='' expected=''
while [ $# -gt 0 ]; do
  flag=$1
  shift
  case $flag in
    --*=*) value=${flag#*=} flag=${flag%%=*}; set -- "$value" "$@" ;;
  esac
  case "$command $sub:$flag" in
    pr\ *:--repo | pr\ *:-R | issue\ *:--repo) repo=$1; shift ;;
    'api :--hostname') host=$1; shift ;;
    'pr list:--head' | 'pr create:--head' | 'pr list:-H' | 'pr create:-H') head=$1; shift ;;
    'pr list:--base' | 'pr create:--base' | 'pr list:-B' | 'pr create:-B') base=$1; shift ;;
    'pr list:--state' | 'pr list:-s') state=$1; shift ;;
    'pr list:--limit' | 'pr list:-L') limit=$1; shift ;;
    'pr list:--json' | 'pr view:--json' | 'issue view:--json') fields=$1; shift ;;
    'pr create:--title' | 'pr create:-t') title=$1 has_title=1; shift ;;
    pr\ create:--body | pr\ create:-b | pr\ comment:--body | pr\ comment:-b | pr\ review:--body | pr\ review:-b) body=$1 has_body=1; shift ;;
    pr\ create:--body-file | pr\ create:-F | pr\ comment:--body-file | pr\ comment:-F | issue\ comment:--body-file | pr\ review:--body-file | pr\ review:-F)
      if [ "$1" = - ]; then body=$(cat); else body=$(cat -- "$1") || exit 1; fi
      has_body=1
      shift
      ;;
    'pr create:--draft' | 'pr create:-d') draft=true ;;
    'pr review:--approve' | 'pr review:-a') verdict=APPROVED ;;
    'pr review:--request-changes' | 'pr review:-r') verdict=CHANGES_REQUESTED ;;
    'pr review:--comment' | 'pr review:-c') verdict=COMMENTED ;;
    'pr ready:--undo') undo=1 ;;
    'pr merge:--merge' | 'pr merge:--squash' | 'pr merge:--rebase' | 'pr merge:--auto' | 'pr merge:--disable-auto') ;;
    'pr merge:--match-head-commit') expected=$1; shift ;;
    'api :-X' | 'api :--method') method=$1; shift ;;
    'api :--field')
      case $1 in
        body=@-) body=$(cat) ;;
        *=@*) complain "api: of fields from a file only the body is known" ;;
        *) printf '%s\n' "$1" >>"$call/fields" ;;
      esac
      shift
      ;;
    'api :-f' | 'api :--raw-field') printf '%s\n' "$1" >>"$call/fields"; shift ;;
    # What the filters leave away is left away again by who reads the answer.
    'api :--jq' | 'api :-q' | 'pr view:--jq' | 'issue view:--jq') shift ;;
    *:--) positional=${1-}; break ;;
    *:-*) complain "unknown flag: $flag" ;;
    *) positional=$flag ;;
  esac
done

# Without its repository gh guesses one.
case $command in
  pr | issue) [ "$repo" = "$repository" ] || complain "$command $sub: of which repository? --repo is \"$repo\"" ;;
  api) [ "$host" = github.com ] || complain "api: on which host? --hostname is \"$host\"" ;;
esac
head=${head#acme:}

# ---------------------------------------------------------------- pull requests
me() { cat "$stage/user"; }
get() { cat "$stage/prs/$1/$2" 2>/dev/null; }
url() { echo "$site/pull/$1"; }
labels() { # FOLDER, as JSON
  printf '['
  sep=
  for label in $(cat "$1/labels" 2>/dev/null); do
    printf '%s{"id":"LA_%s","name":"%s"}' "$sep" "$(json "$label")" "$(json "$label")"
    sep=,
  done
  printf ']'
}
issues() { # LABEL: the open ones that have it, as GraphQL answers
  sep=
  for dir in "$stage/issues"/*; do
    [ "$(cat "$dir/state" 2>/dev/null)" = OPEN ] && grep -qxF "$1" "$dir/labels" || continue
    edited=$(cat "$dir/edited" 2>/dev/null)
    printf '%s{"number":%s,"title":"%s","url":"%s","body":"%s","lastEditedAt":%s,"author":{"login":"%s"},' "$sep" \
      "${dir##*/}" "$(json "$(cat "$dir/title")")" "$site/issues/${dir##*/}" "$(json "$(cat "$dir/body")")" \
      "${edited:-null}" "$(cat "$dir/author")"
    printf '"timelineItems":{"nodes":[{"__typename":"LabeledEvent","createdAt":"%s","actor":{"login":"%s"},"label":{"name":"%s"}}]}}' \
      "$(cat "$dir/labelled_at")" "$(cat "$dir/labelled_by")" "$1"
    sep=,
  done
}
remarks() { # FOLDER comments|reviews, as JSON
  printf '['
  sep=
  for entry in "$1/$2"/*; do
    [ -d "$entry" ] || continue
    own=
    if [ "$2" = comments ]; then
      own='"viewerDidAuthor":false,'
      [ "$(cat "$entry/author")" != "$(me)" ] || own='"viewerDidAuthor":true,'
    fi
    printf '%s{%s"author":{"login":"%s"},"body":"%s","state":"%s"}' "$sep" "$own" "$(cat "$entry/author")" \
      "$(json "$(cat "$entry/body")")" "$(cat "$entry/state")"
    sep=,
  done
  printf ']'
}
field() { # NUMBER FIELD, as JSON
  case $2 in
    number) echo "$1" ;;
    id) printf '"PR_%s"' "$1" ;;
    title | body | state) printf '"%s"' "$(json "$(get "$1" "$2")")" ;;
    headRefName) printf '"%s"' "$(json "$(get "$1" head)")" ;;
    baseRefName) printf '"%s"' "$(json "$(get "$1" base)")" ;;
    headRefOid) printf '"%s"' "$(sha_of "$1")" ;;
    isDraft) get "$1" draft ;;
    isCrossRepository)
      if [ -f "$stage/prs/$1/fork" ]; then get "$1" fork
      elif [ "$repository" = acme/widgets ]; then echo false; else echo true; fi
      ;;
    headRepositoryOwner) if [ "$(get "$1" fork)" = true ]; then echo '{"login":"stranger"}'; else echo '{"login":"acme"}'; fi ;;
    url) printf '"%s"' "$(url "$1")" ;;
    createdAt | updatedAt) echo '"2024-01-15T10:30:00Z"' ;;
    mergeable) echo '"MERGEABLE"' ;;
    reviewDecision) printf '"%s"' "$(get "$1" decision)" ;;
    labels) labels "$stage/prs/$1" ;;
    author) printf '{"login":"%s","is_bot":false}' "$(get "$1" author)" ;;
    comments | reviews) remarks "$stage/prs/$1" "$2" ;;
    mergeCommit) if [ -f "$stage/prs/$1/merge" ]; then printf '{"oid":"%s"}' "$(get "$1" merge)"; else echo null; fi ;;
    *) complain "Unknown JSON field: \"$2\"" ;;
  esac
}
sha_of() { # the head commit: pinned by the test, else what the branch is at on origin
  if [ -f "$stage/prs/$1/sha" ]; then get "$1" sha; else git ls-remote origin "refs/heads/$(get "$1" head)" | cut -f 1; fi
}
# ---------------------------------------------------------------- checks, threads
contexts() { # FOLDER of checks: each a file STATE RUN JOB; without a run it is another service's
  printf '{"contexts":{"nodes":['
  sep=
  for check in "$1"/*; do
    [ -f "$check" ] || continue
    read -r state ci_run job <"$check"
    name=$(json "$(basename "$check")")
    if [ "${ci_run:-0}" = 0 ]; then
      [ "$state" != pending ] || state=PENDING
      printf '%s{"__typename":"StatusContext","context":"%s","state":"%s","targetUrl":"https://ci.example.com/%s","isRequired":false}' \
        "$sep" "$name" "$(echo "$state" | tr a-z A-Z)" "$name"
    else
      status='"COMPLETED"' conclusion="\"$(echo "$state" | tr a-z A-Z)\""
      [ "$state" != pending ] || status='"IN_PROGRESS"' conclusion=null
      printf '%s{"__typename":"CheckRun","name":"%s","status":%s,"conclusion":%s,"databaseId":%s,"isRequired":false,"checkSuite":{"workflowRun":{"databaseId":%s,"event":"pull_request","workflow":{"name":"CI"}}}}' \
        "$sep" "$name" "$status" "$conclusion" "$job" "$ci_run"
    fi
    sep=,
  done
  printf ']}}'
}
rollup() { # FOLDER: null without any check
  if [ -n "$(ls "$1" 2>/dev/null)" ]; then contexts "$1"; else printf null; fi
}
said_in_all() { find "$stage/prs/$1/comments" "$stage/prs/$1/reviews" -name body 2>/dev/null | wc -l | tr -d ' '; }
standing() { # NUMBER: how it stands
  mergeable=$(get "$1" mergeable)
  said=$(find "$stage/prs/$1" -name body -mindepth 2 2>/dev/null | wc -l | tr -d ' ')
  printf '"p%s":{"number":%s,"headRefOid":"%s","baseRefName":"%s","updatedAt":"%s-%s","mergeable":"%s","mergeStateStatus":"CLEAN","reviewDecision":null,"autoMergeRequest":null,"comments":{"totalCount":%s},"reviews":{"totalCount":%s},"latestOpinionatedReviews":{"nodes":[]},"commits":{"nodes":[{"commit":{"statusCheckRollup":%s}}]}}' \
    "$1" "$1" "$(sha_of "$1")" "$(json "$(get "$1" base)")" "$said" "$(sha_of "$1")" "${mergeable:-MERGEABLE}" \
    "$(said_in_all "$1")" "$(ls "$stage/prs/$1/threads" 2>/dev/null | wc -l | tr -d ' ')" "$(rollup "$stage/prs/$1/checks")"
}
said() { # NUMBER FOLDER PREFIX: the entries of a folder, as GitHub's query language shows them
  sep=
  for entry in "$stage/prs/$1/$2"/*; do
    [ -f "$entry/body" ] || continue
    printf '%s{"id":"%s_%s_%s","body":"%s","state":"%s","isMinimized":false,"author":{"__typename":"User","login":"%s"}}' "$sep" "$3" "$1" \
      "$(basename "$entry")" "$(json "$(cat "$entry/body")")" "$(cat "$entry/state" 2>/dev/null)" "$(cat "$entry/author")"
    sep=,
  done
}
threads() { # NUMBER
  outer=
  for thread in "$stage/prs/$1/threads"/*; do
    [ -d "$thread" ] || continue
    name=$(basename "$thread")
    printf '%s{"id":"PRRT_%s_%s","isResolved":%s,"path":"%s","line":%s,"originalLine":1,"comments":{"nodes":[%s]}}' "$outer" "$1" "$name" \
      "$(cat "$thread/resolved")" "$(json "$(cat "$thread/path")")" "$(cat "$thread/line")" "$(said "$1" "threads/$name/comments" "PRRC_$name")"
    outer=,
  done
}
object() { # NUMBER: the asked fields
  printf '{'
  sep=
  for name in $(echo "$fields" | tr , ' '); do
    value=$(field "$1" "$name") || exit 1
    printf '%s"%s":%s' "$sep" "$name" "$value"
    sep=,
  done
  printf '}'
}
numbers() { ls "$stage/prs" | sort -rn; }
resolve() { # the number of a number, a URL or a branch
  case $positional in
    '') complain "stand-in gh: name the pull request" ;;
    *[!0-9]*)
      for n in $(numbers); do
        if [ "$(get "$n" head)" = "$positional" ] || [ "$(url "$n")" = "$positional" ]; then echo "$n"; return; fi
      done
      ;;
    *) [ -d "$stage/prs/$positional" ] && echo "$positional" ;;
  esac
}
the_one() {
  n=$(resolve)
  [ -n "$n" ] || fail 1 "GraphQL: Could not resolve to a PullRequest with the number of $positional. (repository.pullRequest)"
}
wanted() { # NUMBER: whether the list has it
  [ -z "$head" ] || [ "$(get "$1" head)" = "$head" ] || return 1
  [ -z "$base" ] || [ "$(get "$1" base)" = "$base" ] || return 1
  case $state in
    all) ;;
    open) [ "$(get "$1" state)" = OPEN ] || return 1 ;;
    closed) [ "$(get "$1" state)" != OPEN ] || return 1 ;;
    merged) [ "$(get "$1" state)" = MERGED ] || return 1 ;;
    *) complain "invalid argument \"$state\" for \"-s, --state\" flag" ;;
  esac
}
list() {
  if [ -f "$stage/list.json" ]; then
    cat "$stage/list.json"
    return
  fi
  count=0 items=
  for n in $(numbers); do
    wanted "$n" || continue
    count=$((count + 1))
    [ "$count" -le "$limit" ] || break
    if [ -n "$fields" ]; then
      item=$(object "$n") || exit 1
      items="$items${items:+,}$item"
    else
      printf '%s\t%s\t%s\t%s\n' "$n" "$(get "$n" title)" "$(get "$n" head)" "$(get "$n" state)"
    fi
  done
  [ -z "$fields" ] || printf '[%s]\n' "$items"
}
create() {
  [ -n "$has_title" ] && [ -n "$has_body" ] ||
    fail 1 "must provide \`--title\` and \`--body\` (or \`--fill\` or \`fill-first\` or \`--fillverbose\`) when not running interactively"
  [ -n "$title" ] || fail 1 "pull request create failed: GraphQL: Title can't be blank (createPullRequest)"
  [ -n "$head" ] || head=$(git rev-parse --abbrev-ref HEAD)
  [ -n "$base" ] || base=main
  if [ "$draft" = true ] && [ "$fault" = no_draft ]; then
    fail 1 "pull request create failed: GraphQL: Draft pull requests are not supported in this repository. (createPullRequest)"
  fi
  git ls-remote --exit-code origin "refs/heads/$base" >/dev/null 2>&1 ||
    fail 1 "pull request create failed: GraphQL: Base ref must be a branch (createPullRequest)"
  tip=$(git ls-remote origin "refs/heads/$head" 2>/dev/null | cut -f 1)
  [ -n "$tip" ] ||
    fail 1 "pull request create failed: GraphQL: Head sha can't be blank, Base sha can't be blank, No commits between $base and $head, Head ref must be a branch (createPullRequest)"
  [ "$tip" != "$(git ls-remote origin "refs/heads/$base" | cut -f 1)" ] ||
    fail 1 "pull request create failed: GraphQL: No commits between $base and $head (createPullRequest)"
  lock
  for n in $(numbers); do
    if [ "$(get "$n" head)" = "$head" ] && [ "$(get "$n" base)" = "$base" ] && [ "$(get "$n" state)" = OPEN ]; then
      unlock
      fail 1 "a pull request for branch \"$head\" into branch \"$base\" already exists:
$(url "$n")"
    fi
  done
  n=1
  while [ -d "$stage/prs/$n" ]; do n=$((n + 1)); done
  mkdir -p "$stage/prs/$n/comments" "$stage/prs/$n/reviews"
  printf '%s' "$title" >"$stage/prs/$n/title"
  printf '%s' "$body" >"$stage/prs/$n/body"
  printf '%s' "$head" >"$stage/prs/$n/head"
  printf '%s' "$base" >"$stage/prs/$n/base"
  printf '%s' "$draft" >"$stage/prs/$n/draft"
  printf OPEN >"$stage/prs/$n/state"
  me >"$stage/prs/$n/author"
  unlock
  [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
  url "$n"
}
remark() { # FOLDER comments|reviews STATE
  lock
  k=1
  while [ -d "$1/$2/$k" ]; do k=$((k + 1)); done
  mkdir -p "$1/$2/$k"
  me >"$1/$2/$k/author"
  printf '%s' "$body" >"$1/$2/$k/body"
  printf '%s' "$3" >"$1/$2/$k/state"
  unlock
  [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
}

merge_one() { # NUMBER: by a merge commit, made in the repository that it is called in and pushed
  git fetch -q --no-write-fetch-head origin "refs/heads/$(get "$1" head)" "refs/heads/$(get "$1" base)"
  tip=$(sha_of "$1") into=$(git ls-remote origin "refs/heads/$(get "$1" base)" | cut -f 1)
  if [ -n "$expected" ] && [ "$expected" != "$tip" ]; then
    fail 1 "GraphQL: Head branch was modified. Review and try the merge again. (mergePullRequest)"
  fi
  tree=$(git merge-tree --write-tree --no-messages "$into" "$tip") ||
    fail 1 "X Pull request $repository#$1 is not mergeable: the merge commit cannot be cleanly created."
  merged=$(git -c user.name=GitHub -c user.email=noreply@github.com commit-tree "$tree" -p "$into" -p "$tip" -m "Merge pull request #$1")
  git push -q origin "$merged:refs/heads/$(get "$1" base)" || exit 1
  printf %s "$merged" >"$stage/prs/$1/merge"
  printf MERGED >"$stage/prs/$1/state"
}

case "$command $sub" in
  'pr list') list ;;
  'pr create') create ;;
  'pr comment')
    the_one
    [ -n "$has_body" ] || fail 1 "flags required when not running interactively"
    remark "$stage/prs/$n" comments ''
    echo "$(url "$n")#issuecomment-$k"
    ;;
  'pr review')
    the_one
    [ -n "$verdict" ] || fail 1 "--approve, --request-changes, or --comment required when not running interactively"
    if [ "$verdict" != APPROVED ] && [ -z "$body" ]; then fail 1 "body cannot be blank for ${verdict} review"; fi
    if [ "$(get "$n" author)" = "$(me)" ]; then
      case $verdict in
        APPROVED) fail 1 "failed to create review: GraphQL: Review Can not approve your own pull request (addPullRequestReview)" ;;
        CHANGES_REQUESTED) fail 1 "failed to create review: GraphQL: Review Can not request changes on your own pull request (addPullRequestReview)" ;;
      esac
    fi
    remark "$stage/prs/$n" reviews "$verdict"
    printf %s "$verdict" >"$stage/prs/$n/decision"
    ;;
  'pr view')
    n=$(resolve)
    [ -n "$n" ] || fail 1 "GraphQL: Could not resolve to a PullRequest with the number of $positional. (repository.pullRequest)"
    [ -n "$fields" ] || complain "pr view without --json uses a field that github.com refuses"
    object "$n" || exit 1
    echo
    ;;
  'pr ready')
    the_one
    if [ -n "$undo" ]; then printf true >"$stage/prs/$n/draft"; else printf false >"$stage/prs/$n/draft"; fi
    [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
    ;;
  'issue view')
    [ -d "$stage/issues/$positional" ] ||
      fail 1 "GraphQL: Could not resolve to an issue or pull request with the number of $positional. (repository.issue)"
    printf '{"number":%s,"comments":%s}\n' "$positional" "$(remarks "$stage/issues/$positional" comments)"
    ;;
  'issue comment')
    [ -d "$stage/issues/$positional" ] ||
      fail 1 "GraphQL: Could not resolve to an issue or pull request with the number of $positional. (repository.issue)"
    remark "$stage/issues/$positional" comments ''
    echo "$site/issues/$positional#issuecomment-$k"
    ;;
  'pr merge')
    the_one
    [ "$(get "$n" state)" = OPEN ] || fail 1 "! Pull request $repository#$n was already merged"
    merge_one "$n"
    [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
    ;;
  'auth status') echo "github.com: Logged in to github.com account $(me)" ;;
  'api ')
    case $positional in
      user) printf '{"login":"%s"}\n' "$(me)" ;;
      "repos/$repository/pulls/"*)
        [ "$method" = PATCH ] || complain "api $positional: only PATCH is known"
        n=${positional##*/}
        [ -d "$stage/prs/$n" ] || fail 1 "gh: Not Found (HTTP 404)"
        printf '%s' "$body" >"$stage/prs/$n/body"
        [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
        printf '{"number":%s}\n' "$n"
        ;;
      "repos/$repository/issues/"*/labels)
        [ "$method" = POST ] || complain "api $positional: only POST is known"
        n=${positional#*/issues/} n=${n%/labels}
        dir=$stage/prs/$n
        [ -d "$dir" ] || dir=$stage/issues/$n
        [ -d "$dir" ] || fail 1 "gh: Not Found (HTTP 404)"
        sed -n 's/^labels\[\]=//p' "$call/fields" >>"$dir/labels"
        sort -u "$dir/labels" >"$dir/labels.new"
        mv "$dir/labels.new" "$dir/labels"
        [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
        labels "$dir"
        ;;
      "repos/$repository/collaborators/"*/permission)
        login=${positional#*/collaborators/} login=${login%/permission}
        role=$(cat "$stage/roles/$login" 2>/dev/null) || fail 1 "gh: Not Found (HTTP 404)"
        printf '{"permission":"%s","role_name":"%s"}\n' "$role" "$role"
        ;;
      "repos/$repository/actions/runs/"*/rerun-failed-jobs)
        ci_run=${positional#*/runs/} ci_run=${ci_run%/*}
        [ "$method" = POST ] || complain "api $positional: only POST is known"
        [ -d "$stage/runs/$ci_run" ] || fail 1 "gh: Not Found (HTTP 404)"
        echo 2 >"$stage/runs/$ci_run/attempt"
        then=$(cat "$stage/runs/$ci_run/then" 2>/dev/null || echo pending)
        for check in "$stage"/prs/*/checks/*; do
          read -r state of job <"$check"
          [ "$of" != "$ci_run" ] || [ "$state" != failure ] || echo "$then $of $job" >"$check"
        done
        [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
        echo '{}'
        ;;
      "repos/$repository/actions/runs/"*)
        ci_run=${positional#*/runs/}
        [ -d "$stage/runs/$ci_run" ] || fail 1 "gh: Not Found (HTTP 404)"
        printf '{"id":%s,"status":"completed","run_attempt":%s}\n' "$ci_run" "$(cat "$stage/runs/$ci_run/attempt")"
        ;;
      "repos/$repository/actions/jobs/"*/logs)
        job=${positional#*/jobs/} job=${job%/logs}
        cat "$stage/logs/$job" 2>/dev/null || fail 1 "gh: Not Found (HTTP 404)"
        ;;
      graphql)
        query=$(sed -n 's/^query=//p' "$call/fields")
        case $query in
          *issues\(*)
            label=$(sed -n 's/^label=//p' "$call/fields")
            printf '{"data":{"repository":{"issues":{"pageInfo":{"hasNextPage":false},"nodes":[%s]}}}}\n' "$(issues "$label")"
            ;;
          *reviewThreads*)
            n=$(sed -n 's/^number=//p' "$call/fields")
            [ -d "$stage/prs/$n" ] || fail 1 "gh: Could not resolve to a PullRequest with the number of $n."
            printf '{"data":{"viewer":{"login":"%s"},"repository":{"pullRequest":{"comments":{"nodes":[%s]},"reviews":{"nodes":[%s]},"reviewThreads":{"nodes":[%s]}}}}}\n' \
              "$(me)" "$(said "$n" comments IC)" "$(said "$n" reviews PRR)" "$(threads "$n")"
            ;;
          *addPullRequestReviewThreadReply*)
            thread=$(sed -n 's/^thread=PRRT_//p' "$call/fields")
            dir=$stage/prs/${thread%%_*}/threads/${thread#*_}
            [ -d "$dir" ] || fail 1 "gh: Could not resolve to a node with the global id of '$thread'"
            lock
            k=1
            while [ -d "$dir/comments/$k" ]; do k=$((k + 1)); done
            mkdir -p "$dir/comments/$k"
            me >"$dir/comments/$k/author"
            sed -n '/^text=/,$p' "$call/fields" | sed '1s/^text=//' >"$dir/comments/$k/body"
            unlock
            [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
            printf '{"data":{"addPullRequestReviewThreadReply":{"comment":{"id":"PRRC_%s"}}}}\n' "$k"
            ;;
          *mergeStateStatus*)
            items=
            for alias in $(echo "$query" | grep -o 'p[0-9]*:pullRequest('); do
              n=${alias#p} n=${n%%:*}
              [ -d "$stage/prs/$n" ] || fail 1 "gh: Could not resolve to a PullRequest with the number of $n."
              items="$items${items:+,}$(standing "$n")"
            done
            for base_of in $(sed -n 's/^\(b[0-9]*\)=refs\/heads\/\(.*\)/\1:\2/p' "$call/fields"); do
              items="$items,\"${base_of%%:*}\":{\"branchProtectionRule\":null,\"target\":{\"oid\":\"$(git ls-remote origin "refs/heads/${base_of#*:}" | cut -f 1)\",\"statusCheckRollup\":$(rollup "$stage/branches/${base_of#*:}/checks")}}"
            done
            printf '{"data":{"repository":{%s}}}\n' "$items"
            ;;
          *viewer*) printf '{"data":{"viewer":{"login":"%s"}}}\n' "$(me)" ;;
          *removeLabelsFromLabelable*)
            n=$(sed -n 's/^pull=PR_//p' "$call/fields") label=$(sed -n 's/^labels\[\]=LA_//p' "$call/fields")
            [ -d "$stage/prs/$n" ] || fail 1 "gh: Could not resolve to a node with the global id of '$n'"
            grep -vxF "$label" "$stage/prs/$n/labels" >"$stage/prs/$n/labels.new"
            mv "$stage/prs/$n/labels.new" "$stage/prs/$n/labels"
            [ "$fault" != lost_reply ] || fail 1 "Post \"$api\": EOF"
            printf '{"data":{"removeLabelsFromLabelable":{"labelable":{"labels":{"nodes":%s}}}}}\n' "$(field "$n" labels)"
            ;;
          *) complain "api graphql: unknown query $query" ;;
        esac
        ;;
      *) complain "HTTP 404: Not Found (https://api.github.com/$positional)" ;;
    esac
    ;;
  *) complain "unknown command \"$sub\" for \"gh $command\"" ;;
esac
