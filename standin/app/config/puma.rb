# `auto` and other words become 0 here: a single process.

max_threads = ENV.fetch("MAX_THREADS", 5).to_i
threads ENV.fetch("MIN_THREADS", max_threads).to_i, max_threads
workers ENV.fetch("WEB_CONCURRENCY", 2).to_i
persistent_timeout ENV.fetch("PERSISTENT_TIMEOUT", 20).to_i
environment ENV.fetch("RAILS_ENV")

if ENV["SOCKET"]
  bind "unix://#{ENV["SOCKET"]}"
else
  bind "tcp://#{ENV.fetch("BIND", "127.0.0.1")}:#{ENV.fetch("PORT", 3000)}"
end

set_remote_address proxy_protocol: :v1 if ENV["PROXY_PROTO_V1"] == "true"
preload_app!

require_relative "../lib/standin"
require "standin/metrics"
Standin::Metrics.tell_of_puma
