/** What variables stand for. */
export type Environment = Readonly<Record<string, string>>;

const WORD = /(?:\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|[^\s'"\\])+/g;
const QUOTED = /\\([\s\S])|'([^']*)'|"((?:\\[\s\S]|[^"\\])*)"/g;
const REFERENCE = /\$(?:\((\w+)\)|\{(\w+)\}|([A-Za-z_]\w*))/g;
const LONE_REFERENCE = /^\$(?:\{(\w+)\}|([A-Za-z_]\w*))$/;

/** Text in words as a shell and systemd divide it: by white space outside of quotes. Expands nothing. */
export function splitWords(text: string): readonly string[] {
  const words = text.replaceAll(/\\\r?\n/g, ' ').match(WORD) ?? [];
  return words.map((word) =>
    word.replaceAll(
      QUOTED,
      (_, escaped: string | undefined, single: string | undefined, double: string | undefined) =>
        escaped ?? single ?? (double ?? '').replaceAll(/\\([\s\S])/g, '$1'),
    ),
  );
}

/** The references to variables in a word: `$A`, `${A}`, and `$(A)` as in a pod. */
export function referencesIn(word: string): readonly string[] {
  return word.match(REFERENCE) ?? [];
}

/** The words with what is known put in; a variable that is a word by itself gives several. What is not known is left. */
export function expandWords(words: readonly string[], environment: Environment): readonly string[] {
  const valueOf = (name: string): string | undefined =>
    Object.hasOwn(environment, name) ? environment[name] : undefined;
  return words.flatMap((word): readonly string[] => {
    const [, braced, bare] = LONE_REFERENCE.exec(word) ?? [];
    const alone = valueOf(braced ?? bare ?? '');
    if (alone !== undefined) return splitWords(alone);
    return [
      word.replaceAll(
        REFERENCE,
        (reference, ...names: (string | undefined)[]) =>
          valueOf(names[0] ?? names[1] ?? names[2] ?? '') ?? reference,
      ),
    ];
  });
}
