import type { BenchResult } from './report.ts';
import { before, titleOf } from './systems.ts';

const WIDTH = 760;
const LABEL_WIDTH = 300;
const BAR_WIDTH = 330;
const ROW_HEIGHT = 30;
const TOP = 56;
const BOTTOM = 12;

/**
 * A bar for each system, as an SVG whose colors follow the reader's light or dark mode. The product of another checkout is in
 * the tables only.
 */
export function toChart({ systems: measured, run, noise }: BenchResult): string {
  const systems = measured.filter(({ name }) => name !== before.name);
  const largest = Math.max(...systems.map(({ ratioToB }) => ratioToB));
  const height = TOP + systems.length * ROW_HEIGHT + BOTTOM;
  const rows = systems.map(({ name, rps, ratioToB }, index) => {
    const top = TOP + index * ROW_HEIGHT;
    const width = Math.max(2, (ratioToB / largest) * BAR_WIDTH);
    const kind = name === 'product' ? ' class="product"' : '';
    return [
      `  <g${kind}>`,
      `    <text class="label" x="${LABEL_WIDTH}" y="${top + 19}">${toText(titleOf(name))}</text>`,
      `    <rect x="${LABEL_WIDTH + 12}" y="${top + 5}" width="${width.toFixed(1)}" height="${ROW_HEIGHT - 10}" rx="2"/>`,
      `    <text x="${(LABEL_WIDTH + 12 + width + 8).toFixed(1)}" y="${top + 19}">${ratioToB.toFixed(2)} <tspan class="faint">${rps.toLocaleString('en')}/s</tspan></text>`,
      '  </g>',
    ].join('\n');
  });
  const title = 'Requests per second on one core, as a share of a bare proxy (B)';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
  <title id="title">${title}</title>
  <style>
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .title { font-size: 15px; font-weight: 600; }
    .label { text-anchor: end; }
    .faint { fill: #59636e; }
    rect { fill: #818b98; }
    .product rect { fill: #0969da; }
    .product text { font-weight: 600; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .faint { fill: #9198a1; }
      rect { fill: #6e7681; }
      .product rect { fill: #4493f8; }
    }
  </style>
  <text class="title" x="12" y="22">${title}</text>
  <text class="faint" x="12" y="42">${run.command}, ${run.date}, Node ${run.node}, response of 1.5 KB${noise.reasons.length > 0 ? ' (too noisy to trust)' : ''}</text>
${rows.join('\n')}
</svg>
`;
}

/** Titles are Markdown. */
function toText(title: string): string {
  return title.replace(/[*`]/g, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
