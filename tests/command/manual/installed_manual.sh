#!/usr/bin/env bash
# Tests cmake/ArpentManual.cmake cmake/ArpentInstall.cmake
# The installed pages and completions are where man, bash-completion, zsh and fish look for them: `man arpent-run` shows
# its page, and in a terminal (tmux) Tab lists the commands and completes one of them in each shell.
set -euo pipefail
. "$SOURCE_DIR/tests/harness/checks.sh"

cmake --install "$BUILD_DIR" --component tools --prefix "$PWD/installed" >install.log
MANPATH=$PWD/installed/share/man MANPAGER=cat man arpent-run >page
has '^ARPENT-RUN(1)' <page || fail "man arpent-run does not show its page: $(head -n 3 page)"
has -- '--leak-exit' <page || fail "man arpent-run lacks --leak-exit"

socket=$PWD/socket
trap 'tmux -S "$socket" kill-server 2>/dev/null || true' EXIT
show() { tmux -S "$socket" capture-pane -p -t "$1"; }
wait_for() { # SESSION PATTERN
  local i
  for ((i = 0; i < 600; i++)); do
    if show "$1" | has "$2"; then return 0; fi
    sleep 0.1
  done
  fail "$1: the terminal does not show '$2' but: $(show "$1")"
  return 0
}
begin() { # SHELL COMMAND…
  env PATH="$PWD/installed/bin:$PATH" XDG_DATA_DIRS="$PWD/installed/share:/usr/local/share:/usr/share" HOME="$PWD" \
    tmux -S "$socket" -f /dev/null new-session -d -s "$1" -x 150 -y 40 "${@:2}"
}
keys() { # SESSION KEY…
  tmux -S "$socket" send-keys -t "$1" -- "${@:2}"
}

cat >bashrc <<'RC'
. /usr/share/bash-completion/bash_completion
PS1='ready> '
RC
mkdir zsh
cat >zsh/.zshrc <<'RC'
fpath=("$HOME/installed/share/zsh/site-functions" $fpath)
autoload -Uz compinit
compinit -u -D
PS1='ready> '
RC
# A session of its own for each: a Ctrl-C that comes while a shell still looks for completions may leave the line as it is.
for session in list complete; do
  begin bash-$session bash --noprofile --rcfile "$PWD/bashrc" -i
  begin zsh-$session env ZDOTDIR="$PWD/zsh" zsh -i
  begin fish-$session fish -i -C 'function fish_prompt; echo "ready> "; end; set -g fish_autosuggestion_enabled 0'
done
for shell in bash zsh fish; do
  wait_for $shell-list '^ready>'
  keys $shell-list 'arpent ' Tab Tab
  wait_for $shell-list 'symbolize'
  wait_for $shell-list 'snapshot'

  wait_for $shell-complete '^ready>'
  keys $shell-complete 'arpent sym' Tab
  wait_for $shell-complete 'arpent symbolize'
  keys $shell-complete '--he' Tab
  wait_for $shell-complete 'arpent symbolize --help'
  keys $shell-complete Enter
  wait_for $shell-complete 'Usage: arpent symbolize'
done

finish "man, bash, zsh and fish find what is installed"
