#!lua flags=no-writes
-- Reads the state of a queue without changing it, for when Redis refuses writes.
--
-- KEYS[1..13] see parts/core.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
--
-- Result: nil when the queue does not exist; otherwise see parts/state.lua.

-- @include queue
-- @include state

return state()
