# Gatekeepers: a pull request fails its check, a task mends it on its own branch, it is checked again and passes.
unquoted='echo Hello, ${1:-world}!'

look_at greet.sh
case $AGENT_NAME in
  lint-agent)
    run "sh greet.sh '* Ada'"
    if grep -qF "$unquoted" greet.sh; then
      say "The star became the names of all files: what is not quoted is the shell's to change."
      run "scheduler check record --status failed --summary 'The shell changes what is not quoted' --issue 'high|greet.sh:3|Quote the text: a star in a name lists the files here'"
      finish 'Failed: one finding, with what to do.'
    fi
    run "scheduler check record --status passed --summary 'What was found before is mended'"
    finish 'Passed.'
    ;;
  impl-agent)
    edit greet.sh "$unquoted" 'echo "Hello, ${1:-world}!"'
    run "sh greet.sh '* Ada'"
    run "git commit -q -a -m 'Quote what is greeted'"
    finish 'The name is quoted: it is printed as it was given.'
    ;;
esac
