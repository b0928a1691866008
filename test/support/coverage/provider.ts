import { existsSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { EncodedSourceMap } from '@jridgewell/trace-mapping';
import v8Module from '@vitest/coverage-v8';
import { type ScriptCoverageWithOffset, V8CoverageProvider } from '@vitest/coverage-v8/dist/provider.js';
import astV8ToIstanbul from 'ast-v8-to-istanbul';
import {
  type CoverageProviderModule,
  parseAstAsync,
  type ReportContext,
  type TestProject,
} from 'vitest/node';
import { addHits, type ExecutedCode, type HitCounts, toExecutedCode, toFunctionCoverage } from './hits.ts';

/**
 * Measures the coverage of the original files, however they were executed: imported by a test, bundled for the
 * Functions host, in a child process, or in the browser. V8's counts are mapped back to positions in the original
 * text and summed there. A statement that ran in several bundles therefore counts once.
 */
class OriginalFilesProvider extends V8CoverageProvider {
  readonly #texts = new Map<string, string | undefined>();
  readonly #executed = new Map<string, ExecutedCode | undefined>();

  override async generateCoverage(_: ReportContext) {
    const hits: HitCounts = new Map();
    let scripts: ScriptCoverageWithOffset[] = [];
    await this.readCoverageFiles<{ result: ScriptCoverageWithOffset[] }>({
      onFileRead: (coverage) => {
        for (const script of coverage.result) scripts.push(script);
      },
      onFinished: async (project, environment) => {
        for (const script of scripts) {
          const executed = await this.#executedCode(script, project, environment);
          if (executed) addHits(hits, executed, script.functions, this.#readOriginal);
        }
        scripts = [];
      },
      onDebug: Object.assign(() => undefined, { enabled: false }),
    });
    return this.#toCoverageMap(hits);
  }

  async #toCoverageMap(hits: HitCounts) {
    const coverageMap = this.createCoverageMap();
    for (const path of await this.getUntestedFiles([])) {
      const text = this.#readOriginal(path);
      if (text === undefined) continue;
      // Types become spaces, so all positions stay the same.
      const code = path.endsWith('.ts') ? stripTypeScriptTypes(text) : text;
      coverageMap.merge(
        await astV8ToIstanbul({
          code,
          ast: parseAstAsync(code),
          coverage: {
            url: `file://${path}`,
            functions: toFunctionCoverage(hits.get(path) ?? new Float64Array(text.length)),
          },
        }),
      );
    }
    return coverageMap;
  }

  readonly #readOriginal = (path: string): string | undefined => {
    if (!this.#texts.has(path)) {
      this.#texts.set(
        path,
        this.isIncluded(path) && existsSync(path) ? readFileSync(path, 'utf8') : undefined,
      );
    }
    return this.#texts.get(path);
  };

  async #executedCode(script: ScriptCoverageWithOffset, project: TestProject, environment: string) {
    const kind = script.isExtendedContext ? 'process' : 'test';
    const key = `${kind} ${project.name} ${environment} ${script.startOffset} ${script.url}`;
    if (!this.#executed.has(key)) {
      this.#executed.set(key, await this.#load(script, kind, project, environment));
    }
    return this.#executed.get(key);
  }

  async #load(
    { url, startOffset }: ScriptCoverageWithOffset,
    kind: 'process' | 'test',
    project: TestProject,
    environment: string,
  ): Promise<ExecutedCode | undefined> {
    const path = fileURLToPath(url);
    if (existsSync(`${path}.map`)) {
      const map: EncodedSourceMap = JSON.parse(readFileSync(`${path}.map`, 'utf8'));
      const code = readFileSync(path, 'utf8');
      return toExecutedCode({ code, map, path, wrapperLength: 0 }, this.#readOriginal);
    }
    const text = this.#readOriginal(path);
    if (text === undefined) return undefined;
    // Node replaces types by spaces when it runs a TypeScript file itself.
    if (kind === 'process') {
      return toExecutedCode({ code: text, map: undefined, path, wrapperLength: 0 }, this.#readOriginal);
    }
    const transformed = await this.transformFile(path, project, environment, true);
    if (!transformed?.map) throw new Error(`no source map for ${path}`);
    return toExecutedCode(
      { code: transformed.code, map: transformed.map as EncodedSourceMap, path, wrapperLength: startOffset },
      this.#readOriginal,
    );
  }
}

const coverageModule: CoverageProviderModule = {
  ...v8Module,
  startCoverage: (options) => v8Module.startCoverage?.(options),
  takeCoverage: (options) => v8Module.takeCoverage?.(options),
  stopCoverage: (options) => v8Module.stopCoverage?.(options),
  getProvider: async () => new OriginalFilesProvider(),
};
export default coverageModule;
