import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { parseDirectory } from '@entra-bff/directory';
import { describe, expect, it } from 'vitest';
import { runPolicyCommand } from '../../cli/policy/command.ts';
import nextConfig from '../../examples/nextjs/next.config.ts';
import viteConfig from '../../examples/vite/vite.config.ts';
import { guides, readExample } from '../../scripts/docs/examples.ts';
import { repositoryPolicy } from '../../scripts/policy-place.ts';
import { ConfigError, parseConfig, toLines } from '../../src/shared/config/config.ts';
import type { Environment } from '../../src/shared/config/setting.ts';
import { settingGroups } from '../../src/shared/config/settings.ts';
import { parseKeyBytes } from '../../src/shared/crypto/key-ring.ts';
import { checkCatalogue } from '../../src/shared/pages/own-catalogue.ts';
import { parseCustomApiPolicy } from '../../src/shared/policy/custom-api.ts';
import { createCertificate } from '../support/certificate.ts';
import {
  type CodeBlock,
  codeBlocksOf,
  codeBlockWith,
  exists,
  inlineCodeOf,
  readText,
  root,
  settingsOf,
} from '../support/documents.ts';
import { fileOf, policyOf } from '../support/policies.ts';
import { argumentsOf, myPolicyText, policyGuide } from '../support/policy-guide.ts';

/** A block that the handler of its language does not know: what it has, and why, or where, it is checked. */
interface KnownBlock {
  readonly document: string;
  readonly contains: string;
}

/** Text that no test can compare with anything. */
const drawings: readonly KnownBlock[] = [
  { document: 'docs/guides/your-own-api.md', contains: 'browser ── /api/orders' },
  // test/flows/long-links.test.ts
  { document: 'docs/graph-proxy.md', contains: 'X-Graph-Link: /v1.0/me/drive' },
];

/** JSON that is neither a policy nor a rule of one. `test/examples/frontend.test.ts` compares it with answers of the service. */
const answersShown: readonly KnownBlock[] = [
  { document: 'docs/guides/your-frontend.md', contains: '"session_tag"' },
  // test/flows/readiness.test.ts
  { document: 'docs/guides/readiness.md', contains: '"degraded": ["credential"]' },
  { document: 'docs/graph-proxy.md', contains: '"@microsoft.graph.downloadUrl":' },
  // test/docs/emulators.test.ts
  { document: 'docs/guides/emulators.md', contains: '"secondFactor": false' },
];

/** Commands that cannot run here, with the reason. */
const cannotRunHere: Readonly<Record<string, string>> = {
  'az functionapp stop --name APP --resource-group GROUP': 'needs a function app in Azure',
  'az functionapp start --name APP --resource-group GROUP': 'needs a function app in Azure',
  'func azure functionapp publish': 'needs a function app in Azure',
  'func start': 'needs Azure Functions Core Tools',
  'npm run start:func': 'needs Azure Functions Core Tools',
  'npx next dev': 'needs Next.js',
  'npm install ../entra-bff/.build/entra-bff-0.1.0.tgz':
    'changes node_modules; test/package installs the same file',
  'npm install ../entra-bff/.build/entra-bff-0.1.0.tgz @azure/functions':
    'changes node_modules; test/package installs the same file',
  'npm install --save-dev esbuild typescript @types/node':
    'changes node_modules; test/scripts/package.test.ts links the same packages',
};

