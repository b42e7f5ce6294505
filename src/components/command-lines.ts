import { componentOf, isFlag } from './flags.ts';
import type { Components } from './command.ts';
import { commandOf } from './start.ts';
import { splitWords } from './words.ts';

/** The words of one command, as far as they have been read. */
interface Line {
  readonly words: readonly string[];
  readonly otherwise: string;
}

const HEADING = /^\s*#\s*(\S+)\s*$/;
const VARIABLE = /^([A-Za-z_]\w*)=(.*)$/s;

/** A list of processes shows other columns before the program. */
function fromProgram(words: readonly string[]): readonly string[] | undefined {
  const end = words.findIndex(isFlag);
  const at = words.slice(0, end < 0 ? undefined : end).findIndex((word) => componentOf(word) !== undefined);
  return at < 0 ? undefined : words.slice(at);
}

/** Lines; one goes on behind a backslash, and within the quotes around the value of a variable. */
function linesOf(contents: string): readonly string[] {
  return (
    contents
      .replaceAll(/\\\r?\n/g, ' ')
      .match(/^[A-Za-z_]\w*=(?:'[^']*'|"(?:\\[\s\S]|[^"\\])*")[ \t]*$|^.+$/gm) ?? []
  );
}

/**
 * Command lines: a program with its flags, on one line or with the flags on lines of their own; flags below a comment that
 * names the program, as `k8s-pki show arguments` prints them; words divided by NUL, as in /proc; variables that hold
 * flags, or etcd's own. Where nothing else does, the name of the file says whose they are.
 */
export function parseCommandLines(path: string, contents: string): Components {
  if (contents.includes('\0')) {
    const words = contents.split('\0').filter((word) => word !== '');
    return { commands: [commandOf({ path, words, environment: {}, unread: [] })], unreadable: [] };
  }
  const name = path.replace(/^.*\//s, '');
  const commands: Line[] = [];
  const others: Line[] = [];
  const variables: Record<string, string> = {};
  const append = (words: readonly string[]): void => {
    const last = commands.pop() ?? { words: [], otherwise: name };
    commands.push({ ...last, words: [...last.words, ...words] });
  };
  for (const line of linesOf(contents)) {
    const heading = HEADING.exec(line)?.[1] ?? '';
    const words = line.trimStart().startsWith('#') ? [] : splitWords(line);
    const [first = ''] = words;
    const started = fromProgram(words);
    const [, variable, value = ''] = VARIABLE.exec(words.length === 1 ? first : '') ?? [];
    if (componentOf(heading) !== undefined) commands.push({ words: [], otherwise: heading });
    else if (started !== undefined) commands.push({ words: started, otherwise: name });
    else if (isFlag(first)) append(words);
    else if (variable !== undefined && isFlag(splitWords(value)[0] ?? '')) append(splitWords(value));
    else if (variable !== undefined) variables[variable] = value;
    else if (first !== '') others.push({ words, otherwise: name });
  }
  if (commands.length === 0 && Object.keys(variables).length > 0) append([]);
  const [found = others.slice(0, 1)] = [commands].filter(({ length }) => length > 0);
  return {
    commands: found.map((line) => commandOf({ path, ...line, environment: variables, unread: [] })),
    unreadable: found.length > 0 ? [] : [{ path, message: 'has no arguments in it' }],
  };
}
