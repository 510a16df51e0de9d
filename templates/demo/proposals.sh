# The proposal model: proposers propose, a curator judges, what was promoted is carried out, a rejection is heeded, and a
# contradiction is left to the user.
too_much='Greet in forty languages'
heeded='Greet in German if LANG is German'
refactor='Build the greeting in one function'

rejected_before() { # TITLE: whether what was too much is rejected, and the answer to it not proposed yet
  ! seen "$1" && seen "$too_much" && [ "$state" = rejected ]
}

case $AGENT_NAME in
  feature-agent)
    look_around proposal
    if ! seen "$implement"; then
      look_at README.md
      look_at greet.sh
      run "scheduler proposal add --title '$implement' --category feature --complexity S --summary 'README.md wants it, and greet.sh doesn'\\''t do it' --rationale 'greet.sh:3 prints \"Hello, !\" where no name is given.' --criterion 'greet.sh without a name, or with an empty one, prints: Hello, world!' --file greet.sh"
      run "scheduler proposal add --title '$too_much' --category feature --complexity XL --summary 'The world is large' --rationale 'Not everybody speaks English.' --criterion 'Forty languages are greeted in' --file languages.txt"
      finish 'Two proposals: one that README.md asks for, and one of my own.'
    fi
    if rejected_before "$heeded"; then
      say 'Forty languages were too many to be checked, the curator says: one, then, that can be.'
      run "scheduler proposal add --title '$heeded' --category feature --complexity S --summary 'One language, by the variable that names it' --rationale 'Whoever sets LANG has said what they speak.' --criterion 'LANG=de_DE.UTF-8 sh greet.sh Ada prints: Hallo, Ada!' --file greet.sh"
      finish 'One proposal: a smaller step, which answers what was wrong with the last.'
    fi
    finish 'Nothing worth a proposal: none added.'
    ;;
  architect)
    look_around proposal
    look_at greet.sh
    if rejected_before "$refactor"; then
      run "scheduler proposal add --title '$refactor' --category refactor --complexity S --summary 'What is said and to whom, in one place' --rationale 'Each further greeting would otherwise be one more line with its own rules.' --criterion 'greet.sh prints what it printed before' --file greet.sh --complexity-reduction 'One place instead of one for each case.'"
      finish 'One proposal: a place for the greeting before there are more of them.'
    fi
    finish 'Nothing worth a proposal: a single line has its place.'
    ;;
  curator)
    look_around proposal
    if seen "$too_much" && [ "$state" = active ]; then
      rejected=$id
      say "The first is small, and what the README wants. The second can't be checked by anybody here."
      seen "$implement"
      run "scheduler proposal promote $id"
      run "scheduler proposal reject $rejected --reason 'Too large for one change, and nobody could check it. Propose one language.'"
      finish 'One promoted, one rejected with what would have to be different.'
    fi
    finish 'I wait until the proposer has said everything.'
    ;;
  impl-agent) implements ;;
esac
