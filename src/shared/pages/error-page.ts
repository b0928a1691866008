import type { BffError, ProblemCode } from '../errors.ts';
import { loginPath } from '../interaction/interaction.ts';
import { administratorLink, createDocument, type PageDocument, referenceLine } from './document.ts';
import { type Html, html } from './html.ts';
import { english, type MessageKey } from './messages/english.ts';
import { backLabel, type Presentation } from './presentation.ts';

export interface ErrorPageOptions {
  /** Default: the title of the error's code. */
  readonly title?: MessageKey;
  /** Default: that of the reason or code. */
  readonly text?: MessageKey;
  /** Default: signing in, if that can help. */
  readonly tryAgain?: { readonly href: string; readonly label: MessageKey };
  /** Default: the app's start page. */
  readonly backHref?: string;
  /** A link for the user's administrator, shown so that it can be copied. */
  readonly administratorHref?: string;
}

/** Codes for which the page offers no sign-in, because signing in never helps. */
const unrelatedToSignIn: ReadonlySet<ProblemCode> = new Set([
  'not_found',
  'method_not_allowed',
  'session_changed',
  'configuration_invalid',
  'registration_invalid',
]);

/** Codes after which a sign-in is the main action. */
const resolvedBySignIn: ReadonlySet<ProblemCode> = new Set(['session_required', 'login_transaction_invalid']);

const signInAgain = { href: loginPath, label: 'action.sign_in' } as const;

/** An error as a page: what happened, what the user can do, and a reference for support. */
export function errorPage(
  presentation: Presentation,
  error: BffError,
  invocationId: string,
  options: ErrorPageOptions = {},
): PageDocument {
  const { text } = presentation;
  const title = text(options.title ?? `problem.${error.code}.title`);
  const tryAgain = options.tryAgain ?? (unrelatedToSignIn.has(error.code) ? undefined : signInAgain);
  const [kindOfBack, kindOfTryAgain] = resolvedBySignIn.has(error.code) ? ['', ' main'] : [' main', ''];
  const links = [
    html`<a class="button${kindOfBack}" href="${options.backHref ?? '/'}">${backLabel(presentation)}</a>`,
    ...(tryAgain === undefined
      ? []
      : [html`<a class="button${kindOfTryAgain}" href="${tryAgain.href}">${text(tryAgain.label)}</a>`]),
  ];
  return createDocument(presentation, {
    title,
    status: error.status,
    content: html`<section class="card">
<h1>${title}</h1>
${problemText(presentation, error, options.text)}
${options.administratorHref && administratorLink(options.administratorHref, text('label.administrator_link'))}
<div class="actions">
${kindOfBack === '' ? links.toReversed() : links}
</div>
</section>
${referenceLine(presentation, 'label.code', error.code, invocationId)}`,
  });
}

/**
 * What happened. In English, it is the problem's detail. In any other language, it is the text of the reason or code, and
 * the detail follows if it says more. Details are English.
 */
export function problemText(
  { language, text }: Presentation,
  error: BffError,
  key: MessageKey = textKeyOf(error),
): Html {
  const { detail } = error;
  if (detail === undefined || detail === english[key]) return html`<p>${text(key)}</p>`;
  if (language === 'en') return html`<p>${detail}</p>`;
  return html`<p>${text(key)}</p>
<p class="quiet" lang="en" dir="ltr">${detail}</p>`;
}

function textKeyOf(error: BffError): MessageKey {
  if (error.is('session_required')) return `session.${error.extensions.reason}.text`;
  if (error.is('interaction_required')) return `reason.${error.extensions.reason}.text`;
  return `problem.${error.code}.text`;
}
