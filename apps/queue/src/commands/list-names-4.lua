#!lua flags=no-writes
-- Lists the queues that an account may read.
--
-- KEYS[1..4] see parts/registry.lua
-- ARGV[1] the caller, with the right 'read'
-- ARGV[2] the name to start after, or '' for the start
-- ARGV[3] max names in the result
-- ARGV[4] max names to look at
--
-- Result: { the last name that was looked at, or '' at the end of the registry, then the names }.

-- @include registry

local looked = redis.call('ZRANGEBYLEX', namesKey, ARGV[2] == '' and '-' or '(' .. ARGV[2], '+', 'LIMIT', 0, ARGV[4])
local found = { '' }
for i, name in ipairs(looked) do
  local owner, access = accessOf(name)
  if isAllowed(ARGV[1], owner, access) then
    found[#found + 1] = name
    if #found > tonumber(ARGV[3]) then
      found[1] = name
      return found
    end
  end
end
if #looked == tonumber(ARGV[4]) then found[1] = looked[#looked] end
return found
