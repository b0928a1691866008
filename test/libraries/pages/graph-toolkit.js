import { registerMgtComponents } from '@microsoft/mgt-components';
import { CacheService } from '@microsoft/mgt-element';
import { connectToolkit } from '../../../examples/graph-libraries/graph-toolkit.js';
import { bff } from './client.ts';

CacheService.config.isEnabled = false;
connectToolkit(bff);
registerMgtComponents();
await bff.session();

/** The text of an element, with titles and with the text of the components in it. */
function textOf(node) {
  if (node instanceof Text) return node.data;
  if (
    !(node instanceof Element || node instanceof ShadowRoot) ||
    /^(STYLE|SCRIPT|TEMPLATE)$/.test(node.tagName)
  ) {
    return '';
  }
  const isFilledSlot = node instanceof HTMLSlotElement && node.assignedNodes().length > 0;
  const children = isFilledSlot ? node.assignedNodes() : (node.shadowRoot ?? node).childNodes;
  const title = node instanceof Element ? (node.getAttribute('title') ?? '') : '';
  return [title, ...[...children].map(textOf)].join(' ');
}

export const library = {
  show(html) {
    document.body.innerHTML = html;
  },
  text: () => textOf(document.body).replace(/\s+/g, ' ').trim(),
};
