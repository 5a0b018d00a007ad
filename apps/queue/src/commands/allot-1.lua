#!lua flags=allow-oom
-- Allots room for messages to a queue of an account: the queue may hold that many without asking again. All that is allotted to the queues
-- of the account is together at most the limit of the account.
--
-- KEYS[1] allowances  hash  queue -> 'version:messages:bytes', what was allotted to it; '' -> the last version
-- ARGV[1] the queue
-- ARGV[2..3] messages and bytes that are in it
-- ARGV[4..5] messages and bytes that it needs in addition
-- ARGV[6..7] max messages and bytes of the account
-- ARGV[8] the version of the allowance that the queue knows; versions ascend even if this hash was lost
--
-- Result: { version, messages, bytes }: what the queue may hold; 1 when the limit of messages has no room for it, 2 when that of bytes has.

local queue = ARGV[1]
local others, own = { 0, 0 }, { 0, 0 }
local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local messages, bytes = string.match(entries[i + 1], ':(%d+):(%d+)$')
  local sum = entries[i] == queue and own or others
  sum[1], sum[2] = sum[1] + (messages or 0), sum[2] + (bytes or 0)
end

local allotted = {}
for i = 1, 2 do
  local least, limit = ARGV[1 + i] + ARGV[3 + i], tonumber(ARGV[5 + i])
  local free = limit - others[i]
  if least > free then return i end
  local base = math.min(free, math.max(own[i], least))
  -- Some more, so that it need not ask for each message, and not all, so that other queues find something.
  allotted[i] = string.format('%.0f', base + math.floor(math.min(limit / 16, (free - base) / 2)))
end
local version = math.max(redis.call('HINCRBY', KEYS[1], '', 1), ARGV[8] + 1)
redis.call('HSET', KEYS[1], '', version)
redis.call('HSET', KEYS[1], queue, version .. ':' .. allotted[1] .. ':' .. allotted[2])
return { version, allotted[1], allotted[2] }
