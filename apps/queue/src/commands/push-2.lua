#!lua
-- Adds a message to the queue of push and pop, once for a request.
--
-- KEYS[1]  the list: each entry an id followed by the JSON text
-- KEYS[2]  what was pushed for the request: the id
-- ARGV     1 the id  2 the JSON text  3 how long it is remembered, ms
--
-- Result: the id of the message that the request has added, now or before.

local earlier = redis.call('GET', KEYS[2])
if earlier then return earlier end
redis.call('RPUSH', KEYS[1], ARGV[1] .. ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
return ARGV[1]
