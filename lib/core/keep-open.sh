# shellcheck shell=bash
# Reads a new firewall and prints it with the access that the running one still has. During a deploy the old members of a pool serve until the new ones
# do, and they need it. What the page has no longer ends with the next renewal of the machine.
awk '
  function accesses(line,   n, i, ranges, words, port) {
    match(line, /\{[^}]*\}/)
    n = split(substr(line, RSTART + 2, RLENGTH - 4), ranges, ", ")
    split(line, words, " ")
    port = line
    sub(/.* dport /, "", port)
    sub(/ .*/, "", port)
    for (i = 1; i <= n; i++) found[i] = words[1] " saddr { " ranges[i] " } tcp dport " port " accept"
    return n
  }
  /^    ip6? saddr \{ [^}]* \} tcp dport [0-9]+ accept/ {
    n = accesses($0)
    for (i = 1; i <= n; i++) {
      if (FNR != NR && !(found[i] in known)) kept[++more] = "    " found[i] " # until this machine is renewed"
      known[found[i]] = 1
    }
  }
  FNR == NR { text[++lines] = $0 }
  END {
    for (i = 1; i <= lines; i++) {
      if (text[i] ~ /^    ip protocol tcp reject/) for (n = 1; n <= more; n++) print kept[n]
      print text[i]
    }
  }
' <(cat) "$FIREWALL"
