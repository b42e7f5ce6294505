/** The words that YAML 1.1, which Go's YAML keeps to, reads as something other than strings. */
export const OTHER_WORDS: ReadonlySet<string> = new Set(
  (
    'y Y yes Yes YES n N no No NO on On ON off Off OFF true True TRUE false False FALSE ~ null Null NULL ' +
    '.nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF'
  ).split(' '),
);

/** Those of them that it reads as true. */
export const TRUE_WORDS: ReadonlySet<string> = new Set('y Y yes Yes YES on On ON true True TRUE'.split(' '));

// Without the underscores that YAML 1.1 allows behind the first digit.
const NUMBER = /^[-+]?(?:0x[0-9a-f]+|0b[01]+|0o[0-7]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:e[-+]?[0-9]+)?)$/i;
const SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP =
  /^[0-9]{4}(?:-[0-9]{1,2}){2}(?:(?:[Tt]| +)[0-9]{1,2}(?::[0-9]{1,2}){2}(?:[.,][0-9]*)?(?: *(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)?$/;
// YAML 1.2 7.3.3 and 9.1.2: what a plain scalar must not begin with, hold or end with.
const NOT_PLAIN = /^(?:---|\.\.\.|[ ,[\]{}#&*!|>'"%@`]|[-?](?: |$))|:(?: |$)| #| $/;
// To Go's YAML, though not to YAML 1.2 5.1, these cannot be printed.
const BEYOND_BMP = /[\u{10000}-\u{10ffff}]/gu;

/** Go's YAML ends a line at the first single space behind this column. */
const FOLDED_AFTER = 80;

function isOtherType(text: string): boolean {
  return (
    OTHER_WORDS.has(text) ||
    SEXAGESIMAL.test(text) ||
    TIMESTAMP.test(text) ||
    NUMBER.test(text.replaceAll(/(?<!^)_/g, ''))
  );
}

/** A text as a scalar on one line, and the spaces of it at which the line may end. */
function quote(text: string): readonly [scalar: string, folds: RegExp] {
  if (isOtherType(text) || text.search(BEYOND_BMP) >= 0) {
    const scalar = JSON.stringify(text).replaceAll(
      BEYOND_BMP,
      (character) => `\\U${character.codePointAt(0)?.toString(16).toUpperCase().padStart(8, '0')}`,
    );
    return [scalar, /(?<! ) /];
  }
  const scalar = NOT_PLAIN.test(text) ? `'${text.replaceAll("'", "''")}'` : text;
  return [scalar, /(?<! ) (?! )/];
}

/**
 * Encodes `key: text` for a block mapping byte for byte as Go's YAML does (kubeadm.md 2.1), but for quotes also where only
 * other readers would take the text for a number or a date. `key` stands in its column: `- name`. The text is not empty and
 * has no control characters and no space at either end; what comes back has no newline at its end.
 */
export function encodeField(key: string, text: string): string {
  const [scalar, folds] = quote(text);
  const indent = ' '.repeat(key.search(/[^ -]/) + 2);
  const [first = '', ...parts] = scalar.split(folds);
  const lines: string[] = [];
  let line = `${key}: ${first}`;
  for (const part of parts) {
    if (line.length <= FOLDED_AFTER) {
      line += ` ${part}`;
    } else {
      lines.push(line);
      // YAML 1.2 7.3.1: further spaces would be taken for indentation.
      line = indent + (part.startsWith(' ') ? `\\${part}` : part);
    }
  }
  return [...lines, line].join('\n');
}
