/** A Markdown table that can be read as text as well: columns of figures stand to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const columns = head.map((title, at) => {
    const cells = rows.map((row) => String(row[at] ?? ''));
    const isFigures = cells.every((cell) => /^[\d.]+$/.test(cell));
    const width = Math.max(3, title.length, ...cells.map((cell) => cell.length));
    const align = (cell: string) => (isFigures ? cell.padStart(width) : cell.padEnd(width));
    const rule = isFigures ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width);
    return [align(title), rule, ...cells.map(align)];
  });
  const lineCount = rows.length + 2;
  return Array.from(
    { length: lineCount },
    (_, line) => `| ${columns.map((cells) => cells[line]).join(' | ')} |`,
  ).join('\n');
}
