#!lua flags=allow-oom
-- Deletes a queue with all its messages, unless its outbox has messages.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    arrivals     hash  see parts/arrivals.lua; kept for a while, because a slow process may still transfer something here
-- KEYS[15]    redrives     hash  see parts/tasks.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller, with the right 'manage'; '' when the registry has found it to have that
-- ARGV[3]     '1' to delete the outbox as well, because the queue is broken and cannot be read; else '0'
--
-- Result: 'deleted', 'missing' when the queue does not exist, or 'transferring' when its outbox has messages.

-- @include arrivals
-- @include rights

if ARGV[3] == '0' and redis.call('EXISTS', KEYS[1]) == 0 then return 'missing' end
if ARGV[2] ~= '' then
  local owner, access = unpack(redis.call('HMGET', KEYS[1], 'owner', 'access'))
  if not isAllowed(ARGV[2], owner, access) then return redis.error_reply('FORBIDDEN ' .. ARGV[2]) end
end
if ARGV[3] == '0' and redis.call('EXISTS', KEYS[9]) == 1 then return 'transferring' end
redis.call('UNLINK', KEYS[15], unpack(KEYS, 1, 13))
redis.call('PEXPIRE', KEYS[14], KEPT_MS)
redis.call('PUBLISH', ARGV[1], '')
return 'deleted'
