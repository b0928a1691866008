import { readFileSync } from 'node:fs';
import { DefaultReporter, type TestModule, type TestSpecification } from 'vitest/node';
import { type Progress, startProgress } from '../../bench/support/progress.ts';

const LINE_EVERY_MS = 15_000;
const UNKNOWN_MS = 2_000;

/**
 * The default reporter, which also shows how much of the run is done and how much time is left. Files count as much as they
 * took in the last run.
 */
export class ProgressReporter extends DefaultReporter {
  readonly #lastMs: ReadonlyMap<string, number>;
  #progress: Progress | undefined;
  #files = 0;
  #doneFiles = 0;
  #doneMs = 0;

  /** @param lastResults the file that the JSON reporter wrote. It may be missing. */
  constructor(lastResults: string) {
    // The summary would draw over the bar.
    super({ summary: false });
    this.#lastMs = readDurations(lastResults);
  }

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart([...specifications]);
    this.#files = specifications.length;
    const totalMs = specifications.reduce((total, { moduleId }) => total + this.#expectedMs(moduleId), 0);
    this.#progress = startProgress(totalMs, { lineEveryMs: LINE_EVERY_MS });
    this.#show();
  }

  override onTestModuleEnd(module: TestModule): void {
    this.#progress?.hide();
    super.onTestModuleEnd(module);
    this.#doneFiles++;
    this.#doneMs += this.#expectedMs(module.moduleId);
    this.#show();
  }

  override onUserConsoleLog(...log: Parameters<DefaultReporter['onUserConsoleLog']>): void {
    this.#progress?.hide();
    super.onUserConsoleLog(...log);
  }

  override onTestRunEnd(...result: Parameters<DefaultReporter['onTestRunEnd']>): void {
    this.#progress?.end();
    super.onTestRunEnd(...result);
  }

  #expectedMs(file: string): number {
    return this.#lastMs.get(file) ?? UNKNOWN_MS;
  }

  #show(): void {
    this.#progress?.show(`tests, ${this.#doneFiles} of ${this.#files} files`, this.#doneMs);
  }
}

function readDurations(lastResults: string): ReadonlyMap<string, number> {
  try {
    const { testResults } = JSON.parse(readFileSync(lastResults, 'utf8')) as {
      testResults: readonly { name: string; startTime: number; endTime: number }[];
    };
    return new Map(testResults.map(({ name, startTime, endTime }) => [name, endTime - startTime]));
  } catch {
    return new Map();
  }
}
