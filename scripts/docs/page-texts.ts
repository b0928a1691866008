import { shippedLanguages } from '../../src/shared/pages/catalogues.ts';
import { english } from '../../src/shared/pages/messages/english.ts';
import { table } from './table.ts';

/** The beginnings of the names, and where their texts are shown. */
const groups: Readonly<Record<string, string>> = {
  action: 'Buttons and links',
  label: 'Labels',
  bounce: 'A page that loads itself again',
  popup: 'The end of a sign-in in a popup',
  start: '`/`, if your app serves no page there',
  sign_out: 'The page that asks before signing out',
  signed_out: 'After a sign-out',
  sign_out_pending: 'After a sign-out while the table is not available',
  approval: 'After an administrator followed the link to grant permissions',
  download: 'A link to a file that could not be loaded',
  two_cookies: 'A cookie that was sent twice',
  no_access: 'A page that the user may not open',
  sign_in: 'A sign-in that failed',
  problem: 'Other errors',
  session: 'Errors without a session',
  reason: 'A page for which Entra ID needs the user',
};

/** docs/reference/page-texts.md. @throws {Error} if a text belongs to no group */
export function pageTextsPage(): string {
  const texts = Object.entries(english);
  const groupOf = (key: string) => key.split('.')[0] ?? '';
  const lost = texts.find(([key]) => !(groupOf(key) in groups));
  if (lost !== undefined) throw new Error(`scripts/docs/page-texts.ts has no group for ${lost[0]}`);
  const sections = Object.entries(groups).map(([group, title]) => {
    const rows = texts.filter(([key]) => groupOf(key) === group).map(([key, text]) => [`\`${key}\``, text]);
    return `## ${title}\n\n${table(['name', 'English'], rows)}\n`;
  });
  return `# Texts of the pages

The names of all texts for [your own translations](../guides/branding.md#texts), with the English texts. A word in braces is
a placeholder, which the translation must have too. The service includes the languages ${shippedLanguages.map((tag) => `\`${tag}\``).join(', ')}.

\`npm run docs\` writes this page from [src/shared/pages/messages](../../src/shared/pages/messages).

${sections.join('\n')}`;
}
