/** A Markdown table that is also readable as plain text. Columns of numbers are aligned to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const columns = head.map((title, index) => {
    const cells = rows.map((row) => String(row[index] ?? ''));
    const isNumeric = cells.every((cell) => /^[\d.]+$/.test(cell));
    const width = Math.max(3, title.length, ...cells.map((cell) => cell.length));
    const align = (cell: string) => (isNumeric ? cell.padStart(width) : cell.padEnd(width));
    const rule = isNumeric ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width);
    return [align(title), rule, ...cells.map(align)];
  });
  const lineCount = rows.length + 2;
  return Array.from(
    { length: lineCount },
    (_, line) => `| ${columns.map((cells) => cells[line]).join(' | ')} |`,
  ).join('\n');
}
