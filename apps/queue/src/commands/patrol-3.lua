#!lua flags=allow-oom
-- Makes a few queues due that are not, going through the whole list and beginning again after a rest: for queues of the version before,
-- which noted nothing, and for what was lost or broken without a command.
--
-- KEYS[1] names   zset  see register-2.lua
-- KEYS[2] due     zset  see mark-1.lua
-- KEYS[3] patrol  hash  "after", the name that was reached; "restsUntil"
-- ARGV[1] how many queues
-- ARGV[2] how long the rest is, ms
--
-- Result: nothing.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local after, restsUntil = unpack(redis.call('HMGET', KEYS[3], 'after', 'restsUntil'))
if restsUntil and tonumber(restsUntil) > now then return end
local names = redis.call('ZRANGEBYLEX', KEYS[1], after and '(' .. after or '-', '+', 'LIMIT', 0, ARGV[1])
for _, name in ipairs(names) do redis.call('ZADD', KEYS[2], 'NX', now, name) end
if #names == tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[3], 'after', names[#names])
else
  redis.call('HDEL', KEYS[3], 'after')
  redis.call('HSET', KEYS[3], 'restsUntil', now + ARGV[2])
end