/** What runs a command that this file does not run. */
const runElsewhere: Readonly<Record<string, string>> = {
  'npm ci': '.ci/run',
  'npm test': '.ci/run',
  'npm start': 'test/dev/run.test.ts',
  'npm start -- --directory examples/testing/directory.json': 'test/dev/run.test.ts',
  'npm run test:engines': '.ci/run',
  [`curl -X PUT -H 'Content-Type: application/json' -d '{ "throttledCalls": 2 }' http://127.0.0.1:7073/_emulator/switches`]:
    'test/docs/emulators.test.ts',
  'node --test': 'test/examples/testing.test.ts',
  'npm run test:libraries': '.ci/run',
  'npm run build': 'test/scripts/build.test.ts',
  'npm run pack': 'test/package/installation.ts',
  'npx entra-bff doctor': 'test/cli/doctor.test.ts',
  'npx entra-bff info': 'test/cli/info.test.ts',
  'npx entra-bff keys': 'test/cli/keys.test.ts',
  'npx entra-bff policy': 'test/cli/policy.test.ts',
  'npx entra-bff policy check': 'test/cli/policy.test.ts',
  'npm run bench': 'test/scripts/bench.test.ts',
  'npx vite': 'test/e2e/vite-example.browser.test.ts',
  'npx vite examples/vite': 'test/e2e/vite-example.browser.test.ts',
  'npx node examples/own-api/main.ts': 'test/examples/own-api.test.ts',
  'npx azurite --inMemoryPersistence --skipApiVersionCheck': 'test/dev/azurite.test.ts',
  'npx esbuild main.ts --bundle --platform=node --format=cjs --external:@azure/functions-core --outfile=dist/main.cjs':
    'test/scripts/package.test.ts',
  'cp ../entra-bff/host.json .': 'test/scripts/package.test.ts',
  "npx node -e \"import('./dev/run.ts').then(({ run }) => run({ build: async () => path.resolve('../your-app/dist/main.cjs') }))\"":
    'test/dev/run.test.ts',
};

/** Examples that a test runs without naming the file. */
const examplesRunBy: Readonly<Record<string, string>> = {
  'examples/vite/main.js': 'test/e2e/vite-example.browser.test.ts',
  'examples/own-api/orders.json': 'test/examples/own-api.test.ts',
};

const testTexts = globSync('test/**/*.{ts,js}', { cwd: root }).map(readText);
const { scripts } = JSON.parse(readText('package.json')) as { scripts: Readonly<Record<string, string>> };
const settingNames = settingGroups.flatMap(({ settings }) => Object.keys(settings));
const { Values: exampleValues } = JSON.parse(readText('local.settings.example.json')) as {
  Values: Readonly<Record<string, string>>;
};

const key = () => randomBytes(32).toString('base64url');
const guid = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const otherGuid = '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10';
/** The id in place of "…". Ids of different settings differ. */
const idOf = (name: string) =>
  ({ ENTRA_TENANT_ID: guid, ENTRA_CLIENT_ID: otherGuid })[name] ?? '6f1c8d2e-3a5b-4e9f-8c74-9d2b6a8f3e21';
const validSettings: Readonly<Record<string, string | undefined>> = {
  PUBLIC_BASE_URL: 'https://app.contoso.com',
  ENTRA_TENANT_ID: guid,
  ENTRA_CLIENT_ID: otherGuid,
  ENTRA_CLIENT_CREDENTIAL: 'managed-identity',
  SESSION_KEYS: `1:${key()}`,
  SESSION_INDEX_KEY: key(),
  SESSION_TABLE_ENDPOINT: 'https://account.table.core.windows.net',
};

const isListed = (list: readonly KnownBlock[], { document, text }: CodeBlock) =>
  list.some((known) => known.document === document && text.includes(known.contains));

/** @throws if no test runs the example, or if the block differs from it */
function checkExample({ example = '', language, text }: CodeBlock): void {
  const [path = ''] = example.split('#');
  expect(text).toBe(readExample(example));
  expect(extname(path).slice(1)).toBe(language);
  const runBy = examplesRunBy[path];
  const isRun = runBy === undefined ? testTexts.some((test) => test.includes(path)) : exists(runBy);
  expect(isRun, `no test runs ${path}`).toBe(true);
}

function checkJson(block: CodeBlock): void {
  if (block.document === policyGuide) return;
  const value = JSON.parse(block.text) as Readonly<Record<string, unknown>>;
  if (isListed(answersShown, block)) return;
  if ('people' in value) parseDirectory(value);
  else if (block.document === 'docs/guides/branding.md') expect(checkCatalogue(value).issues).toEqual([]);
  else if ('methods' in value) policyOf(fileOf(value));
  else if (block.document !== 'docs/guides/your-own-api.md') policyOf(value);
  else expect(parseCustomApiPolicy(value, 'api://contoso-orders')).toMatchObject({ kind: 'policy' });
}

/** Settings are accepted after their placeholders have got values. */
function checkSettings({ text }: CodeBlock): void {
  const environment = { ...validSettings };
  for (const [name, value] of Object.entries(settingsOf(text))) {
    if (settingNames.includes(name)) {
      const isReference = value.startsWith('@Microsoft.KeyVault(');
      environment[name] = isReference
        ? validSettings[name]
        : value.replace('ACCOUNT', 'account').replace('…', idOf(name));
    } else expect(exampleValues, 'a setting of the Functions host').toHaveProperty(name, value);
  }
  parseConfig(environment);
}

