# Prometheus' metrics, as from 4.4 on: each Sidekiq process serves its own, and a collector serves what Puma sends it.

require "json"
require "socket"

module Standin
  module Metrics
    SECONDS = 5

    module_function

    def enabled? = Standin.from?("4.4") && ENV["MASTODON_PROMETHEUS_EXPORTER_ENABLED"] == "true"
    def local? = ENV["MASTODON_PROMETHEUS_EXPORTER_LOCAL"] == "true"

    # Puma's master process tells the collector of all its workers. A collector that is away costs nothing.
    def tell_of_puma
      return if !enabled? || local?

      host = ENV.fetch("PROMETHEUS_EXPORTER_HOST", "localhost")
      port = ENV.fetch("PROMETHEUS_EXPORTER_PORT", "9394").to_i
      Thread.new do
        loop do
          sleep SECONDS
          send_to(host, port, of_puma)
        rescue StandardError
          nil
        end
      end
    end

    def of_puma
      stats = Puma.stats_hash
      workers = stats[:worker_status]&.map { |worker| worker[:last_status] } || [stats]
      sum = ->(name) { workers.sum { |worker| worker[name].to_i } }
      free = sum.call(:pool_capacity)
      {
        "ruby_puma_workers" => workers.size,
        "ruby_puma_running_threads" => sum.call(:running),
        "ruby_puma_request_backlog" => sum.call(:backlog),
        "ruby_puma_thread_pool_capacity" => free,
        "ruby_puma_busy_threads" => sum.call(:max_threads) - free,
        "ruby_puma_max_threads" => sum.call(:max_threads),
      }
    end

    def send_to(host, port, values)
      body = JSON.generate(values)
      Socket.tcp(host, port, connect_timeout: 1) do |socket|
        socket.write("POST /send-metrics HTTP/1.1\r\nHost: #{host}\r\nConnection: close\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}")
        socket.close_write
        socket.read
      end
    end

    # The collector: a process of its own.
    def collect(bind, port)
      kept = {}
      serve(bind, port, ->(body) { kept = JSON.parse(body) }) { { "ruby_collector_working" => 1, **kept } }.join
    end

    def serve_sidekiq
      return unless enabled? && local?

      bind = ENV.fetch("MASTODON_PROMETHEUS_EXPORTER_HOST", "localhost")
      port = ENV.fetch("MASTODON_PROMETHEUS_EXPORTER_PORT", "9394").to_i
      serve(bind, port) { { "ruby_collector_working" => 1, "ruby_sidekiq_process_busy" => ::Sidekiq::Processor::WORK_STATE.size } }
    end

    def serve(bind, port, take = nil, &values)
      server = TCPServer.new(bind, port)
      Thread.new do
        loop { answer(server.accept, take, &values) }
      end
    end

    def answer(socket, take)
      method, path = socket.gets.to_s.split
      length = 0
      while (line = socket.gets&.chomp) && line != ""
        length = line.split(":", 2).last.to_i if line.downcase.start_with?("content-length:")
      end
      if method == "POST" && path == "/send-metrics" && take
        take.call(socket.read(length))
        reply(socket, "200 OK", "OK")
      elsif path == "/metrics"
        reply(socket, "200 OK", yield.map { |name, value| "# TYPE #{name} gauge\n#{name} #{value}\n" }.join)
      else
        reply(socket, "404 Not Found", "Not Found! The stand-in serves /metrics.\n")
      end
    rescue StandardError
      nil
    ensure
      socket.close
    end

    def reply(socket, status, body)
      socket.write("HTTP/1.1 #{status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: #{body.bytesize}\r\n\r\n#{body}")
    end
  end
end
