-- Holds a request's key for the one who works on it, or tells why it cannot be had.
--
-- KEYS[1]  hash: fingerprint of the request; claim and until (ms) of who works on it. Goes by itself with the claim
-- ARGV     1 the fingerprint  2 the claim  3 how long the claim lasts unless it is renewed, ms
--
-- Result: 'new', 'busy' or 'mismatch'. A claim that was not renewed in time can be had by the next one.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fingerprint, claim, ends, answer = unpack(redis.call('HMGET', KEYS[1], 'fingerprint', 'claim', 'until', 'answer'))
if fingerprint and fingerprint ~= ARGV[1] then return 'mismatch' end
-- Of a version that kept responses here for a day: its record in the store says nothing else but what the response was.
if answer then return 'new' end
-- One's own claim came with this same command, which was sent again because its reply got lost.
if claim and claim ~= ARGV[2] and tonumber(ends) > now then return 'busy' end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'claim', ARGV[2], 'until', now + ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'new'
