-- Claims a request's key, or tells what became of the request.
--
-- KEYS[1]  hash: fingerprint; claim and until (ms) while somebody works on it; answer (JSON) once it is answered
-- ARGV     1 the fingerprint of the request  2 the claim  3 how long the claim lasts unless it is renewed, ms
--          4 how long the key is remembered, ms
--
-- Result: {'new'}, {'busy'}, {'mismatch'} or {'done', answer}. A claim that was not renewed in time can be had by the next one.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fingerprint, claim, ends, answer = unpack(redis.call('HMGET', KEYS[1], 'fingerprint', 'claim', 'until', 'answer'))
if fingerprint and fingerprint ~= ARGV[1] then return { 'mismatch' } end
if answer then return { 'done', answer } end
-- One's own claim came with this same command, which was sent again because its answer got lost.
if claim and claim ~= ARGV[2] and tonumber(ends) > now then return { 'busy' } end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'claim', ARGV[2], 'until', now + ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return { 'new' }