/** The settings that are wrong in a document that shows the log. */
const wrongSettings: Readonly<Record<string, Environment>> = {
  'docs/configuration.md': {
    ENTRA_CLIENT_CREDENTIAL: 'secret',
    ENTRA_TENANT_ID: 'contoso',
    ENTRA_CLIENT_SECRET: 'changeme',
    SESSION_INDEX_KEY: '',
  },
  'docs/guides/branding.md': { PAGES_ACCENT: '#0b6' },
};

/** The log of a worker whose settings are as wrong as the document says. */
function checkLog({ document, text }: CodeBlock): void {
  const parse = () => parseConfig({ ...validSettings, ...wrongSettings[document] });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(text.trimEnd());
}

/** The warnings of a worker with a misspelled setting and a certificate that expires soon. */
function checkWarnings({ text }: CodeBlock): void {
  const { certificatePem, privateKeyPem } = createCertificate({ until: new Date('2026-06-08T00:00:00Z') });
  const { warnings } = parseConfig(
    {
      ...validSettings,
      ENTRA_CLIENT_CREDENTIAL: 'certificate',
      ENTRA_CERTIFICATE: certificatePem,
      ENTRA_CERTIFICATE_KEY: privateKeyPem,
      ENTRA_GUEST: 'refuse',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    },
    [],
    new Date('2026-06-02T00:00:00Z'),
  );
  expect(`${WARNINGS}\n${toLines(warnings)}\n`).toBe(text);
}

const WARNINGS = 'Check these settings:';

function checkText(block: CodeBlock): void {
  if (block.document === policyGuide) return;
  if (block.text.startsWith('The settings are not usable:')) checkLog(block);
  else if (block.text.startsWith(WARNINGS)) checkWarnings(block);
  else expect(isListed(drawings, block), 'text that nothing checks').toBe(true);
}

