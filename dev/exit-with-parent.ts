// Preloaded into child processes (`--import`). Their standard input is a pipe from the parent: it ends when the
// parent ends, however that happens, even by SIGKILL.
process.stdin.once('close', () => process.exit());
process.stdin.resume();
