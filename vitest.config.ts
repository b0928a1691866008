import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    strictTags: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A condition waited for is met at once on a quiet machine; a busy one is no failure.
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: '.artefacts/tests.json' }]],
    coverage: {
      provider: 'custom',
      customProviderModule: './test/support/coverage/provider.ts',
      autoAttachSubprocess: true,
      include: ['src/**/*.ts', 'client/**/*.ts'],
      exclude: ['**/*.d.ts'],
      reportsDirectory: '.artefacts/coverage',
      reporter: ['text-summary', 'json', 'json-summary'],
      reportOnFailure: true,
    },
  },
});
