#!lua
-- Creates or replaces an item of a registry: a schedule, a subscription.
--
-- KEYS[1] items  hash  name -> the item: JSON text of an object with "owner", the id of an account, and perhaps "timing"
-- KEYS[2] names  zset  the names, all with score 0
-- KEYS[3] owned  zset  owner, space, name of every item, all with score 0
-- KEYS[4] times  zset  names by a time or a version; the score of the member '' is the last version
-- ARGV[1] the name
-- ARGV[2] the owner
-- ARGV[3] the item
-- ARGV[4] max items of one owner
-- ARGV[5] the score in `times`, or '' for the next version. An item that is replaced by one with the same timing keeps its score.
-- ARGV[6] a prefix that the name has, or ''
-- ARGV[7] max items with that prefix
--
-- Result: 'created' or 'replaced'; 'forbidden' when an item of this name has another owner; 'owner' or 'prefix' when there are too many.

local name, owner = ARGV[1], ARGV[2]
local known = redis.call('HGET', KEYS[1], name)
local old = known and cjson.decode(known)
if old then
  if string.format('%.0f', old.owner) ~= owner then return 'forbidden' end
else
  if redis.call('ZLEXCOUNT', KEYS[3], '[' .. owner .. ' ', '(' .. owner .. '!') >= tonumber(ARGV[4]) then return 'owner' end
  if ARGV[6] ~= '' and redis.call('ZLEXCOUNT', KEYS[2], '[' .. ARGV[6], '(' .. ARGV[6] .. '\255') >= tonumber(ARGV[7]) then
    return 'prefix'
  end
end
redis.call('HSET', KEYS[1], name, ARGV[3])
redis.call('ZADD', KEYS[2], 0, name)
redis.call('ZADD', KEYS[3], 0, owner .. ' ' .. name)
if ARGV[5] == '' then
  redis.call('ZADD', KEYS[4], redis.call('ZINCRBY', KEYS[4], 1, ''), name)
else
  local sameTiming = old and old.timing == cjson.decode(ARGV[3]).timing
  redis.call('ZADD', KEYS[4], sameTiming and 'NX' or 'CH', ARGV[5], name)
end
return old and 'replaced' or 'created'
