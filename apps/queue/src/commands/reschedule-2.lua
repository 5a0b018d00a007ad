#!lua flags=allow-oom
-- Sets when inspected queues are due next, except those that were marked since they were taken: these are due sooner. Records which of
-- them are broken.
--
-- KEYS[1] due     zset  see mark-due-1.lua
-- KEYS[2] broken  hash  name of a broken queue -> why
-- ARGV[1] the time that take-due-2.lua returned with them
-- ARGV[2..] three for each queue: its name, in how many ms it is due or '' for not at all, why it is broken or ''
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
