# What all plays have; read by the stand-in for claude before the play itself. A step that fails ends the run.
set -e
implement='Greet the world if no name is given'

look_around() { # task|proposal: what those see who create work
  run "scheduler $1 list --json"
  listed=$out
}
seen() { # TITLE: whether it is in that list; then its $state, $id and $branch are known
  while IFS= read -r line; do
    value=${line#*: \"} value=${value%,} value=${value%\"}
    case $line in
      '    {') state= id= title= branch= ;;
      '      "state": '*) state=$value ;;
      '      "id": '*) id=$value ;;
      '      "title": '*) title=$value ;;
      '      "work_branch": "'*) branch=$value ;;
      '    }'*) [ "$title" != "$1" ] || return 0 ;;
    esac
  done <"$listed"
  return 1
}
implements() { # how greet.sh learns to greet the world
  look_at greet.sh
  edit greet.sh '# Greets by name.
echo "Hello, $1!"' '# Greets by name, or the world.
echo "Hello, ${1:-world}!"'
  run 'sh greet.sh'
  run "git commit -q -a -m '$implement'"
  finish 'greet.sh greets the world if the name is missing or empty.'
}
