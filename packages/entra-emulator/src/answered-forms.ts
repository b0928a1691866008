import { randomUUID } from 'node:crypto';

/** The forms that users have sent. The page that follows a form is loaded with GET, so that browsers can load it again. */
export interface AnsweredForms {
  /** @returns the form's id */
  add(form: URLSearchParams): string;
  find(id: string): URLSearchParams | undefined;
}

const formLimit = 1000;

export function createAnsweredForms(): AnsweredForms {
  const forms = new Map<string, URLSearchParams>();
  return {
    add(form) {
      const id = randomUUID();
      forms.set(id, form);
      const [oldest] = forms.keys();
      if (forms.size > formLimit && oldest !== undefined) forms.delete(oldest);
      return id;
    },
    find: (id) => forms.get(id),
  };
}
