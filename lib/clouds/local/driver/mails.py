#!/usr/bin/python3
"""Lists the mail that a site's machine has caught, or prints one: mails.py [NUMBER]. It runs inside that machine."""
import email
import email.policy
import os
import sys

BOX = "/srv/mail"


def caught():
    """Every mail, the oldest first, as its file and its message."""
    paths = [os.path.join(BOX, part, name) for part in ("new", "cur") for name in os.listdir(os.path.join(BOX, part))]
    for path in sorted(paths, key=lambda path: (os.stat(path).st_mtime_ns, path)):
        with open(path, "rb") as file:
            yield email.message_from_binary_file(file, policy=email.policy.default)


def line(number, message):
    fields = [message[name] or "-" for name in ("From", "To", "Subject", "Date")]
    return "\t".join([str(number), *(" ".join(str(field).split()) for field in fields)])


def text(message):
    """Headers that a person wants, and the plain text, decoded."""
    for name in ("From", "To", "Subject", "Date"):
        print(f"{name}: {message[name]}")
    body = message.get_body(("plain", "html"))
    print()
    print("" if body is None else body.get_content().rstrip())


def main():
    mails = list(caught())
    if len(sys.argv) == 1:
        for number, message in enumerate(mails, 1):
            print(line(number, message))
        if not mails:
            print("no mail has come", file=sys.stderr)
        return 0
    if not sys.argv[1].isdigit() or not 1 <= int(sys.argv[1]) <= len(mails):
        print(f"there is no mail {sys.argv[1]}; there are {len(mails)}", file=sys.stderr)
        return 1
    text(mails[int(sys.argv[1]) - 1])
    return 0


sys.exit(main())
