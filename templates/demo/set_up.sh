# Makes the repository of a demo and its origin, and sets the project up; what it says is shown. Called in the project's
# folder with this program and the place of the origin. A step that fails ends the demo.
set -e
commit() {
  git add -A
  git commit -q -m "$1"
}

git init -q
commit 'First commit'
printf '%s\n' "$PWD" '  a repository with README.md and greet.sh'
git init -q --bare "$2"
# As an address of GitHub, of which git makes the folder.
git config url."$2".insteadOf https://github.com/acme/widgets.git
git remote add origin https://github.com/acme/widgets.git
printf '%s\n' "$2" '  a bare repository, in place of GitHub'
"$1" init -y >/dev/null
cat ../agents.yaml >.orchestrator/agents.yaml
commit 'Set up scheduler'
git push -q -u origin main
git remote set-head origin main
printf '%s\n' '$ scheduler init -y' '  made .orchestrator/; the demo wrote its own agents.yaml, and committed'
