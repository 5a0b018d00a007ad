-- Renews a claim, unless somebody else has the key by now.
--
-- KEYS[1]  as in begin-1.lua
-- ARGV     1 the claim  2 how long it lasts from now on, ms
--
-- Result: 1, or 0 when the claim is lost.

if redis.call('HGET', KEYS[1], 'claim') ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'until', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
