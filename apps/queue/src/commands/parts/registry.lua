-- The registry of queues.
--
-- KEYS[1] names        zset  the names of all queues, all with score 0, hence in byte order
-- KEYS[2] deadLetters  hash  name -> its dead-letter queue, for queues that have one
-- KEYS[3] access       hash  name -> 'version:owner:access', see parts/rights.lua, for queues that have an owner or whose access was set. The
--                            registry decides who owns a queue; the settings of the queue have a copy. '' -> the last version
-- KEYS[4] owned        zset  'account id/name' of every queue with an owner, all with score 0

-- @include rights

local namesKey, deadLettersKey, accessKey, ownedKey = unpack(KEYS)

-- The owner of a queue or '', its access or nil, and the version of both.
local function accessOf(name)
  local entry = redis.call('HGET', accessKey, name)
  local version, owner, access = string.match(entry or '', '^(%d+):(%d*):(.*)$')
  return owner or '', access, version or '0'
end

local function writeAccess(name, owner, access)
  local version = redis.call('HINCRBY', accessKey, '', 1)
  redis.call('HSET', accessKey, name, string.format('%.0f:', version) .. owner .. ':' .. access)
  return string.format('%.0f', version)
end

-- The caller with another right, from 'right account' or ''.
local function withRight(caller, right)
  return caller == '' and '' or string.gsub(caller, '^%a+', right)
end
