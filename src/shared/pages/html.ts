/** Markup, from {@link html}, or from a style or script in `assets/`. */
export interface Html {
  readonly html: string;
}

type Content = Html | string | number | readonly Content[] | undefined | false;

/** A template that escapes every value but `Html`, for text and for quoted attributes. */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  return { html: strings.reduce((text, part, at) => text + toHtml(values[at - 1]) + part) };
}

function toHtml(content: Content): string {
  if (content === undefined || content === false) return '';
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escapeHtml(content);
  return 'html' in content ? content.html : content.map(toHtml).join('');
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
