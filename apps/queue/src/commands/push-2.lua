#!lua
-- Adds a message to the queue of push and pop, once for a request.
--
-- KEYS[1]  the list: each entry an id followed by the JSON text
-- KEYS[2]  what was pushed for the request: the id, followed by the request's fingerprint, which earlier versions left out
-- ARGV     1 the id  2 the JSON text  3 the fingerprint  4 how long it is remembered, ms
--
-- Result: what is remembered of the request, now or before.

local earlier = redis.call('GET', KEYS[2])
if earlier then return earlier end
local record = ARGV[1] .. ARGV[3]
redis.call('RPUSH', KEYS[1], ARGV[1] .. ARGV[2])
redis.call('SET', KEYS[2], record, 'PX', ARGV[4])
return record
