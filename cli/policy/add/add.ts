import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parsePolicyText } from '../../../src/shared/config/policies.ts';
import { customApiProfile } from '../../../src/shared/policy/custom-api.ts';
import { graphProfile } from '../../../src/shared/policy/graph-profile.ts';
import type { RequestedCall } from '../../../src/shared/policy/match.ts';
import { hasBody, proxyMethods } from '../../../src/shared/policy/methods.ts';
import type { Policy } from '../../../src/shared/policy/policy.ts';
import { readUpstreamQuery } from '../../../src/shared/policy/query.ts';
import { administratorConsents } from '../administrator-consent.ts';
import { readCall } from '../read-call.ts';
import { chooseFeature } from './choose-feature.ts';
import { findScopes, type ScopesResult } from './find-scopes.ts';
import { insertRule } from './insert-rule.ts';
import { toBounds } from './to-bounds.ts';
import { toTemplate } from './to-template.ts';

export interface AddArguments {
  /** {@link readCall} */
  readonly call: string;
  readonly file: string;
  /** The file as the command names it. */
  readonly shownFile: string;
  /** How the command is called: `npm run policy --`. */
  readonly command: string;
  /** How to use a changed file. */
  howToUse(file: string): string;
  readonly scopes: readonly string[];
  readonly feature: string | undefined;
  readonly referenceFile: string | undefined;
  /** The application ID URI of your own API. Undefined for Microsoft Graph. */
  readonly scopePrefix: string | undefined;
}

interface AddResult {
  readonly isGood: boolean;
  readonly text: string;
}

type FoundScopes = Extract<ScopesResult, { readonly kind: 'scopes' }>;

const emptyFile = '{\n  "features": {}\n}\n';

/** Writes a rule for a call into a policy file. If anything is wrong, the file stays as it is. */
export function addRule(options: AddArguments): AddResult {
  const { file, shownFile, scopePrefix } = options;
  const reading = readCall(options.call, scopePrefix !== undefined);
  if (reading.kind === 'not-understood') return refused(`Not understood: ${reading.hint}`);
  const call = withVersion(reading.call, scopePrefix === undefined);
  if (!proxyMethods.some((method) => method === call.method)) {
    return refused(`Not understood: "${call.method}" is not one of ${proxyMethods.join(', ')}.`);
  }
  const text = existsSync(file) ? readFileSync(file, 'utf8') : emptyFile;
  const before = parsePolicyText(text, scopePrefix);
  if (before.kind === 'invalid') return refused(`${shownFile} is not valid:`, ...before.issues);
  const existing = describeExisting(before.policy, call);
  if (existing !== undefined) return refused(existing);
  const profile = scopePrefix === undefined ? graphProfile : customApiProfile(scopePrefix);
  const template = toTemplate(call.path, profile);
  const query = readUpstreamQuery(call.query);
  if (query.kind === 'refused') return refused(`Such a call is always refused: ${query.reason}.`);
  const found = findScopes({
    method: call.method,
    template,
    named: options.scopes,
    referenceFile: options.referenceFile,
    isGraph: scopePrefix === undefined,
  });
  if (found.kind === 'unknown') return refused(found.hint);
  const scopes = found.scopes.map(profile.toScope);
  const feature = chooseFeature({
    policy: before.policy,
    method: call.method,
    template,
    scopes,
    named: options.feature,
    shipped: found.feature,
  });
  const contentType = call.contentType?.split(';')[0]?.trim();
  const bounds = toBounds(query.options);
  const rule = {
    methods: [call.method],
    path: template,
    ...(Object.keys(bounds).length === 0 ? {} : { query: bounds }),
    ...(contentType === undefined || contentType === 'application/json'
      ? {}
      : { contentTypes: [contentType] }),
    scopes: found.scopes,
  };
  const changed = insertRule(text, { feature: feature.name, title: feature.title, rule });
  const after = parsePolicyText(changed, scopePrefix);
  if (after.kind === 'invalid') {
    return refused(`Nothing was written, because ${shownFile} would not be valid:`, ...after.issues);
  }
  writeFileSync(file, changed);
  return {
    isGood: true,
    text: describeAdded({ ...options, call: `${call.method} ${template}` }, call, feature, found),
  };
}

function refused(first: string, ...more: readonly string[]): AddResult {
  return { isGood: false, text: [first, ...more.map((line) => `  ${line}`)].join('\n') };
}

/** v1.0 unless the call names a version. */
function withVersion(call: RequestedCall, isGraph: boolean): RequestedCall {
  const method = call.method.toUpperCase();
  if (!isGraph || /^\/(?:v1\.0|beta)(?:\/|$)/i.test(call.path)) return { ...call, method };
  return { ...call, method, path: `/v1.0${call.path}` };
}

/** The rule that has this call already. Undefined if there is none. */
function describeExisting(policy: Policy, call: RequestedCall): string | undefined {
  const match = policy.match(call);
  if (match.kind === 'allowed') {
    const { pointer, feature } = match.call.rule;
    return `${pointer}, feature "${feature}", allows this call already. Nothing was written.`;
  }
  if (match.part !== 'query' && match.part !== 'content-type') return undefined;
  return `${match.closestRule?.pointer} has this path already, and refuses this call: ${match.detail} Change that rule. Nothing was written.`;
}

function describeAdded(
  { call: rule, shownFile, scopePrefix, command, howToUse }: AddArguments,
  { method, path, query, contentType }: RequestedCall,
  feature: { readonly name: string; readonly title: string; readonly isNew: boolean },
  { scopes, from, alternatives }: FoundScopes,
): string {
  const asked = [path, query].filter((part) => part !== '').join('?');
  const call = [method, asked, ...(contentType === undefined ? [] : [contentType])].join(' ');
  const own = scopePrefix === undefined ? '' : ` --api=${scopePrefix}`;
  const needsAdministrator = scopes.some((scope) => administratorConsents.has(scope));
  return [
    `Added to ${shownFile}: ${rule}`,
    `  feature     ${feature.name} (${feature.title})${feature.isNew ? ', which is new; the title is what users see' : ''}`,
    `  permission  ${scopes.join(' and ')}, ${from}`,
    ...(alternatives.length === 0
      ? []
      : [`              also accepted: ${alternatives.slice(0, 6).join(', ')}`]),
    ...(needsAdministrator ? ['              an administrator has to consent to it'] : []),
    ...(/\/users\/\{/.test(rule) && !scopes.some((scope) => /\.(?:All|Shared)$/.test(scope))
      ? ['              may cover the signed-in user only; see the page of the call']
      : []),
    ...(hasBody(method) && /^(?:undefined|application\/json)/.test(String(contentType))
      ? ['  body        any fields; list those that may be sent in "bodyFields"']
      : []),
    '',
    'To try it:',
    `  ${command} explain '${call.replaceAll("'", "'\\''")}' ${shownFile}${own}`,
    ...(scopePrefix === undefined ? [`  ${howToUse(shownFile)}`] : []),
    `Add ${scopes.join(' and ')} to the permissions of the app registration.`,
  ].join('\n');
}
