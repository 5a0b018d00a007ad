#!lua flags=allow-oom
-- Cancels a redrive that runs as a task. What it has moved stays where it is.
--
-- KEYS[1..13] see parts/core.lua
-- KEYS[14]    redrives  hash  see parts/tasks.lua
-- ARGV[1]     the wake channel
-- ARGV[2]     the caller
-- ARGV[3]     the id of the task
--
-- Result: nil when the queue does not exist; otherwise the task, see `describeTask`; an empty list when there is none with this id.

-- @include queue
-- @include tasks

local task = readTask(ARGV[3])
if not task then return {} end
if task.state == 'running' then endTask(task, 'cancelled') end
return describeTask(task)
