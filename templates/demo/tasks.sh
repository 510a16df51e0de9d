# The play of tasks: a product manager finds out what is wanted, and others implement, test and review it.
tests='Test the greetings of greet.sh'

case $AGENT_NAME in
  pm-agent)
    look_around task
    if ! seen "$implement"; then
      look_at README.md
      look_at greet.sh
      say 'README.md wants a greeting without a name; greet.sh says "Hello, !".'
      run "scheduler task add --title '$implement' --role implement --priority P1 --criterion 'greet.sh without a name, or with an empty one, prints: Hello, world!' --context 'README.md wants it. Today greet.sh:3 prints \"Hello, !\".'"
      finish "One task created: what README.md wants and greet.sh doesn't do."
    fi
    if [ "$state" = done ] && ! (seen "$tests"); then
      run "git log -1 --stat '--format=%h %s' $branch"
      say 'The change is there, without a test and seen by nobody: two more tasks.'
      run "scheduler task add --title '$tests' --role test --branch $branch --blocked-by $id --criterion 'With a name, without one, and with an empty one'"
      run "scheduler task add --title 'Review the greeting without a name' --role review --branch $branch --blocked-by $id"
      finish 'Two tasks created: the change needs tests and a second pair of eyes.'
    fi
    finish "Nothing is missing that isn't under way: no task created."
    ;;
  impl-agent) implements ;;
  test-agent)
    look_at greet.sh
    write tests/greet_test.sh '#!/bin/sh
# Says what is wrong and fails, or says how many cases passed.
expect() {
    [ "$1" = "$2" ] || { echo "expected '\''$2'\'', got '\''$1'\''"; exit 1; }
}
expect "$(sh greet.sh Ada)" "Hello, Ada!"
expect "$(sh greet.sh)" "Hello, world!"
expect "$(sh greet.sh "")" "Hello, world!"
echo "3 cases passed"'
    run 'sh tests/greet_test.sh'
    run 'git add tests'
    run "git commit -q -m '$tests'"
    finish '`sh tests/greet_test.sh`: 3 cases, all passed. No gap known.'
    ;;
  review-agent)
    run "git show '--format=%h %s' HEAD"
    say '`${1:-world}` holds for a missing and for an empty name, as the task asks.'
    run "scheduler review record --verdict approve --summary 'Greets the world where there is no name. Right, small, and said in the comment.'"
    finish 'Approved: it does what the task asks, and nothing else.'
    ;;
esac
