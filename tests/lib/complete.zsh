# What a real interactive zsh lists for the words typed so far.
# usage: zsh -f complete.zsh FOLDER-OF-_certauth LINE
# The line editor runs on a terminal of its own (zpty); ^D lists the choices.
zmodload zsh/zpty || exit
zpty shell zsh -f -i
zpty -w shell "PROMPT=; stty cols 200 rows 200; fpath=('$1' \$fpath)
autoload -Uz compinit && compinit -D -u; bindkey -e; LISTMAX=0
unsetopt zle_bracketed_paste automenu; zstyle ':completion:*' list-colors
zle-line-init() { print -n READY\$((1 + 1)) }; zle -N zle-line-init"
# its editor reads; before, ^D would be the terminal's end of file
zpty -r shell said '*READY2*' || exit
zpty -n -w shell "$2"$'\C-d\C-u'
zpty -w shell 'print END$((1 + 1))'
said=
zpty -r shell said '*END2*' || exit
zpty -d shell
print -r -- $said
