#!lua flags=allow-oom
-- Takes queues that are due, to be inspected. They are due again after a while, unless `reschedule-2.lua` sets another time before, so
-- that an interrupted inspection is repeated.
--
-- KEYS[1] due      zset  see mark-due-1.lua
-- KEYS[2] sweeper  text  the lock of the process that sweeps
-- ARGV[1] how long this process takes the lock, ms; 0 when it has the lock already
-- ARGV[2] max queues
-- ARGV[3] in how many ms they are due again
--
-- Result: { the time at which they are due again, their names }; empty while another process has the lock.

if ARGV[1] ~= '0' and not redis.call('SET', KEYS[2], '1', 'PX', ARGV[1], 'NX') then return {} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local names = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
local again = string.format('%.0f', now + ARGV[3])
for _, name in ipairs(names) do redis.call('ZADD', KEYS[1], again, name) end
return { again, unpack(names) }
