#!/bin/bash
# Makes the account of the site's owner, and shows its password once: mastodon-owner NAME --email ADDRESS
set -euo pipefail

usage() {
  cat <<TEXT
usage: mastodon-owner NAME --email ADDRESS
  Makes the account NAME with the role Owner, confirmed and approved, and prints its password. It is printed here once and kept nowhere.
  Nobody checks the address: see to it that it is yours, since a new password is sent there. An account that exists is left as it is.
TEXT
}

name='' email=''
while [ $# -gt 0 ]; do
  case $1 in
    --email)
      email=${2:-}
      shift
      ;;
    --email=*) email=${1#--email=} ;;
    --help | -h) usage && exit 0 ;;
    *)
      [ -z "$name" ] || { usage >&2 && exit 2; }
      name=$1
      ;;
  esac
  shift || break
done
if [[ ! $name =~ ^[A-Za-z0-9_]{1,30}$ ]]; then
  usage >&2
  echo "mastodon-owner: \"$name\" is no name of an account: 1 to 30 letters, digits and underscores" >&2
  exit 2
fi
if [[ ! $email =~ ^[^@[:space:]-][^@[:space:]]*@[^@[:space:]]+$ ]]; then
  usage >&2
  echo "mastodon-owner: \"$email\" is no mail address" >&2
  exit 2
fi
if [ "$(id -u)" != 0 ]; then
  echo "mastodon-owner: run it as root" >&2
  exit 1
fi

# Loggers of Mastodon write to the same output, so each line of ours is marked. The password is made and printed inside: it stands in no
# argument of a process, and `rails` keeps what it prints out of the journal.
MARK='mastodon-owner: '
RUBY=$ACCOUNT_RUBY'
def say(*lines) = lines.each { |line| puts "mastodon-owner: #{line}" }

name, email = ARGV
role = UserRole.find_by(name: "Owner")
if role.nil?
  say "there is no role with the name Owner: it has been renamed or deleted, give an account another by `tootctl accounts modify`"
  exit 1
end
if Account.find_by(username: name, domain: nil)
  say "there is an account #{name} already, nothing was changed",
      "its password, when it is lost:  tootctl accounts modify #{name} --reset-password",
      "its role, if it is another:     tootctl accounts modify #{name} --role Owner"
  exit 1
end
password = SecureRandom.hex(16)
begin
  account!(name, email, password, role)
rescue => e
  say "no account was made: #{e.message.lines.first.to_s.strip}"
  exit 1
end
say "#{name} is the owner of #{ENV.fetch("LOCAL_DOMAIN")}",
    "sign in at https://#{ENV["WEB_DOMAIN"] || ENV["LOCAL_DOMAIN"]}/auth/sign_in",
    "address   #{email}",
    "password  #{password}",
    "The password is shown this once. Keep it now, or change it once you are signed in."
'

echo "Making $name; Mastodon takes up to a minute to start for it" >&2
status=0
printed=$(rails runner "$RUBY" "$name" "$email" </dev/null) || status=$?
ours=$(printf '%s\n' "$printed" | sed -n "s/^$MARK//p")
if [ -n "$ours" ]; then
  printf '%s\n' "$ours"
else
  # Mastodon did not get as far as our first line.
  printf '%s\n' "$printed" >&2
fi
[ -n "$ours" ] || [ "$status" != 0 ] || status=1
exit "$status"
