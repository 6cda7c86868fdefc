#!lua flags=no-writes
-- Says how Sidekiq's queues are, as pairs of a name and a number: of each queue its size, and how many seconds its oldest job waits; jobs to be
-- retried, scheduled and dead ones; processes, their threads and how many work; and Sidekiq's counters. It writes nothing, so that it runs on
-- replicas too, and reads one job of each queue, so that it costs the same whatever waits. Sidekiq 6.5 to 8 have these keys.

local function key(name)
  return NAMESPACE .. name
end

local values = {}
local function say(name, value)
  values[#values + 1] = name
  values[#values + 1] = string.format("%.3f", value)
end

local time = redis.call("TIME")
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

local function latency(job)
  local ok, read = pcall(cjson.decode, job)
  local since = ok and type(read) == "table" and tonumber(read["enqueued_at"] or read["created_at"])
  if not since then
    return 0
  end
  -- Up to version 7 these are seconds, from 8 on milliseconds.
  if since > 100000000000 then
    since = since / 1000
  end
  return math.max(0, now - since)
end

for _, queue in ipairs(redis.call("SMEMBERS", key("queues"))) do
  local list = key("queue:" .. queue)
  local oldest = redis.call("LINDEX", list, -1)
  say("queue_size:" .. queue, redis.call("LLEN", list))
  say("queue_latency_seconds:" .. queue, oldest and latency(oldest) or 0)
end

say("retries", redis.call("ZCARD", key("retry")))
say("scheduled", redis.call("ZCARD", key("schedule")))
say("dead", redis.call("ZCARD", key("dead")))

local processes, busy, threads = 0, 0, 0
for _, name in ipairs(redis.call("SMEMBERS", key("processes"))) do
  -- What a process tells of itself is gone after a minute without it; its name stays until another process looks.
  local told = redis.call("HMGET", key(name), "busy", "info")
  if told[1] then
    processes = processes + 1
    busy = busy + (tonumber(told[1]) or 0)
    local ok, info = pcall(cjson.decode, told[2] or "{}")
    threads = threads + (ok and type(info) == "table" and tonumber(info["concurrency"]) or 0)
  end
end
say("processes", processes)
say("busy", busy)
say("threads", threads)
say("processed_total", tonumber(redis.call("GET", key("stat:processed")) or 0) or 0)
say("failed_total", tonumber(redis.call("GET", key("stat:failed")) or 0) or 0)

return values
