#!lua flags=allow-oom
-- Brings a queue up to the present and counts it.
--
-- KEYS[1..9]  see parts/queue.lua
-- ARGV[1]     the channel
--
-- Result: nil when there is no such queue; otherwise see parts/state.lua.

-- @include queue
-- @include state

settle()
announce()
return state()
