/**
 * Loaded into a program under test before its own code: ends it when its standard input closes. The tests hold the other end, so
 * that nothing of theirs outlives them, however they end.
 */
process.stdin.once("end", () => process.kill(process.pid, "SIGKILL"));
process.stdin.resume();
// This alone must not keep the program running.
process.stdin.unref();
