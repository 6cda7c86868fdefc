# PostgreSQL: a pool of connections that heal themselves, with server-side prepared statements unless told otherwise.

require "connection_pool"
require "pg"
require "time"
require "standin/database_settings"

module Standin
  class Database
    CHECKOUT_SECONDS = 5
    CREATION = Mutex.new

    class << self
      def primary = pool(:@primary) { DatabaseSettings.primary }

      # The primary again when no replica is configured.
      def replica
        return primary unless DatabaseSettings.replica?

        pool(:@replica) { DatabaseSettings.replica }
      end

      # Makara sends every read of a process to the replica, Rails only those that ask for it.
      def plain_reads = DatabaseSettings.makara? ? replica : primary

      private

      # Not before the first use: connections must not be shared over a fork.
      def pool(name)
        instance_variable_get(name) || CREATION.synchronize do
          instance_variable_get(name) || instance_variable_set(name, new(yield))
        end
      end
    end

    attr_reader :settings

    def initialize(settings)
      @settings = settings
      @pool = ConnectionPool.new(size: settings.pool, timeout: CHECKOUT_SECONDS) { Connection.new(settings) }
    end

    def query(sql, params = []) = @pool.with { |connection| connection.query(sql, params) }
    def one(sql, params = []) = query(sql, params).first
    def transaction(&block) = @pool.with { |connection| connection.transaction(&block) }
  end

  class Connection
    RESULTS = PG::TypeMapByOid.new.tap do |map|
      { PG::TextDecoder::Integer => [20, 21, 23], PG::TextDecoder::Boolean => [16], PG::TextDecoder::TimestampUtc => [1114],
        PG::TextDecoder::TimestampWithTimeZone => [1184] }.each do |decoder, oids|
        oids.each { |oid| map.add_coder(decoder.new(oid: oid)) }
      end
    end

    def initialize(settings)
      @settings = settings
    end

    def query(sql, params = [])
      ensure_open
      result = @settings.prepared ? exec_prepared(sql, encode(params)) : @pg.exec_params(sql, encode(params))
      result.map_types!(RESULTS).to_a
    rescue PG::ConnectionBad, PG::UnableToSend
      close
      raise
    end

    # Several statements at once; what Rails calls execute.
    def execute(sql)
      ensure_open
      @pg.exec(sql)
    rescue PG::ConnectionBad, PG::UnableToSend
      close
      raise
    end

    # One inside another belongs to it.
    def transaction
      return yield(self) unless @pg.nil? || @pg.finished? || @pg.transaction_status == PG::PQTRANS_IDLE

      execute("BEGIN")
      result = yield self
      execute("COMMIT")
      result
    rescue Exception # rubocop:disable Lint/RescueException
      roll_back
      raise
    end

    def close
      @pg&.close
    rescue PG::Error
      nil
    ensure
      @pg = nil
    end

    private

    def roll_back
      @pg&.exec("ROLLBACK")
    rescue PG::Error
      close
    end

    # A connection that the server closed while it was idle is replaced before it is used.
    def ensure_open
      5.times { @pg&.socket_io&.wait_readable(0) ? @pg.consume_input : break } if @pg&.transaction_status == PG::PQTRANS_IDLE
      connect if @pg.nil? || @pg.finished? || @pg.status != PG::CONNECTION_OK
    rescue PG::Error, IOError
      connect
    end

    def connect
      close
      @pg = PG.connect(**@settings.connection)
      @pg.set_notice_processor { |_| nil }
      @statements = {}
      @count = 0
    end

    # Named in the order of this connection, as Rails does; behind a pooler by transaction, two clients then meet on one name.
    def exec_prepared(sql, params)
      name = @statements[sql]
      if name.nil?
        name = "a#{@count += 1}"
        @pg.prepare(name, sql)
        @statements[sql] = name
      end
      @pg.exec_prepared(name, params)
    rescue PG::FeatureNotSupported => e
      # A migration has given a table another column meanwhile.
      raise unless e.message.include?("cached plan must not change result type") && @pg.transaction_status == PG::PQTRANS_IDLE

      @pg.exec("DEALLOCATE #{@statements.delete(sql)}")
      retry
    end

    def encode(params)
      params.map do |value|
        case value
        when nil, String then value
        when Time then value.utc.iso8601(6)
        when Array then "{#{value.map { |item| Integer(item) }.join(",")}}"
        else value.to_s
        end
      end
    end
  end
end
