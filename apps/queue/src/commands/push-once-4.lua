#!lua
-- Adds a message to a simple queue, once for a request with an Idempotency-Key.
--
-- KEYS[1..3] see parts/simple.lua
-- KEYS[4]    the record of the request: the id of its message, followed by its fingerprint, which earlier versions left out
-- ARGV[1..4] see parts/push.lua
-- ARGV[5]    '1' if the account is exempt from the limits of accounts, else '0'
-- ARGV[6]    the entry to add
-- ARGV[7]    the request's fingerprint
-- ARGV[8]    how long the record is kept, ms
--
-- Result: the record of the request, written now or before; when the message does not fit, a digit, see parts/push.lua.

-- @include push

local earlier = redis.call('GET', KEYS[4])
if earlier then return earlier end
local result = admit(ARGV[6], ARGV[5] == '1')
if result ~= '0' then return result end
redis.call('RPUSH', listKey, ARGV[6])
noteSize()
local record = string.sub(ARGV[6], 1, ID_LENGTH) .. ARGV[7]
redis.call('SET', KEYS[4], record, 'PX', ARGV[8])
return record
