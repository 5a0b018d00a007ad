#!lua flags=allow-oom
-- Marks queues as due after some time, unless they are due sooner already.
--
-- KEYS[1] due  zset  names of queues, by the time at which each must be inspected: ms of this server's clock
-- ARGV[1] in how many ms they are due
-- ARGV[2..] their names
--
-- Result: nothing.

local clock = redis.call('TIME')
local due = clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[1]
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], 'LT', due, ARGV[i]) end
