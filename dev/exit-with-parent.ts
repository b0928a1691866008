// Preloaded into child processes (`--import`). Their standard input is a pipe from the parent, which closes when the
// parent ends, even by SIGKILL.
process.stdin.once('close', () => process.exit());
process.stdin.resume();
