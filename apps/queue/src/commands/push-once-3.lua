#!lua
-- Adds a message to the queue of push and pop, once for a request.
--
-- KEYS[1..2] see parts/simple.lua
-- KEYS[3]    what was pushed for the request: the id, followed by the request's fingerprint, which earlier versions left out
-- ARGV       1 how many messages there may be  2 how many bytes  3 the id  4 the JSON text  5 the fingerprint
--            6 how long it is remembered, ms
--
-- Result: what is remembered of the request, now or before; '' when the message does not fit.

-- @include simple

local earlier = redis.call('GET', KEYS[3])
if earlier then return earlier end
local entry = ARGV[3] .. ARGV[4]
local bytes = size() + #entry
if length >= tonumber(ARGV[1]) or bytes > tonumber(ARGV[2]) then return '' end
redis.call('RPUSH', listKey, entry)
noteSize(length + 1, bytes)
local record = ARGV[3] .. ARGV[5]
redis.call('SET', KEYS[3], record, 'PX', ARGV[6])
return record
