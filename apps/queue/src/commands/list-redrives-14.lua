#!lua flags=no-writes
-- Reads the redrives of a queue that run or ran as tasks.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    redrives  hash  see parts/tasks.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
--
-- Result: nil when the queue does not exist; otherwise a list of tasks, see `describeTask`.

-- @include queue
-- @include tasks

local found = {}
local all = redis.call('HGETALL', redrivesKey)
for i = 2, #all, 2 do found[#found + 1] = describeTask(cmsgpack.unpack(all[i])) end
return found
