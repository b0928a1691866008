/** Markup that is safe to send. Only `html` creates it, and it escapes every value. */
export interface Html {
  readonly markup: string;
}

type Value = string | number | Html | readonly Html[] | undefined | false;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function toMarkup(value: Value): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number')
    return String(value).replace(/[&<>"']/g, (character) => escapes[character] ?? '');
  return 'markup' in value ? value.markup : value.map((part) => part.markup).join('');
}

export function html(texts: TemplateStringsArray, ...values: Value[]): Html {
  return {
    markup: texts.map((text, index) => text + toMarkup(values[index])).join(''),
  };
}
