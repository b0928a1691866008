import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { requirements } from './test/requirements.ts';
import { ProgressReporter } from './test/support/progress-reporter.ts';

const browserTests = '**/*.browser.test.ts';

/** These need Azurite, a bundle, the compiler, processes or many connections. All other tests of their folders do not. */
const integrated = [
  'test/cli/main.test.ts',
  'test/docs/api.test.ts',
  'test/scripts/{bench,build,measure,package,policy,soak}.test.ts',
  'test/shared/graph/client.test.ts',
  'test/shared/network/http-request.test.ts',
  'test/shared/proxy/large-answers.test.ts',
  'test/shared/session/large-session.test.ts',
  'test/shared/storage/table.contract.test.ts',
  'test/supply-chain.test.ts',
];
const unit = ['test/{cli,client,docs,scripts,shared}/**/*.test.ts', 'test/*.test.ts'];
const flows = ['test/{connection-proof,dev,examples,flows,store-proof}/**/*.test.ts', ...integrated];

function project(
  name: string,
  include: readonly string[],
  options: NonNullable<TestProjectInlineConfiguration['test']> = {},
): TestProjectInlineConfiguration {
  return { extends: true, test: { name, include: [...include], exclude: [browserTests], ...options } };
}

const resultFiles: Readonly<Record<string, string>> = {
  whole: 'tests-all',
  engines: 'tests-engines',
  libraries: 'tests-libraries',
  package: 'tests-package',
};
/** Modes that run one folder of tests, and nothing else, file by file. */
const ownRuns: readonly string[] = ['engines', 'libraries', 'package'];

const resultFileOf = (mode: string) => `.artefacts/${resultFiles[mode] ?? 'tests'}.json`;

/**
 * `--mode whole` runs every test at full scale. `--mode screenshots` takes screenshots. `--mode engines` runs the main
 * journeys in every browser engine, and nothing else. `--mode libraries` calls Graph with its libraries, and nothing else. `--mode package`
 * installs the npm package and runs it, and nothing else.
 */
export default defineConfig(({ mode }) => ({
  test: {
    projects: ownRuns.includes(mode)
      ? [project(mode, [`test/${mode}/*.test.ts`])]
      : [
          project('unit', unit, { exclude: [browserTests, ...integrated] }),
          project('flows', flows),
          project('browser', [`{packages,test}/${browserTests}`], { exclude: [] }),
          project('emulators', ['packages/*/test/**/*.test.ts']),
        ],
    // Files share the modules that they import. Tests leave no state in modules.
    isolate: false,
    // Runs once for all projects.
    globalSetup: ['test/support/global-setup.ts'],
    env: {
      TEST_SCALE: mode === 'whole' || mode === 'screenshots' ? 'whole' : 'short',
      TEST_SCREENSHOTS: mode === 'screenshots' ? 'yes' : 'no',
    },
    // The requirements that tests prove. docs/requirements.md lists them with their tests.
    tags: [...requirements].map(([name, description]) => ({ name, description })),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Conditions are met at once on a quiet machine. A busy machine must not fail the test.
    expect: { poll: { timeout: 20_000 } },
    // Only one engine runs at a time.
    maxWorkers: ownRuns.includes(mode) ? 1 : '100%',
    reporters: [
      mode === 'whole' ? new ProgressReporter(resultFileOf(mode)) : 'default',
      ['json', { outputFile: resultFileOf(mode) }],
    ],
    coverage: {
      provider: 'custom',
      customProviderModule: './test/support/coverage/provider.ts',
      autoAttachSubprocess: true,
      include: ['src/**/*.ts', 'client/**/*.ts'],
      exclude: ['**/*.d.ts'],
      reportsDirectory: '.artefacts/coverage',
      reporter: ['text-summary', 'json', 'json-summary'],
      reportOnFailure: true,
      // Measured with every test. No change may lower them.
      thresholds: {
        'src/**': { lines: 98.7, branches: 94.2 },
        'client/**': { lines: 99, branches: 96 },
      },
    },
  },
}));
