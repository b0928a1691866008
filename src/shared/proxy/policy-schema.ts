import * as z from 'zod';

/** Methods that the proxy can forward. */
const proxyMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const rule = z.strictObject({
  methods: z.array(z.enum(proxyMethods)).min(1).describe('Methods that may be used.'),
  path: z
    .string()
    .regex(/^(?:\/(?:\{[A-Za-z][A-Za-z0-9-]*\}|[A-Za-z0-9$._~-]+))+$/)
    .describe('Path template in the words of the API, version first: /v1.0/me/messages/{id}.'),
  query: z
    .array(z.string().regex(/^\$?[A-Za-z][A-Za-z0-9-]*$/))
    .default([])
    .describe('Query options that may be used. None when left out.'),
  scopes: z
    .array(z.string().regex(/^[A-Za-z][\w.-]*$/))
    .min(1)
    .describe('Delegated permissions that the call needs, the least that the API accepts.'),
});

const feature = z.strictObject({
  title: z.string().min(1).max(80).describe('What the person gets, in a few words.'),
  signIn: z
    .boolean()
    .default(false)
    .describe('Ask for the permissions at sign-in. Otherwise they are asked for when first used.'),
  rules: z.array(rule).describe('Calls that the feature may make.'),
});

/** The policy file: what may be called, and which permission each call needs. What it does not name is refused. */
export const policySchema = z.strictObject({
  $schema: z.string().optional().describe('Where this schema is, for editors.'),
  features: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/), feature)
    .describe('Groups of rules by name. An empty object allows nothing.'),
});

export type PolicyDocument = z.infer<typeof policySchema>;
