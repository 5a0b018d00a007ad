#!lua flags=no-writes
-- Counts a queue as it stands, while Redis takes no writes.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
--
-- Result: nil when there is no such queue; otherwise see parts/state.lua.

-- @include queue
-- @include state

return state()
