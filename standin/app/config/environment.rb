# What every Ruby process loads first, a web process of several once for all.

require_relative "../lib/standin"

Standin::Cost.boot
Standin::Environment.check!
require "standin/models"
require "standin/media_attachment"
require "standin/jobs"
