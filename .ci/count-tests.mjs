import { existsSync, readFileSync } from 'node:fs';

/**
 * Prints how many tests passed and how many failed in the given results of vitest's JSON reporter.
 * A test that is in several files counts once. It counts as failed if it failed in one of them.
 */
const failedByTest = new Map();
for (const path of process.argv.slice(2).filter((path) => existsSync(path))) {
  const seen = new Map();
  for (const { name: file, assertionResults } of JSON.parse(readFileSync(path, 'utf8')).testResults) {
    for (const { fullName, status } of assertionResults) {
      if (status !== 'passed' && status !== 'failed') continue;
      // Titles may repeat within a file.
      const title = `${file} ${fullName}`;
      const repetition = (seen.get(title) ?? 0) + 1;
      seen.set(title, repetition);
      const test = `${title} ${repetition}`;
      failedByTest.set(test, failedByTest.get(test) === true || status === 'failed');
    }
  }
}
const failed = [...failedByTest.values()].filter(Boolean).length;
console.log(failedByTest.size - failed, failed);
