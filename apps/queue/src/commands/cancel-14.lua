#!lua flags=allow-oom
-- Deletes one message, in whatever state it is: the receipt of a leased one is invalid afterwards. It counts as purged. A message in the
-- outbox stays: it belongs to its destination.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    reply     text  see parts/reply.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the run id
-- ARGV[4]     the id of the message
--
-- Result: nil when the queue does not exist; otherwise { "deleted", "missing" or "moving" }.

-- @include queue
-- @include reply

local earlier = storedReply()
if earlier then return earlier end

applyDue()
local id = ARGV[4]
local record = readRecord(id)
local outcome = 'deleted'
if not record then
  outcome = 'missing'
elseif redis.call('ZSCORE', outboxKey, id) then
  outcome = 'moving'
else
  deleteMessage(id, record)
  addToCounter('purged', 1)
end
finish()
return storeReply({ outcome })
