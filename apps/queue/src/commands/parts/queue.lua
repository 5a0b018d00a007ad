-- The start of a command on a named queue: see core.lua. A key of the wrong type fails it here, before it has changed anything.

-- @include core

checkTypes()
