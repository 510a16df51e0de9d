#!/bin/sh
# A stand-in for the Claude Code CLI, for `scheduler demo` and the tests: takes its flags, refuses others, reads the
# prompt from stdin, speaks stream-json and ends as the real one ends. What it does in between is a scenario, a piece of
# shell. It asks the scenarios of the task, the agent, the role and "default", in this order. They are in
# ../claude/ of where it is, and the record of its calls in folders there that are called as those that the real one writes:
# if CLAUDE_CONFIG_DIR is that folder, a confined run may write them. It is started often: what the shell can do itself
# starts no process.
stage=${0%/*}/../claude
debug=$stage/debug
nl='
'
# ---------------------------------------------------------------- what isn't a call
case $* in
  *--help) printf '  %s  x\n' --print --effort --exclude-dynamic-system-prompt-sections --fallback-model --json-schema --tools; exit 0 ;;
esac
# ---------------------------------------------------------------- the record of this call
[ -d "$debug/played" ] || mkdir -p "$debug/calls" "$debug/played" "$debug/sessions"
first_free() { number=$(($# + 1)); [ -e "$1" ] || number=1; }
first_free "$debug/calls"/*
while ! mkdir "$debug/calls/$number" 2>/dev/null; do number=$((number + 1)); done
call=$debug/calls/$number
echo $$ >"$call/pid"
pwd >"$call/cwd"
printf '%s\0' "$@" >"$call/args"
env >"$call/env"
ls "/proc/$$/fd" >"$call/descriptors" 2>/dev/null

refuse() { # as the real one refuses: text on stderr, no JSON, exit 1
  echo "error: $1" >&2
  exit 1
}
complain() { # something that no test expects: the test fails for it
  echo "claude call $number: $1" >>"$debug/complaints"
}

# ---------------------------------------------------------------- flags
hex4='[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F]'
mode=default allowed= denied= offered= format=text verbose= session= max_turns= model=claude-stand-in added= print= schema= resume=
need() { [ $# -gt 1 ] || refuse "option '$1' argument missing"; }
many() { # a flag that takes every word up to the next flag
  taken=0 words=
  while [ $# -gt 0 ]; do
    case $1 in -*) break ;; esac
    words="$words,$1" taken=$((taken + 1))
    shift
  done
}
while [ $# -gt 0 ]; do
  flag=$1
  shift
  case $flag in
    --*=*)
      value=${flag#*=} flag=${flag%%=*}
      set -- "$value" "$@"
      ;;
  esac
  case $flag in
    --version | -v) echo "2.1.330 (Claude Code)"; exit 0 ;;
    -p | --print) print=1 ;;
    --verbose) verbose=1 ;;
    --fork-session) ;;
    --allowedTools | --allowed-tools) many "$@"; allowed="$allowed$words"; shift "$taken" ;;
    --disallowedTools | --disallowed-tools) many "$@"; denied="$denied$words"; shift "$taken" ;;
    --tools) many "$@"; offered="$offered$words"; shift "$taken" ;;
    --strict-mcp-config | --exclude-dynamic-system-prompt-sections) ;;
    --add-dir) many "$@"; added="$added$words"; shift "$taken" ;;
    --permission-mode)
      need "$flag" "$@"
      case $1 in
        acceptEdits | default | dontAsk | plan) mode=$1 ;;
        bypassPermissions)
          [ "$(id -u)" != 0 ] || refuse "bypassPermissions cannot be used with root/sudo privileges for security reasons"
          mode=$1
          ;;
        *) refuse "option '--permission-mode <mode>' argument '$1' is invalid." ;;
      esac
      shift
      ;;
    --output-format) need "$flag" "$@"; format=$1; shift ;;
    --session-id)
      need "$flag" "$@"
      # shellcheck disable=SC2254
      case $1 in $hex4$hex4-$hex4-$hex4-$hex4-$hex4$hex4$hex4) ;; *) refuse "Invalid session ID. Must be a valid UUID." ;; esac
      session=$1
      shift
      ;;
    --max-turns)
      need "$flag" "$@"
      case $1 in '' | *[!0-9]* | 0) refuse "option '--max-turns <turns>' argument '$1' is invalid." ;; esac
      max_turns=$1
      shift
      ;;
    --max-budget-usd)
      need "$flag" "$@"
      case $1 in '' | *[!0-9.]*) refuse "option '--max-budget-usd <amount>' argument '$1' is invalid." ;; esac
      shift
      ;;
    --model) need "$flag" "$@"; model=$1; shift ;;
    --mcp-config) many "$@"; shift "$taken" ;;
    --json-schema) need "$flag" "$@"; schema=$1; shift ;;
    --resume) need "$flag" "$@"; resume=$1; shift ;;
    --fallback-model | --effort | --settings | --setting-sources | --append-system-prompt | --append-system-prompt-file)
      need "$flag" "$@"
      shift
      ;;
    -*) complain "unknown flag $flag"; refuse "unknown option '$flag'" ;;
    *) complain "a prompt among the arguments: $flag" ;;
  esac
done
[ -n "$print" ] || { complain "started without -p: it would wait for a terminal"; refuse "Input must be provided"; }
case $format in
  text | json) ;;
  stream-json) [ -n "$verbose" ] || refuse "When using --print, --output-format=stream-json requires --verbose" ;;
  *) refuse "option '--output-format <format>' argument '$format' is invalid." ;;
esac
cat >"$call/prompt"
[ -s "$call/prompt" ] || refuse "Input must be provided either through stdin or as a prompt argument when using --print"
if [ -n "$resume" ]; then
  session=$resume
elif [ -n "$session" ]; then
  mkdir -p "$debug/sessions$PWD" && mkdir "$debug/sessions$PWD/$session" 2>/dev/null || refuse "Session ID $session is already in use."
else
  session=00000000-0000-4000-8000-$(printf %012d "$number")
  mkdir -p "$debug/sessions$PWD/$session"
fi
# What was killed outright is not in what the session has cost.
earlier=$debug/sessions$PWD/$session legs=1
for leg in "$earlier"/*; do [ ! -e "$leg" ] || legs=$((legs + 1)); done
ended() { [ ! -d "$earlier" ] || : >"$earlier/$number"; }

# ---------------------------------------------------------------- stream-json
# What the whole session cost, in all of its runs.
turns=0 cost=0.0$legs denials= child=
tab=$(printf '\t') return=$(printf '\r')
json() { # text as the inside of a JSON string
  case $1 in
    *[\\\"[:cntrl:]]*) ;;
    *) printf '%s' "$1"; return ;;
  esac
  printf '%s' "$1" | LC_ALL=C tr -d '\000-\010\013\014\016-\037' | LC_ALL=C sed -e ':a' -e '$!{N;ba' -e '}' \
    -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/$tab/\\\\t/g" -e "s/$return/\\\\r/g" -e 's/\n/\\n/g'
}
usage='{"input_tokens":1200,"cache_creation_input_tokens":300,"cache_read_input_tokens":5000,"output_tokens":250,"server_tool_use":{"web_search_requests":0},"service_tier":"standard"}'
event() { # one line of the conversation: TYPE and the content block
  printf '{"type":"%s","message":{"id":"msg_%s_%s","type":"message","role":"%s","model":"%s","content":[%s],"stop_reason":null,"stop_sequence":null,"usage":%s},"parent_tool_use_id":null,"session_id":"%s","uuid":"00000000-0000-4000-9000-%012d"}\n' \
    "$1" "$number" "$turns" "$1" "$model" "$2" "$usage" "$session" "$turns"
}
result_line() { # SUBTYPE IS_ERROR TERMINAL_REASON [MORE_KEYS]
  ended
  printf '{"type":"result","subtype":"%s","is_error":%s,"duration_ms":1500,"duration_api_ms":1200,"num_turns":%s,"stop_reason":"end_turn","session_id":"%s","total_cost_usd":%s,"usage":%s,"modelUsage":{"%s":{"inputTokens":%s,"outputTokens":%s,"cacheReadInputTokens":%s,"cacheCreationInputTokens":%s,"webSearchRequests":0,"costUSD":%s,"contextWindow":200000}},"permission_denials":[%s],"terminal_reason":"%s"%s,"uuid":"00000000-0000-4000-a000-%012d"}\n' \
    "$1" "$2" "$turns" "$session" "$cost" "$usage" "$model" $((1200 * legs)) $((250 * legs)) $((5000 * legs)) $((300 * legs)) "$cost" "${denials#,}" "$3" "${4-}" "$number"
}
say() {
  turns=$((turns + 1))
  event assistant "{\"type\":\"text\",\"text\":\"$(json "$1")\"}"
}
tool_use() { # NAME INPUT_JSON
  turns=$((turns + 1))
  event assistant "{\"type\":\"tool_use\",\"id\":\"toolu_${number}_$turns\",\"name\":\"$1\",\"input\":$2}"
}
tool_result() { # TEXT IS_ERROR
  event user "{\"tool_use_id\":\"toolu_${number}_$turns\",\"type\":\"tool_result\",\"content\":\"$(json "$1")\",\"is_error\":$2}"
}

# ---------------------------------------------------------------- permissions
# The rules of --allowedTools, one a line; commas inside parentheses do not part them.
rules= rest=$allowed,
while [ -n "$rest" ]; do
  rule=${rest%%,*} rest=${rest#*,}
  while case $rule in *\)) false ;; *\(*) [ -n "$rest" ] ;; *) false ;; esac; do
    rule=$rule,${rest%%,*} rest=${rest#*,}
  done
  [ -z "$rule" ] || rules=$rules$rule$nl
done
has_rule() { case $nl$rules in *"$nl$1$nl"*) ;; *) return 1 ;; esac; }
simple_allowed() { # one simple command, against Bash(prefix:*), Bash(prefix *) and Bash(exact)
  case $1 in # what only reads passes by itself
    ls | ls\ * | pwd | echo\ * | 'git status' | git\ status\ * | git\ log\ * | git\ show\ * | git\ diff\ *) return 0 ;;
  esac
  while IFS= read -r rule; do
    case $rule in Bash\(*\)) rule=${rule#Bash?} rule=${rule%?} ;; *) continue ;; esac
    case $rule in
      *:\*) rule=${rule%:\*} ;;
      *\ \*) rule=${rule% \*} ;;
      *) [ "$1" != "$rule" ] || return 0; continue ;;
    esac
    case $1 in "$rule" | "$rule "*) return 0 ;; esac
  done <<EOF
$rules
EOF
  return 1
}
bash_allowed() {
  if [ "$mode" = bypassPermissions ] || has_rule Bash || has_rule 'Bash(*)'; then return 0; fi
  # Quoted text is no syntax: what is left is looked at for what the CLI denies.
  bare=$(printf '%s' "$1" | tr '\n' ' ' | sed -e "s/'[^']*'/Q/g" -e 's/"[^"]*"/Q/g')
  case $bare in *\;* | *\|* | *\>* | *\<* | *\$\(* | *\`*) return 1 ;; esac
  printf '%s\n' "$bare" | sed 's/ *&& */\
/g' | (
    while IFS= read -r part; do simple_allowed "$part" || exit 1; done
    exit 0
  )
}
inside() { # PATH DIR
  case $1 in "$2"/*) return 0 ;; *) return 1 ;; esac
}
write_allowed() { # TOOL PATH
  case /$2/ in */../*) return 1 ;; esac # no way out of a folder that a rule names
  case /$2/ in */.claude/* | */.git/* | */.vscode/* | */.mcp.json/ | */.gitmodules/) return 1 ;; esac
  [ "$mode" != acceptEdits ] || ! inside "$2" "$(pwd)" || return 0
  has_rule "$1" && return 0
  while IFS= read -r rule; do
    case $rule in Edit\(//*/\*\*\) | Write\(//*/\*\*\)) rule=${rule#*/} ;; *) continue ;; esac
    if inside "$2" "${rule%/\*\*\)}"; then return 0; fi
  done <<EOF
$rules
EOF
  return 1
}
deny() { # TOOL INPUT_JSON
  denials="$denials,{\"tool_name\":\"$1\",\"tool_use_id\":\"toolu_${number}_$turns\",\"tool_input\":$2}"
  tool_result "Permission to use $1 has been denied." true
}

