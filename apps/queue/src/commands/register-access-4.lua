#!lua
-- Sets who may do what with a queue, in the registry.
--
-- KEYS[1..4] see parts/registry.lua
-- ARGV[1] the caller, with the right 'manage'
-- ARGV[2] the name
-- ARGV[3] the access, see parts/rights.lua
-- ARGV[4] the new owner, '' for none, or '=' to keep it
--
-- Result: { 'ok', owner or '', version }; { 'unknown' } when the queue is not registered; { 'forbidden' } when the caller may not manage it.

-- @include registry

local caller, name, access, newOwner = unpack(ARGV)
if not redis.call('ZSCORE', namesKey, name) then return { 'unknown' } end
local owner, before = accessOf(name)
if not isAllowed(caller, owner, before) then return { 'forbidden' } end
if newOwner ~= '=' and newOwner ~= owner then
  redis.call('ZREM', ownedKey, owner .. '/' .. name)
  owner = newOwner
  if owner ~= '' then redis.call('ZADD', ownedKey, 0, owner .. '/' .. name) end
end
return { 'ok', owner, writeAccess(name, owner, access) }
