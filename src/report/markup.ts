import { printable } from './columns.ts';

/** A piece of HTML or XML. */
export interface Markup {
  readonly markup: string;
}

type Value = string | number | Markup | readonly Markup[];

// XML 1.0, 2.2: what is left of what a document may not hold once the control characters are gone.
const NO_CHARACTER = /[\p{Cs}\uFFFE\uFFFF]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(value: Value): string {
  if (typeof value === 'object') return 'markup' in value ? value.markup : value.map(render).join('');
  return printable(String(value))
    .replaceAll(NO_CHARACTER, '\uFFFD')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** The tag of templates of HTML and XML: a text that is put into one is escaped, a piece of markup is not. */
export function markup(template: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return { markup: String.raw({ raw: template }, ...values.map(render)) };
}
