import { existsSync, readFileSync } from 'node:fs';

/** Prints each failed test of the given results of vitest's JSON reporter, with the beginning of its error. */
const ERROR_LINES = 6;

for (const path of process.argv.slice(2).filter((path) => existsSync(path))) {
  for (const { name: file, message, assertionResults } of JSON.parse(readFileSync(path, 'utf8'))
    .testResults) {
    // A file that cannot be loaded has no tests.
    if (assertionResults.length === 0 && message) print(path, file, '(the whole file)', [message]);
    for (const { fullName, status, failureMessages } of assertionResults) {
      if (status === 'failed') print(path, file, fullName, failureMessages);
    }
  }
}

function print(path, file, title, messages) {
  console.log(`\nTest failed (${path}): ${file}: ${title}`);
  for (const message of messages) console.log(message.split('\n').slice(0, ERROR_LINES).join('\n'));
}
