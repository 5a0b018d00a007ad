#!lua flags=allow-oom
-- Registers a queue and its dead-letter queue. A new queue belongs to the account that calls, or to nobody when staff calls.
--
-- KEYS[1..4] see parts/registry.lua
-- ARGV[1] the caller, with the right 'manage'
-- ARGV[2] the name
-- ARGV[3] its dead-letter queue or ''
-- ARGV[4] the max number of queues of an account
--
-- Result: { 'ok', 1 when it is new else 0, owner or '', access or '', version };
-- { 'taken' } when the caller may not manage the queue of this name;
-- { 'too-many' } when the caller owns the max number of queues;
-- { 'missing' } when the dead-letter queue does not exist;
-- { 'not-sent' } when the caller may not send to the dead-letter queue;
-- { 'cycle' } when dead letters would come back to this queue.

-- @include registry

local caller, name, deadLetterQueue = ARGV[1], ARGV[2], ARGV[3]
local isNew = not redis.call('ZSCORE', namesKey, name)
local account = string.match(caller, '%d+$')
local owner, access, version = accessOf(name)
if isNew then
  owner, access, version = account or '', account and ' ', '0'
  if account and redis.call('ZLEXCOUNT', ownedKey, '[' .. account .. '/', '(' .. account .. '0') >= tonumber(ARGV[4]) then return { 'too-many' } end
elseif not isAllowed(caller, owner, access) then
  return { 'taken' }
end
if deadLetterQueue ~= '' then
  if deadLetterQueue ~= name then
    if not redis.call('ZSCORE', namesKey, deadLetterQueue) then return { 'missing' } end
    local itsOwner, itsAccess = accessOf(deadLetterQueue)
    if not isAllowed(withRight(caller, 'send'), itsOwner, itsAccess) then return { 'not-sent' } end
  end
  local at = deadLetterQueue
  while at do
    if at == name then return { 'cycle' } end
    at = redis.call('HGET', deadLettersKey, at)
  end
  redis.call('HSET', deadLettersKey, name, deadLetterQueue)
else
  redis.call('HDEL', deadLettersKey, name)
end
redis.call('ZADD', namesKey, 0, name)
if isNew and account then
  redis.call('ZADD', ownedKey, 0, account .. '/' .. name)
  version = writeAccess(name, owner, access)
end
return { 'ok', isNew and 1 or 0, owner, access or '', version }
