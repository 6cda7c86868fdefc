# What Mastodon's requests cost: calls to the cache and to the base Redis, one by one, and processor time and waits between them.

require "standin/cache"

module Standin
  module Cost
    # Counted with MONITOR in front of a real 4.6. `work` is the processor time as a share of a profile page's, which is STANDIN_WORK_MS.
    # The read of the blocked addresses, which nearly every request makes, and the INCRBY of the rate limits come on top (web/attack.rb).
    Request = Struct.new(:work, :reads, :writes, :base, keyword_init: true)
    REQUESTS = {
      profile: Request.new(work: 1.0, reads: 29, writes: 0, base: 1),
      explore: Request.new(work: 0.8, reads: 28, writes: 6, base: 1),
      front: Request.new(work: 0.2, reads: 2, writes: 0, base: 0),
      home: Request.new(work: 0.7, reads: 8, writes: 0, base: 4),
      public: Request.new(work: 0.7, reads: 8, writes: 0, base: 0),
      post: Request.new(work: 0.7, reads: 16, writes: 2, base: 10),
      status: Request.new(work: 0.3, reads: 8, writes: 0, base: 0),
      media: Request.new(work: 1.5, reads: 8, writes: 0, base: 0),
      account: Request.new(work: 0.3, reads: 4, writes: 0, base: 0),
      instance: Request.new(work: 0.3, reads: 8, writes: 0, base: 0),
      sign_up: Request.new(work: 1.0, reads: 8, writes: 0, base: 1),
      health: Request.new(work: 0.03, reads: 0, writes: 0, base: 0),
      job: Request.new(work: 0.3, reads: 4, writes: 0, base: 0),
    }.freeze

    # As long as what the real one keeps of a rendered status.
    VALUE = ("x" * 400).freeze

    module_function

    # The drills' paths and the processor time are there only when the variable is.
    def drills? = ENV.key?("STANDIN_WORK_MS")
    def work_ms = ENV.fetch("STANDIN_WORK_MS", "0").to_f
    def wait_ms = ENV.fetch("STANDIN_WAIT_MS", "0").to_f

    def spend(kind)
      cost = REQUESTS.fetch(kind)
      # What the calls themselves take of the processor is part of it.
      start = clock
      part = cost.work * work_ms / (cost.reads + 1)
      wait = cost.work * wait_ms / (cost.reads + 1)
      cost.reads.times do |number|
        fill(kind, number)
        await(wait)
        burn_until(start + part * (number + 1)) if part.positive?
      end
      cost.base.times { |number| Redis.base.call("EXISTS", Redis.key("standin:#{kind}:#{number}")) }
      cost.writes.times { |number| Cache.write("standin:#{kind}:written:#{number}", VALUE) }
      await(wait)
      burn_until(start + part * (cost.reads + 1)) if part.positive?
    end

    # Without Ruby's lock, as a thread waits for a query of the database: others of the process go on. What the clock of the thread measures
    # stands still.
    def await(milliseconds)
      sleep(milliseconds / 1000) if milliseconds.positive?
    end

    # What is not in the cache is made and kept there, as anywhere in Rails.
    def fill(kind, number)
      key = "standin:#{kind}:#{number}"
      Cache.write(key, VALUE) if Cache.read(key).nil?
    end

    # Once in a process, before it does anything: what loading Rails and Mastodon takes.
    def boot = burn_until(clock + ENV.fetch("STANDIN_BOOT_MS", "0").to_f)

    # In Ruby, under its lock: no other thread of the process goes on meanwhile, as in Rails. Waiting for the lock does not count.
    def burn_until(stop)
      text = +""
      while clock < stop
        text.clear
        200.times { |number| text << number.to_s }
      end
    end

    def clock = Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID, :float_millisecond)
  end
end
