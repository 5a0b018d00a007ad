-- Ends a claim: with an answer, which is given to all that come later, or without, and the next one may try. Does nothing when
-- somebody else has the key by now.
--
-- KEYS[1]  as in begin-1.lua
-- ARGV     1 the claim  2 the answer (JSON), '' for none  3 how long it is remembered, ms
--
-- Result: 1, or 0 when the claim was lost.

if redis.call('HGET', KEYS[1], 'claim') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'answer', ARGV[2])
  redis.call('HDEL', KEYS[1], 'claim', 'until')
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
