# What Sidekiq requires.

require_relative "environment"
require "standin/sidekiq_server"
