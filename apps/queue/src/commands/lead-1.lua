#!lua flags=allow-oom
-- Takes or keeps the lock of the leader, or releases it.
--
-- KEYS[1] leader  text  the id of the process that leads
-- ARGV[1] the id of this process
-- ARGV[2] how long it leads from now on, ms; 0 to release the lock
--
-- Result: { 1 when this process leads, else 0; the time of this server, ms }.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then return { 0, now } end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
  return { 0, now }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return { 1, now }
