#!lua flags=allow-oom
-- Marks the next few queues of the registry as due. It goes through the whole registry, then pauses and starts over. So it finds queues
-- of earlier versions, which marked nothing, and queues that were changed by other means than a command.
--
-- KEYS[1] names   zset  see register-2.lua
-- KEYS[2] due     zset  see mark-due-1.lua
-- KEYS[3] scan    hash  "after": the last name of the scan so far; "restsUntil": when the pause ends, ms
-- ARGV[1] how many queues
-- ARGV[2] length of the pause, ms
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
