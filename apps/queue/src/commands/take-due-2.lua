#!lua flags=allow-oom
-- Hands out queues that have to be looked at. Until `planned-2.lua` says when to look again it is in a while, so that a look that is
-- cut off is made again.
--
-- KEYS[1] due      zset  see mark-1.lua
-- KEYS[2] sweeper  text  held by the process that sweeps the queues just now
-- ARGV[1] how long nobody else may sweep, ms; 0 for the one who does already
-- ARGV[2] at most how many queues
-- ARGV[3] after how many ms they are looked at again
--
-- Result: { that time, their names }; nothing when another one sweeps.

if ARGV[1] ~= '0' and not redis.call('SET', KEYS[2], '1', 'PX', ARGV[1], 'NX') then return {} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
local again = string.format('%.0f', now + ARGV[3])
for _, name in ipairs(names) do redis.call('ZADD', KEYS[1], again, name) end
return { again, unpack(names) }
