import { createHash } from 'node:crypto';
import type { Guard } from '../access/rules.ts';
import type { ScopeNeed } from '../entra/scopes.ts';
import type { ApiProfile } from './api-profile.ts';
import { hasBody } from './methods.ts';
import type { OptionBounds } from './option-bounds.ts';
import { type PathTemplate, parsePathTemplate } from './path-template.ts';
import type { HeaderRule } from './request-headers.ts';
import type { PolicyDocument } from './schema.ts';

/** A rule of a policy file, ready to be compared with calls. The user is asked for its `scopes`. */
export interface PolicyRule extends ScopeNeed, HeaderRule {
  readonly feature: string;
  /** Position in the file: `features.mail.rules[0]`. */
  readonly pointer: string;
  readonly methods: readonly string[];
  readonly template: PathTemplate;
  readonly query: OptionBounds;
  /** Types that a body may have. Empty if none of the methods has a body. */
  readonly contentTypes: readonly string[];
  /** The fields that a JSON body may have at its top level. If undefined, every field may pass. */
  readonly bodyFields?: readonly string[];
  /** Whether responses may contain links to files that need no token. */
  readonly fileLinks: boolean;
  /** Whether plain HTML of the app may load the response of a GET: images, audio, video and downloads. */
  readonly embed: boolean;
  /** Who may make the call: the guard of the rule, or of its feature. */
  readonly guard?: Guard;
  /** Digest of the complete rule. A changed rule has another digest. */
  readonly digest: string;
}

type FeatureDocument = PolicyDocument['features'][string];

export function compileRules(name: string, feature: FeatureDocument, profile: ApiProfile): PolicyRule[] {
  return feature.rules.map((rule, index): PolicyRule => {
    const guard = rule.guard ?? feature.guard;
    const compiled = {
      feature: name,
      pointer: `features.${name}.rules[${index}]`,
      methods: rule.methods,
      template: parsePathTemplate(rule.path),
      query: rule.query,
      contentTypes: rule.methods.some(hasBody) ? (rule.contentTypes ?? ['application/json']) : [],
      scopes: rule.scopes.map(profile.toScope),
      alternatives: rule.alternatives.map((scopes) => scopes.map(profile.toScope)),
      fileLinks: rule.fileLinks,
      embed: rule.embed,
      headers: rule.headers.map((header) => header.toLowerCase()),
      preferences: rule.prefer.map((preference) => preference.toLowerCase()),
      maxPageSize: maxPageSizeOf(rule.query),
      ...(rule.bodyFields === undefined ? {} : { bodyFields: rule.bodyFields }),
      ...(guard === undefined ? {} : { guard }),
    };
    return {
      ...compiled,
      digest: createHash('sha256').update(JSON.stringify(compiled)).digest('base64url'),
    };
  });
}

/** The bound of `$top` also limits the page size that a `Prefer` header may ask for. */
function maxPageSizeOf({ $top }: OptionBounds): number {
  if ($top === undefined) return 0;
  return $top !== true && 'max' in $top ? $top.max : Number.POSITIVE_INFINITY;
}
