#!lua
-- Adds a message to the simple queue, once for a request with an Idempotency-Key.
--
-- KEYS[1..2] see parts/simple.lua
-- KEYS[3]    the record of the request: the id of its message, followed by its fingerprint, which earlier versions left out
-- ARGV[1]    max messages in the queue
-- ARGV[2]    max bytes in the queue
-- ARGV[3]    the message's id
-- ARGV[4]    the message, JSON text
-- ARGV[5]    the request's fingerprint
-- ARGV[6]    how long the record is kept, ms
--
-- Result: the record of the request, written now or before; '' when the message does not fit.

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
