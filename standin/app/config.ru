require_relative "config/environment"
require "standin/web"

run Standin::Web.app
