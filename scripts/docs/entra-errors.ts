import {
  type EntraErrorMeaning,
  entraErrorGroups,
  MICROSOFTS_LIST,
} from '../../src/shared/entra/error-table.ts';
import { interactionReasons } from '../../src/shared/errors.ts';
import { reasonTexts } from '../../src/shared/interaction/reason-texts.ts';
import { table } from './table.ts';

/** docs/reference/entra-errors.md */
export function entraErrorsPage(): string {
  const rows = entraErrorGroups.flatMap(({ meaning, errors }) =>
    errors.map(([number, whatHappened, source]) => [
      String(number),
      whatHappened,
      treatment(meaning),
      source === undefined ? 'list' : `[public report](${source})`,
    ]),
  );
  const reasons = interactionReasons.map((reason) => {
    const { title, text, resolvedBy } = reasonTexts[reason];
    return [`\`${reason}\``, title, text, resolvedBy];
  });
  return `# Errors of Microsoft Entra ID

Entra ID describes an error by OAuth's code and an AADSTS number. The service interprets these numbers, at the token endpoint
and at the callback. The number is \`aadsts\` in the log, and \`entra_error_code\` in every problem except
\`sign_in_service_unavailable\`. Numbers without a link are in [Microsoft's list](${MICROSOFTS_LIST}). An error with another
number is interpreted by its claims challenge, its suberror or OAuth's code: with \`invalid_grant\`, the user is asked to sign
in. If none of these is known, the error counts as temporary: it signs no user out.

\`npm run docs\` writes this page from [error-table.ts](../../src/shared/entra/error-table.ts) and
[reason-texts.ts](../../src/shared/interaction/reason-texts.ts).

## Numbers

${table(['AADSTS', 'what happened', 'treated as', 'source'], rows.toSorted(byNumber))}

- \`interaction_required\`, \`consent_declined\`, \`admin_consent_required\`: the user or an administrator of the organization
  has to act. The problem is a 401 or 403.
- \`registration_invalid\`: only an administrator of this app can correct it. The problem is a
  [503 without \`Retry-After\`](../problems/registration_invalid.md). Users stay signed in.
- \`throttled\`, \`temporary\`: [503 \`sign_in_service_unavailable\`](../problems/sign_in_service_unavailable.md) with
  \`Retry-After\`. Users stay signed in.

## Reasons

What pages and problems say about each reason of \`interaction_required\`. \`resolved_by\` states whether a new sign-in can help,
or whether an administrator has to act first.

${table(['`reason`', 'title', 'text', '`resolved_by`'], reasons)}
`;
}

function byNumber([left = '']: readonly string[], [right = '']: readonly string[]): number {
  return Number(left) - Number(right);
}

function treatment(meaning: EntraErrorMeaning): string {
  switch (meaning.kind) {
    case 'interaction-required':
      return `\`${meaning.reason}\``;
    case 'registration-invalid':
      return `\`registration_invalid\`: ${meaning.fault}`;
    case 'own-credential-refused':
      return `\`registration_invalid\`: ${meaning.fault} (log: \`own-credential-refused\`)`;
    case 'throttled':
      return `throttled (${meaning.by})`;
    case 'transient':
      return 'temporary';
  }
}
