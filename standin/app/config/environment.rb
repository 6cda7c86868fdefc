# What every Ruby process loads first.

require_relative "../lib/standin"

Standin::Environment.check!
require "standin/models"
