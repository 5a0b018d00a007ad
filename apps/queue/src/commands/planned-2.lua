#!lua flags=allow-oom
-- Says when queues that were looked at have to be looked at again, unless something happened to them since they were handed out:
-- then it is sooner already. Notes which of them are broken.
--
-- KEYS[1] due     zset  see mark-1.lua
-- KEYS[2] broken  hash  the names of queues that cannot be used -> why
-- ARGV[1] the time that take-due-2.lua gave them
-- ARGV[2..] three for each queue: its name, after how many ms or '' for not at all, what is broken or ''
--
-- Result: nothing.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for at = 2, #ARGV, 3 do
  local name, ms = ARGV[at], ARGV[at + 1]
  if redis.call('ZSCORE', KEYS[1], name) == ARGV[1] then
    if ms == '' then redis.call('ZREM', KEYS[1], name) else redis.call('ZADD', KEYS[1], now + ms, name) end
  end
  if ARGV[at + 2] == '' then redis.call('HDEL', KEYS[2], name) else redis.call('HSET', KEYS[2], name, ARGV[at + 2]) end
end
