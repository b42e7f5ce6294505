import type { Breach, Parsed } from '../cluster/parsed.ts';
import type { Finding } from '../finding.ts';

/** Who needs more has a list to keep, and looking for a mistake takes the square of it. */
const MOST_CHARACTERS = 200;

/** No path of a PKI comes near it; of a longer one the end counts. */
const MOST_MATCHED = 120;

/** What makes a beginning of an expression a whole one, beside closing its groups. */
const ENDINGS = ['', ']', ':', '=', '=a', 'a>', '0}', '1}'];

function isExpression(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

function canBecomeExpression(beginning: string): boolean {
  const most = beginning.split('(').length;
  return ENDINGS.some((ending) =>
    Array.from({ length: most }, (_, groups) => `${beginning}${ending}${')'.repeat(groups)}`).some(
      isExpression,
    ),
  );
}

/** From which character on, counted from 1, no expression can come of it; behind the last where it only ends too early. */
function breakingPosition(source: string): number {
  const lengths = Array.from({ length: source.length }, (_, index) => index + 1);
  return lengths.find((length) => !canBecomeExpression(source.slice(0, length))) ?? source.length + 1;
}

const TOKEN =
  /\\[^]|\[(?:\\[^]|[^\]\\])*\]|\((?:\?(?:[:=!]|<[=!]|<\w+>))?|\)|\||(?:[*+?]|\{\d+(?:,\d*)?\})\??|[^]/gy;
const REPEATS = /^(?:[*+]|\{(?!0?,?1?\}))/;
const IS_UNBOUNDED = /^(?:[*+]|\{\d+,\})/;
const IS_OPTIONAL = /^(?:\?|\{\d+,\d)/;

const MOST_REPETITIONS = 3;
const MOST_CHOICES = 10;

/**
 * What keeps the search from taking for ever (CWE-1333): a group that can match in several ways and is repeated takes time that
 * grows as a power with every character of the text, repetitions and choices behind each other multiply.
 */
function slownessOf(source: string): Breach | undefined {
  const hint = 'it matches anywhere in the text: leave out what need not be said';
  const open: boolean[] = [false];
  let wasChoice = false;
  let repetitions = 0;
  let choices = 0;
  for (const { 0: token, index } of source.matchAll(TOKEN)) {
    const at = `at character ${index + 1}`;
    if (wasChoice && REPEATS.test(token))
      return { rule: `must not repeat a group that itself repeats or chooses, as ${at}`, hint };
    const closesChoice = token === ')' && open.pop() === true;
    if (token.startsWith('(')) open.push(false);
    if (closesChoice || token === '|' || IS_UNBOUNDED.test(token) || IS_OPTIONAL.test(token))
      open[open.length - 1] = true;
    if (IS_UNBOUNDED.test(token)) repetitions += 1;
    if (closesChoice || IS_OPTIONAL.test(token)) choices += 1;
    if (repetitions > MOST_REPETITIONS)
      return { rule: `must not repeat more than ${MOST_REPETITIONS} times, as ${at}`, hint };
    if (choices > MOST_CHOICES)
      return { rule: `must not choose more than ${MOST_CHOICES} times, as ${at}`, hint };
    wasChoice = closesChoice;
  }
  return undefined;
}

function breachOf(source: string): Breach | undefined {
  if (source === '') return { rule: 'must not be empty', hint: 'leave it out' };
  if (source.length > MOST_CHARACTERS)
    return {
      rule: `must have ${MOST_CHARACTERS} characters at the most`,
      hint: 'match what they have in common',
    };
  if (!isExpression(source)) {
    const position = breakingPosition(source);
    const what = position > source.length ? 'it ends too early' : 'this cannot stand there';
    return {
      rule: `must be a regular expression; at character ${position} ${what}`,
      hint: 'put a backslash before a sign that stands for itself',
    };
  }
  return slownessOf(source);
}

/** Reads an expression for {@link isMatched}, as ECMAScript has them, with regard to case. */
export function parseExpression(source: string): Parsed<RegExp> {
  return breachOf(source) ?? { value: new RegExp(source) };
}

/** The text by which a finding is chosen: its code, its row (`-`: none) and the logical path, with a space between them. */
export function textOfFinding({ code, row = '-', path }: Finding): string {
  return `${code} ${row} ${path.slice(-MOST_MATCHED)}`;
}

/** Whether an expression matches a finding anywhere in its text. */
export function isMatched(expression: RegExp, finding: Finding): boolean {
  return expression.test(textOfFinding(finding));
}