/** Every line of a sequence diagram is known, and every participant is declared. */
function checkDiagram({ text }: CodeBlock): void {
  const [title, ...lines] = text.trimEnd().split('\n');
  expect(title).toBe('sequenceDiagram');
  const participants = new Set<string>();
  for (const line of lines) {
    const [, declared] = /^ {2}participant (\w+) as \S/.exec(line) ?? [];
    if (declared !== undefined) participants.add(declared);
    else {
      const [, from, to = ''] = /^ {2}(?:(\w+)--?>>|Note over )(\w+): [^;#]+$/.exec(line) ?? [];
      expect(participants, line).toContain(to);
      expect(participants, line).toContain(from ?? to);
    }
  }
}

function checkShell({ text }: CodeBlock): void {
  execFileSync('bash', ['-n'], { input: text });
  for (const line of text.trimEnd().split('\n')) {
    for (const command of line.replace(/ +# .*/, '').split(' && ')) checkCommand(command);
  }
}

const commandPattern = /^(?:[A-Z_]+=\S+ )*(?:az|bash|cp|curl|func|git|node|npm|npx|pwsh) /;

function checkCommand(text: string): void {
  const [, assignments = '', command = ''] = /^(?:export )?((?:[A-Z_]+=\S+(?: |$))*)(.*)$/.exec(text) ?? [];
  const variables = command === 'npm start' ? [...settingNames, 'PORT'] : settingNames;
  for (const [name] of assignments.matchAll(/[A-Z_]+(?==)/g)) expect(variables).toContain(name);
  const [, script] = /^npm run (?:-s )?([\w:]+)/.exec(command) ?? [];
  if (script !== undefined) expect(scripts).toHaveProperty(script);
  if (command === '' || command in cannotRunHere) return;
  if (command.startsWith('node -e ')) checkKeyCommand(command);
  else if (script === 'policy') checkPolicyCommand(command);
  else {
    const runBy = runElsewhere[command];
    expect(runBy !== undefined && exists(runBy), `nothing runs: ${command}`).toBe(true);
  }
}

function checkKeyCommand(command: string): void {
  const output = execFileSync('bash', ['-c', command], { encoding: 'utf8' });
  expect(parseKeyBytes(output.trim().replace(/^\d+:/, ''))).toBeDefined();
}

/** Runs a command of `npm run policy`. `my-policy.json` is the file to which docs/policy.md leads. */
function checkPolicyCommand(command: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'shown-policy-'));
  const file = join(folder, 'my-policy.json');
  writeFileSync(file, myPolicyText());
  const args = argumentsOf(command).map((word) => (word === 'my-policy.json' ? file : word));
  const { isGood, text } = runPolicyCommand(args, repositoryPolicy);
  rmSync(folder, { recursive: true });
  expect(isGood, text).toBe(true);
}

const handlers: Readonly<Record<string, (block: CodeBlock) => void>> = {
  dotenv: checkSettings,
  json: checkJson,
  mermaid: checkDiagram,
  sh: checkShell,
  text: checkText,
};

function checkBlock(block: CodeBlock): void {
  const { document, language, example } = block;
  if (example !== undefined) checkExample(block);
  const handler = handlers[language];
  // test/examples/policy-tasks.test.ts runs the code of the policy guide.
  const isRun = example !== undefined || handler !== undefined || document === policyGuide;
  expect(isRun, `a block of "${language}" that is not included from examples/`).toBe(true);
  handler?.(block);
}

describe('the code blocks of', () => {
  it.each(guides.filter((document) => readText(document).includes('```')))('%s', (document) => {
    const blocks = codeBlocksOf(document);
    const fences = readText(document).match(/^ *```/gm) ?? [];
    expect(blocks).toHaveLength(fences.length / 2);
    const faults = blocks.flatMap((block) => {
      try {
        checkBlock(block);
        return [];
      } catch (error) {
        return [`line ${block.line}: ${error instanceof Error ? error.message : String(error)}`];
      }
    });
    expect(faults).toEqual([]);
  });
});

describe('the commands in the sentences of', () => {
  const commandsOf = (document: string) => inlineCodeOf(document).filter((code) => commandPattern.test(code));

  it.each(guides.filter((document) => commandsOf(document).length > 0))('%s', (document) => {
    for (const command of commandsOf(document)) checkCommand(command);
  });
});

describe('the addresses of this service in the sentences of', () => {
  const routes = [
    ...readText('docs/reference/routes.md').matchAll(/^\| `(\/api\/[^`]+)` \| ([A-Z, ]+) \|/gm),
  ].map(([, path = '', methods = '']) => ({ path, methods: methods.split(', ') }));
  /** A prefix of routes, like `/api/auth`, counts as an address too. */
  const isRoute = (path: string, method: string | undefined) =>
    routes.some(
      (route) =>
        (route.path === path && (method === undefined || route.methods.includes(method))) ||
        (method === undefined && route.path.startsWith(`${path}/`)),
    );

  it.each(guides)('%s', (document) => {
    const addresses = inlineCodeOf(document).flatMap(
      (code) => code.match(/(?:\b[A-Z]+ )?\/api\/(?:auth|admin|health)\b[^\s?']*/g) ?? [],
    );
    const unknown = addresses.filter((address) => {
      const [, method, path = ''] = /^(?:([A-Z]+) )?(.+)$/.exec(address) ?? [];
      return !isRoute(path, method);
    });
    expect(unknown).toEqual([]);
  });
});

describe('the lists of this file', () => {
  const blocks = guides.flatMap(codeBlocksOf);
  const text = guides.map(readText).join('\n');

  it('name only blocks, commands and examples that are shown', () => {
    for (const { document, contains } of [...drawings, ...answersShown]) codeBlockWith(document, contains);
    const commands = Object.keys({ ...cannotRunHere, ...runElsewhere });
    expect(commands.filter((command) => !text.includes(command))).toEqual([]);
    const shown = blocks.map(({ example = '' }) => example.split('#')[0]);
    for (const path of Object.keys(examplesRunBy)) expect(shown).toContain(path);
  });
});

describe('the configuration of a development server', () => {
  const service = 'http://localhost:7071';

  it('of Vite has the port of PUBLIC_BASE_URL and sends /api to the service', () => {
    const { port, strictPort, proxy } = viteConfig.server ?? {};
    expect([strictPort, proxy]).toEqual([true, { '/api': service }]);
    expect(readText('docs/guides/your-frontend.md')).toContain(`PUBLIC_BASE_URL=http://localhost:${port} `);
  });

  it('of Next.js sends /api to the service', async () => {
    expect(await nextConfig.rewrites()).toEqual([
      { source: '/api/:path*', destination: `${service}/api/:path*` },
    ]);
  });
});
