#!/bin/sh
# Takes the place of every command that a cloud has Terraform run: writes down that it was called, and waits or fails if it is told to.
echo "$ACT $RESOURCE $$" >>log
while grep -qxsF "$ACT $RESOURCE" waits; do sleep 0.05; done
! grep -qxsF "$ACT $RESOURCE" fails
