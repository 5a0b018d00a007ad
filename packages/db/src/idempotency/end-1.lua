-- Ends a claim, and the next one may have the key. Does nothing when somebody else has it by now.
--
-- KEYS[1]  as in begin-1.lua
-- ARGV     1 the claim
--
-- Result: 1, or 0 when the claim was lost.

if redis.call('HGET', KEYS[1], 'claim') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
