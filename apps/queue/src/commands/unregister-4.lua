#!lua flags=allow-oom
-- Removes a queue from the registry, unless it is the dead-letter queue of another. A queue of an owner who may no longer send to it does
-- not count as another.
--
-- KEYS[1..4] see parts/registry.lua
-- ARGV[1] the caller, with the right 'manage'
-- ARGV[2] the name
--
-- Result: { 'removed' }; { 'unknown' } when it is not registered; { 'forbidden' } when the caller may not manage it;
-- { 'needed', the name of a queue whose dead letters go there }.

-- @include registry

local caller, name = ARGV[1], ARGV[2]
if not redis.call('ZSCORE', namesKey, name) then return { 'unknown' } end
local owner, access = accessOf(name)
if not isAllowed(caller, owner, access) then return { 'forbidden' } end
local entries = redis.call('HGETALL', deadLettersKey)
for i = 1, #entries, 2 do
  if entries[i + 1] == name then
    local sender = accessOf(entries[i])
    if isAllowed(sender == '' and '' or 'send ' .. sender, owner, access) then return { 'needed', entries[i] } end
  end
end
redis.call('ZREM', namesKey, name)
redis.call('HDEL', deadLettersKey, name)
redis.call('HDEL', accessKey, name)
redis.call('ZREM', ownedKey, owner .. '/' .. name)
return { 'removed' }
