#!lua
-- Stores an access key, unless its account has too many; once for a request with an Idempotency-Key.
--
-- KEYS[1] keys     hash  id -> the key as JSON
-- KEYS[2] own      zset  ids of the account's keys, by the time of their creation
-- KEYS[3] created  text  the record of the request: the id of the key, of 20 characters, followed by the request's fingerprint
-- ARGV[1] the id
-- ARGV[2] the key as JSON
-- ARGV[3] the time of its creation, ms
-- ARGV[4] the max number of keys of an account
-- ARGV[5] how long the record is kept, ms, or '' for a request without an Idempotency-Key
-- ARGV[6] the request's fingerprint
--
-- Result: the record of the request, written now or before, and the key as JSON, '' when it was deleted since; 0 when the account has as
-- many keys already. A retry finds the key.

local record = ARGV[5] ~= '' and redis.call('GET', KEYS[3]) or ARGV[1] .. ARGV[6]
local known = redis.call('HGET', KEYS[1], string.sub(record, 1, 20))
if known or string.sub(record, 1, 20) ~= ARGV[1] then return { record, known or '' } end
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
if ARGV[5] ~= '' then redis.call('SET', KEYS[3], record, 'PX', ARGV[5]) end
return { record, ARGV[2] }
