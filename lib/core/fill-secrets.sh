#!/bin/bash
# Puts the values of secrets, which the cloud has left in DIRECTORY, into the files that hold their names: fill-secrets FILE...
set -euo pipefail
export DIRECTORY
# Perl is a part of every Debian. Nothing that it replaces is looked at once more, so a value may look like a name.
perl -0777 -i -pe '
  s{\@secret(-in-url)?\((\w+)\)\@}{
    my ($inUrl, $name) = ($1, $2);
    open(my $file, "<", "$ENV{DIRECTORY}/$name") or die "fill-secrets: the secret $name is not in $ENV{DIRECTORY}\n";
    local $/;
    my $value = <$file>;
    $value =~ s/([^A-Za-z0-9._~-])/sprintf("%%%02X", ord($1))/ge if $inUrl;
    $value;
  }ge;
' "$@"
