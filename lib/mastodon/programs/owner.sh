#!/bin/bash
# Makes the account of the site's owner, and shows its password once: mastodon-owner NAME --email ADDRESS
set -euo pipefail

refuse() {
  echo "usage: mastodon-owner NAME --email ADDRESS
  Makes the account NAME with the role Owner, confirmed and approved, and prints its password, once. Nobody checks the
  address: a new password is sent there, so it must be yours. An account that exists is left as it is.
${1:-}" >&2
  exit 2
}

[ $# = 3 ] && [ "$2" = --email ] || refuse
name=$1 email=$3
[[ $name =~ ^[A-Za-z0-9_]{1,30}$ ]] || refuse "\"$name\" is no name of an account: 1 to 30 letters, digits and underscores"
[[ $email =~ ^[^@[:space:]-][^@[:space:]]*@[^@[:space:]]+$ ]] || refuse "\"$email\" is no mail address"

# Mastodon's loggers write to the same output, so our lines are marked. The password stands in no argument of a process.
RUBY=$ACCOUNT_RUBY'
def say(*lines)
  lines.each { |line| puts "owner: #{line}" }
end

name, email = ARGV
begin
  role = UserRole.find_by(name: "Owner") or raise "the role Owner has been renamed or deleted"
  if Account.find_by(username: name, domain: nil)
    say "there is an account #{name} already, nothing was changed",
        "when its password is lost:  tootctl accounts modify #{name} --reset-password",
        "when it has another role:   tootctl accounts modify #{name} --role Owner"
    exit 1
  end
  password = SecureRandom.hex(16)
  account!(name, email, password, role)
rescue => e
  say "no account was made: #{e.message.lines.first}"
  exit 1
end
say "#{name} is the owner of #{ENV["LOCAL_DOMAIN"]}, address #{email}",
    "sign in at  https://#{ENV["WEB_DOMAIN"] || ENV["LOCAL_DOMAIN"]}/auth/sign_in",
    "password    #{password}",
    "It is shown this once and kept nowhere."
'

echo "Making $name; Mastodon takes up to a minute to start for it" >&2
status=0
printed=$(rails runner "$RUBY" "$name" "$email" </dev/null) || status=$?
if ! printf '%s\n' "$printed" | sed -n 's/^owner: //p' | grep .; then
  # Mastodon did not get as far as our first line.
  printf '%s\n' "$printed" >&2
  [ "$status" != 0 ] || status=1
fi
exit "$status"