quoted_names() { # ,A,B as "A","B"
  names=$(printf '%s' "${1#,}" | sed 's/,/","/g')
  printf '"%s"' "$names"
}
is_offered() { # TOOL: what is not offered does not exist for the model
  case ${offered:-,$1}, in *,"$1",*) return 0 ;; esac
  tool_result "<tool_use_error>Error: No such tool available: $1. $1 exists but is not enabled in this context.</tool_use_error>" true
  return 1
}

# ---------------------------------------------------------------- what a scenario calls
run() { # COMMAND: the Bash tool; its own session, as the real one's
  input="{\"command\":\"$(json "$1")\",\"description\":\"a step\"}"
  tool_use Bash "$input"
  is_offered Bash || return 126
  bash_allowed "$1" || { deny Bash "$input"; return 126; }
  out=$call/output-$turns
  if command -v setsid >/dev/null; then
    setsid sh -c "$1" >"$out" 2>&1 </dev/null &
  else
    sh -c "$1" >"$out" 2>&1 </dev/null &
  fi
  child=$!
  code=0
  wait "$child" || code=$?
  child=
  if [ "$code" = 0 ]; then tool_result "$(cat "$out")" false; else tool_result "Exit code $code
$(cat "$out")" true; fi
  return "$code"
}
write() { # FILE TEXT: the Write tool; a relative path is one of the working directory
  case $1 in /*) target=$1 ;; *) target=$(pwd)/$1 ;; esac
  input="{\"file_path\":\"$(json "$target")\",\"content\":\"$(json "$2")\"}"
  tool_use Write "$input"
  is_offered Write || return 126
  write_allowed Write "$target" || { deny Write "$input"; return 126; }
  mkdir -p "$(dirname "$target")"
  printf '%s\n' "$2" >"$target"
  tool_result "File created successfully at: $target" false
}
edit() { # FILE [OLD] NEW: the Edit tool; without OLD it adds a line at the end
  case $1 in /*) target=$1 ;; *) target=$(pwd)/$1 ;; esac
  old= new=$2
  [ $# = 2 ] || { old=$2 new=$3; }
  input="{\"file_path\":\"$(json "$target")\",\"old_string\":\"$(json "$old")\",\"new_string\":\"$(json "$new")\"}"
  tool_use Edit "$input"
  is_offered Edit || return 126
  write_allowed Edit "$target" || { deny Edit "$input"; return 126; }
  if [ $# = 2 ]; then
    printf '%s\n' "$new" >>"$target"
  else
    text=$(cat "$target")
    case $text in *"$old"*) ;; *) tool_result "String to replace not found in file." true; return 1 ;; esac
    printf '%s\n' "${text%%"$old"*}$new${text#*"$old"}" >"$target"
  fi
  tool_result "The file $target has been updated." false
}
look_at() { # FILE: the Read tool
  tool_use Read "{\"file_path\":\"$(json "$(pwd)/$1")\"}"
  if [ -f "$1" ]; then tool_result "$(cat "$1")" false; else tool_result "File does not exist." true; return 1; fi
}
commit() { # MESSAGE: what every coding agent ends with
  run "git add -A && git commit -q -m '$1'"
}
finish() { # [TEXT]: a good end
  say "${1-Done.}"
  result_line success false completed ",\"result\":\"$(json "${1-Done.}")\",\"api_error_status\":null"
  exit 0
}
answer() { # JSON: a good end in the form that was asked for; that such an answer fits isn't checked
  [ -n "$schema" ] || complain "nobody asked for an answer of a form"
  tool_use StructuredOutput "$1"
  tool_result "Structured output provided successfully" false
  result_line success false completed ",\"result\":\"$(json "$1")\",\"structured_output\":$1,\"api_error_status\":null"
  exit 0
}
turn_limit() {
  turns=$((${max_turns:-5} + 1))
  result_line error_max_turns true max_turns ",\"errors\":[\"Reached maximum number of turns (${max_turns:-5})\"]"
  exit 1
}
budget() {
  result_line error_max_budget_usd true budget_exhausted ',"errors":["Reached maximum budget"]'
  exit 1
}
api_error() { # STATUS TYPE TEXT
  printf '{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":500,"error_status":%s,"session_id":"%s"}\n' "$1" "$session"
  result_line success true api_error ",\"result\":\"API Error: $1 $(json "$3")\",\"api_error_status\":$1,\"api_error_type\":\"$2\""
  exit 1
}
refused() { # no network: the connection is refused
  result_line success true api_error ',"result":"API Error: Unable to connect to API (ConnectionRefused)","api_error_status":null,"api_error":"connection_failed"'
  exit 1
}
usage_limit() { # RESETS_AT in seconds since 1970: as subscription accounts are told
  printf '{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":%s,"rateLimitType":"five_hour"},"session_id":"%s","uuid":"00000000-0000-4000-b000-%012d"}\n' "$1" "$session" "$number"
  result_line success true api_error ',"result":"API Error: 429 usage limit reached","api_error_status":429,"api_error_type":"rate_limit_error"'
  exit 1
}
quota() { # WINDOW USED RESETS_AT: how much of a limit is used, as a fraction
  printf '{"type":"rate_limit_event","rate_limit_info":{"status":"allowed_warning","resetsAt":%s,"rateLimitType":"%s","utilization":%s},"session_id":"%s","uuid":"00000000-0000-4000-b000-%012d"}\n' "$3" "$1" "$2" "$session" "$number"
}
prompt_too_long() {
  result_line success true prompt_too_long ',"result":"Prompt is too long"'
  exit 1
}
aborted() { # SIGINT during a tool: exit 0 with an error
  result_line error_during_execution true aborted_tools ',"errors":["Request was aborted."]'
  exit 0
}
no_result() { exit "$1"; }
stderr_only() { # EXIT TEXT
  echo "$2" >&2
  exit "$1"
}
die() { # SIGNAL: ended by it, as the kernel tells
  trap - TERM HUP INT
  kill -s "$1" $$
  sleep 60
}
rest() { # SECONDS, interruptible
  sleep "$1" &
  child=$!
  wait "$child"
  child=
}
hang() { # silent for ever
  while :; do rest 600; done
}
chatter() { # never silent, never done
  while :; do say "still at it"; rest 0.2; done
}
linger() { # says its result and stays alive
  say "${1-Done.}"
  result_line success false completed ",\"result\":\"$(json "${1-Done.}")\",\"api_error_status\":null"
  hang
}
two_results() { # an error that a later line takes back
  result_line error_during_execution true aborted_tools ',"errors":["first try"]'
  finish "${1-Done after all.}"
}
long_line() { # BYTES: one line of that length
  printf '{"type":"assistant","filler":"'
  head -c "$1" /dev/zero | tr '\0' x
  printf '"}\n'
}
ignore_term() { trap '' TERM; }

end_tree() { ended; [ -z "$child" ] || kill -TERM "-$child" 2>/dev/null || kill -TERM "$child" 2>/dev/null; }
trap 'end_tree; exit 143' TERM
trap 'end_tree; exit 129' HUP
trap 'end_tree; exit 0' INT

if [ ! -d "$earlier" ]; then
  usage='{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}' cost=0
  echo "No conversation found with session ID: $session" >&2
  result_line error_during_execution true '' ",\"errors\":[\"No conversation found with session ID: $session\"]"
  exit 1
fi

# ---------------------------------------------------------------- the scenario
scenario=
for key in "${TASK_ID:-}" "${AGENT_NAME:-}" "${AGENT_ROLE:-}" default; do
  [ -n "$key" ] || continue
  attempt=1
  while [ -e "$debug/played/$key.$attempt" ]; do attempt=$((attempt + 1)); done
  for file in "$stage/scenarios/$key.$attempt" "$stage/scenarios/$key"; do
    [ -f "$file" ] || continue
    : >"$debug/played/$key.$attempt"
    scenario=$file
    break 2
  done
done
[ -n "$scenario" ] || { complain "no scenario for task '${TASK_ID:-}', agent '${AGENT_NAME:-}', role '${AGENT_ROLE:-}'"; refuse "no scenario"; }
printf '%s' "$scenario" >"$call/scenario"
printf '{"type":"system","subtype":"init","cwd":"%s","session_id":"%s","tools":[%s],"mcp_servers":[],"model":"%s","permissionMode":"%s","slash_commands":[],"apiKeySource":"none","claude_code_version":"2.1.330","output_style":"default","agents":[],"skills":[],"plugins":[],"uuid":"00000000-0000-4000-8000-%012d"}\n' \
  "$(json "$(pwd)")" "$session" "$(quoted_names "${offered:-,Bash,Edit,Glob,Grep,Read,Skill,Write}")" "$model" "$mode" "$number"
. "$scenario"
finish
