/**
 * Whether a text has a semicolon outside of quotes and balanced parentheses. OData uses semicolons between nested options,
 * inside parentheses. Some servers read a semicolon as an `&`, as older specifications of HTML forms allowed.
 */
export function hasLooseSemicolon(text: string): boolean {
  if (!text.includes(';')) return false;
  let depth = 0;
  for (const character of text.replaceAll(/'[^']*'|"[^"]*"/g, '')) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (depth < 0 || (character === ';' && depth === 0)) return true;
  }
  return depth !== 0;
}
